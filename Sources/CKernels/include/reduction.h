// Sums over ranks.
#pragma once
#include <stddef.h>
#include <stdint.h>

// The sum of ranks pieces of count numbers each that lie one after another, added in that order for every entry.
void sum_pieces(size_t ranks, size_t count, const float *pieces, float *sum);

// The same of bfloat16, summed in single precision.
void sum_bfloat_pieces(size_t ranks, size_t count, const uint16_t *pieces, float *sum);

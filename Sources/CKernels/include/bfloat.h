// bfloat16, the upper half of a single-precision number: its sign and exponent, and 7 bits of its fraction.
#pragma once
#include <stddef.h>
#include <stdint.h>

// y = x, rounded to the nearest and to even between two, numbers below the smallest normal one too. What would round
// beyond the largest number becomes infinite, and what is no number stays none.
void round_to_bfloat(size_t count, const float *x, uint16_t *y);

// y = x, exactly.
void widen_bfloat(size_t count, const uint16_t *x, float *y);

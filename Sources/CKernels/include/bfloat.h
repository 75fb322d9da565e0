// bfloat16, the upper half of a single-precision number: its sign and exponent, and 7 bits of its fraction.
#pragma once
#include <stddef.h>
#include <stdint.h>

// y = x, rounded to the nearest and to even between two, numbers below the smallest normal one too. What would round
// beyond the largest number becomes infinite, and what is no number stays none.
void round_to_bfloat(size_t count, const float *x, uint16_t *y);

// y = x, exactly.
void widen_bfloat(size_t count, const uint16_t *x, float *y);

// y[c, t] = x[t, c] rounded, for T rows and `columns` columns of x. Rows of y have `width` entries, a multiple of 32
// and at least T; those beyond T are set to 0, which adds nothing to a product that sums over tokens.
void transpose_to_bfloat(size_t T, size_t columns, const float *x, size_t stride, size_t width, uint16_t *y);

#include "bfloat.h"

#include "mathematics.h"
#include "transpose.h"

CLONED void round_to_bfloat(size_t count, const float *restrict x, uint16_t *restrict y) {
    for (size_t i = 0; i < count; i++) y[i] = (uint16_t)rounded_bfloat(x[i]);
}

CLONED void widen_bfloat(size_t count, const uint16_t *restrict x, float *restrict y) {
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = (uint32_t)x[i] << 16;
        memcpy(y + i, &bits, sizeof bits);
    }
}

enum { PAIRED = 2 * SIDE };

// One block of at most 32 rows and 16 columns. Two rows of numbers make one of words, which are then transposed.
INLINED void transpose_block(size_t rows, size_t columns, const float *x, size_t stride, size_t width, uint16_t *y) {
    uint32_t pairs[SIDE][SIDE];
    for (size_t p = 0; p < SIDE; p++)
        for (size_t c = 0; c < SIDE; c++) {
            uint32_t first = 0, second = 0;
            if (c < columns && 2 * p < rows) first = rounded_bfloat(x[2 * p * stride + c]);
            if (c < columns && 2 * p + 1 < rows) second = rounded_bfloat(x[(2 * p + 1) * stride + c]);
            pairs[p][c] = first | second << 16;
        }
    line m[SIDE];
    memcpy(m, pairs, sizeof m);
    transpose_lines(m);
    for (size_t c = 0; c < columns; c++) memcpy(y + c * width, &m[c], sizeof m[c]);
}

CLONED void transpose_to_bfloat(size_t T, size_t columns, const float *x, size_t stride, size_t width, uint16_t *y) {
    for (size_t t = 0; t < width; t += PAIRED)
        for (size_t c = 0; c < columns; c += SIDE) {
            size_t rows = t >= T ? 0 : T - t < PAIRED ? T - t : PAIRED;
            size_t count = columns - c < SIDE ? columns - c : SIDE;
            const float *corner = x + t * stride + c;
            if (rows == PAIRED && count == SIDE)
                transpose_block(PAIRED, SIDE, corner, stride, width, y + c * width + t);
            else
                transpose_block(rows, count, corner, stride, width, y + c * width + t);
        }
}

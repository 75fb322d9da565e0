#include "bfloat.h"

#include "mathematics.h"

CLONED void round_to_bfloat(size_t count, const float *restrict x, uint16_t *restrict y) {
    for (size_t i = 0; i < count; i++) y[i] = (uint16_t)rounded_bfloat(x[i]);
}

CLONED void widen_bfloat(size_t count, const uint16_t *restrict x, float *restrict y) {
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = (uint32_t)x[i] << 16;
        memcpy(y + i, &bits, sizeof bits);
    }
}

enum { SIDE = 16, PAIRED = 2 * SIDE };

typedef uint32_t line __attribute__((vector_size(SIDE * sizeof(uint32_t))));

// Exchanges the off-diagonal halves of all blocks of 2 step rows and columns.
#define EXCHANGE(step, upper, lower)                                                                                   \
    for (size_t i = 0; i < SIDE; i++) {                                                                                \
        if (i & step) continue;                                                                                        \
        line a = m[i], b = m[i + step];                                                                                \
        m[i] = __builtin_shufflevector(a, b, upper);                                                                   \
        m[i + step] = __builtin_shufflevector(a, b, lower);                                                            \
    }
#define COLUMNS(...) __VA_ARGS__

// m[i][j] = m[j][i], half by half.
INLINED void transpose_lines(line m[SIDE]) {
    EXCHANGE(8, COLUMNS(0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23),
             COLUMNS(8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31))
    EXCHANGE(4, COLUMNS(0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27),
             COLUMNS(4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31))
    EXCHANGE(2, COLUMNS(0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29),
             COLUMNS(2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31))
    EXCHANGE(1, COLUMNS(0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30),
             COLUMNS(1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31))
}

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

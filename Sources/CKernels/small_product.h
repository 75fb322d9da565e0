// Products of matrices so small that packing them would cost more than it saves.
#pragma once
#include <stddef.h>

#include "clones.h"

// An operand whose entry (i, j) is start[i * row + j * column].
typedef struct {
    const float *start;
    size_t row, column;
} strided;

// c[R, W] = scale a[R, depth] b[depth, W], summed in registers.
INLINED void product_tile(size_t R, size_t W, size_t depth, strided a, const float *b, size_t b_row, float scale,
                          float *c, size_t c_row) {
    float sums[4][32];
    for (size_t r = 0; r < R; r++)
        for (size_t w = 0; w < W; w++) sums[r][w] = 0.0f;
    for (size_t k = 0; k < depth; k++)
        for (size_t r = 0; r < R; r++) {
            float factor = a.start[r * a.row + k * a.column];
            for (size_t w = 0; w < W; w++) sums[r][w] += factor * b[k * b_row + w];
        }
    for (size_t r = 0; r < R; r++)
        for (size_t w = 0; w < W; w++) c[r * c_row + w] = scale * sums[r][w];
}

INLINED void product_rows(size_t R, size_t columns, size_t depth, strided a, const float *b, size_t b_row, float scale,
                          float *c, size_t c_row) {
    size_t j = 0;
    for (; j + 32 <= columns; j += 32) product_tile(R, 32, depth, a, b + j, b_row, scale, c + j, c_row);
    for (; j + 16 <= columns; j += 16) product_tile(R, 16, depth, a, b + j, b_row, scale, c + j, c_row);
    for (; j < columns; j++) product_tile(R, 1, depth, a, b + j, b_row, scale, c + j, c_row);
}

// c[rows, columns] = scale a[rows, depth] b[depth, columns]; the rows of b and c are contiguous.
INLINED void small_product(size_t rows, size_t columns, size_t depth, strided a, const float *b, size_t b_row,
                           float scale, float *c, size_t c_row) {
    size_t i = 0;
    for (; i + 4 <= rows; i += 4) {
        strided block = {a.start + i * a.row, a.row, a.column};
        product_rows(4, columns, depth, block, b, b_row, scale, c + i * c_row, c_row);
    }
    for (; i < rows; i++) {
        strided block = {a.start + i * a.row, a.row, a.column};
        product_rows(1, columns, depth, block, b, b_row, scale, c + i * c_row, c_row);
    }
}

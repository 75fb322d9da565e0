// Products of matrices so small that packing them would cost more than it saves.
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "clones.h"

enum { LANES = 16 };

// Sixteen numbers at any address; narrower instruction sets work on it in parts.
typedef float lanes __attribute__((vector_size(LANES * sizeof(float)), aligned(sizeof(float)), may_alias));

// An operand whose entry (i, j) is start[i * row + j * column].
typedef struct {
    const float *start;
    size_t row, column;
} strided;

// c[R, 16 V] = scale a[R, depth] b[depth, 16 V], or added to c. R, V and `adds` are constants where this is inlined, so
// that all sums stay in registers: R V at least 8 of them hide the latency of a multiply-add.
INLINED void product_tile(const size_t R, const size_t V, const bool adds, size_t depth, strided a, const float *b,
                          size_t b_row, float scale, float *c, size_t c_row) {
    lanes sums[8][2];
#pragma clang loop unroll(full)
    for (size_t r = 0; r < R; r++)
#pragma clang loop unroll(full)
        for (size_t v = 0; v < V; v++) sums[r][v] = (lanes){0};
    for (size_t k = 0; k < depth; k++) {
        const float *factors = a.start + k * a.column, *row = b + k * b_row;
#pragma clang loop unroll(full)
        for (size_t r = 0; r < R; r++)
#pragma clang loop unroll(full)
            for (size_t v = 0; v < V; v++) sums[r][v] += factors[r * a.row] * *(const lanes *)(row + v * LANES);
    }
#pragma clang loop unroll(full)
    for (size_t r = 0; r < R; r++)
#pragma clang loop unroll(full)
        for (size_t v = 0; v < V; v++) {
            lanes *place = (lanes *)(c + r * c_row + v * LANES);
            *place = adds ? *place + scale * sums[r][v] : scale * sums[r][v];
        }
}

// The columns that fill no vector.
INLINED void product_column(size_t rows, const bool adds, size_t depth, strided a, const float *b, size_t b_row,
                            float scale, float *c, size_t c_row) {
    for (size_t r = 0; r < rows; r++) {
        float sum = 0.0f;
        for (size_t k = 0; k < depth; k++) sum += a.start[r * a.row + k * a.column] * b[k * b_row];
        c[r * c_row] = adds ? c[r * c_row] + scale * sum : scale * sum;
    }
}

INLINED void product_rows(const size_t R, const bool adds, size_t columns, size_t depth, strided a, const float *b,
                          size_t b_row, float scale, float *c, size_t c_row) {
    size_t j = 0;
    for (; j + 2 * LANES <= columns; j += 2 * LANES)
        product_tile(R, 2, adds, depth, a, b + j, b_row, scale, c + j, c_row);
    for (; j + LANES <= columns; j += LANES) product_tile(R, 1, adds, depth, a, b + j, b_row, scale, c + j, c_row);
    for (; j < columns; j++) product_column(R, adds, depth, a, b + j, b_row, scale, c + j, c_row);
}

INLINED void product_blocks(const bool adds, size_t rows, size_t columns, size_t depth, strided a, const float *b,
                            size_t b_row, float scale, float *c, size_t c_row) {
    size_t i = 0;
    for (; i + 8 <= rows; i += 8, a.start += 8 * a.row)
        product_rows(8, adds, columns, depth, a, b, b_row, scale, c + i * c_row, c_row);
    for (; i + 4 <= rows; i += 4, a.start += 4 * a.row)
        product_rows(4, adds, columns, depth, a, b, b_row, scale, c + i * c_row, c_row);
    for (; i < rows; i++, a.start += a.row)
        product_rows(1, adds, columns, depth, a, b, b_row, scale, c + i * c_row, c_row);
}

// c[rows, columns] = scale a[rows, depth] b[depth, columns]; the rows of b and c are contiguous.
INLINED void small_product(size_t rows, size_t columns, size_t depth, strided a, const float *b, size_t b_row,
                           float scale, float *c, size_t c_row) {
    product_blocks(false, rows, columns, depth, a, b, b_row, scale, c, c_row);
}

// The same, added to c.
INLINED void add_small_product(size_t rows, size_t columns, size_t depth, strided a, const float *b, size_t b_row,
                               float scale, float *c, size_t c_row) {
    product_blocks(true, rows, columns, depth, a, b, b_row, scale, c, c_row);
}

// Products of small matrices of bfloat16. Operands are words of two numbers that are multiplied and summed together, the
// earlier one in the lower half.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// An operand whose word (i, k), with the numbers (i, 2 k) and (i, 2 k + 1), is start[i * row + k * step].
typedef struct {
    const uint32_t *start;
    size_t row, step;
} paired_rows;

// c[rows, columns] = scale a b, or added to c, where a has the words [rows, depth] and b [depth, b_row] those of the
// numbers (2 k, j) and (2 k + 1, j), b_row being columns rounded up to whole vectors.
void small_bfloat_product(size_t rows, size_t columns, size_t depth, paired_rows a, const uint32_t *b, size_t b_row,
                          float scale, bool adds, float *c, size_t c_row);

// The same bits without the processor's instruction for it.
void small_bfloat_product_plainly(size_t rows, size_t columns, size_t depth, paired_rows a, const uint32_t *b,
                                  size_t b_row, float scale, bool adds, float *c, size_t c_row);

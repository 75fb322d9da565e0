// Matrix products whose right operand was laid out beforehand in the order in which it is multiplied.
//
//   packed   panels of 64 columns, each [depth, 64] in single precision, or [depth / 2, 64, 2] in bfloat16, where two
//            numbers that follow each other down a column lie side by side; 0 beyond the columns and the rows
//
// Every number of a result is the sum of its products in the order of the right operand's rows, begun at 0, to which at
// last the start is added. It does not depend on the rows and columns computed with it, and so not on how they are shared
// out. With bfloat16 the second of two rows comes first, as in the processor's instruction (VDPBF16PS); the products are
// exact, so that a processor without it computes the same bits, but for numbers below the smallest normal one.
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { PANEL_COLUMNS = 64 };

// Rows of a panel for a matrix of so many rows: a multiple of 32.
size_t packed_depth(size_t rows);
size_t packed_panels(size_t columns);

// Fill the panels begin..<end with a matrix [rows, columns] that is stored with this stride, or whose transpose is.
void pack_panels(size_t begin, size_t end, size_t rows, size_t columns, const float *x, size_t stride,
                 int is_transposed, float *packed);
// The same, rounded to bfloat16.
void pack_rounded_panels(size_t begin, size_t end, size_t rows, size_t columns, const float *x, size_t stride,
                         int is_transposed, uint16_t *packed);
// The same of bfloat16.
void pack_bfloat_panels(size_t begin, size_t end, size_t rows, size_t columns, const uint16_t *x, size_t stride,
                        uint16_t *packed);

// c[i, :] = start + a[i, :] right, for rows begin..<end of a [., inner] and c [., columns].
typedef struct {
    size_t inner, columns;
    // The distance from a row of a to the next, and along a row from one number to the next, or from one pair of bfloat16
    // to the next: 1 or 2 in rows that are stored as such, a stride and 1 the other way round in a transpose.
    size_t a_stride, a_step;
    // Where a's transpose was packed (a_stride 2, a_step 128): the numbers of a panel. Else 0.
    size_t a_panel;
    size_t c_stride;
    // What the sums are added to: a bias or, where that is NULL, c itself (`adds`) or 0.
    const float *bias;
    int adds;
} packed_product;

void multiply_packed(size_t begin, size_t end, const packed_product *product, const float *a, const float *packed,
                     float *c);
void multiply_packed_bfloat(size_t begin, size_t end, const packed_product *product, const uint16_t *a,
                            const uint16_t *packed, float *c);

// The same without the processor's instruction for it: for tests.
void multiply_packed_bfloat_plainly(size_t begin, size_t end, const packed_product *product, const uint16_t *a,
                                    const uint16_t *packed, float *c);

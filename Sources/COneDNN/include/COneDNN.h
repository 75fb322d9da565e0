// The calls to oneDNN that Numerics makes, as functions of plain C types: matrix products whose right operand is
// packed, laid out beforehand as the processor multiplies it. Versions 2.x and 3.x of the library have one face here.
//
// A call computes on the calling thread alone. Whoever has more threads cuts a product into blocks of rows that do not
// depend on their number, each with a product of its own shape; then no bit depends on it either.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// What calls return: 0 for success, else the library's code, in words by conednn_message.
const char *conednn_message(int code);

// The library that was loaded.
typedef struct {
    int major, minor, patch;
} conednn_version;
conednn_version conednn_library_version(void);

// What this processor multiplies bfloat16 with, as far as the library knows it. Without such a unit the library refuses
// these products or takes longer for them than for fp32.
typedef enum { CONEDNN_WITHOUT, CONEDNN_AVX512, CONEDNN_AMX } conednn_bf16_unit;
conednn_bf16_unit conednn_bf16(void);

typedef enum { CONEDNN_FP32, CONEDNN_BF16 } conednn_type;

// The way of matrices of one shape into the layout of a right operand [inner, columns]. They are row-major, with
// `stride` entries from row to row, and stored as [columns, inner] where they are transposed. fp32 becomes bf16 by
// rounding to the nearest, to even between two.
typedef struct {
    conednn_type from, to;
    size_t inner, columns, stride;
    bool is_transposed;
} conednn_packing_shape;

typedef struct conednn_packing conednn_packing;

// The caller frees it.
int conednn_packing_create(const conednn_packing_shape *shape, conednn_packing **packing);
void conednn_packing_free(conednn_packing *packing);

// What the packed matrix takes, aligned to 64 bytes.
size_t conednn_packing_bytes(const conednn_packing *packing);

int conednn_pack(conednn_packing *packing, const void *values, void *packed);

// What a product begins with: 0, what the result holds, or a bias for each column.
typedef enum { CONEDNN_ZERO, CONEDNN_CURRENT, CONEDNN_BIAS } conednn_start;

// result [rows, columns] = start + left [rows, inner] right [inner, columns]. Left and result are row-major without
// gaps: for others version 2.6 has nothing but its slow reference. Sums and bias are fp32.
typedef struct {
    conednn_type type; // of left and right
    conednn_type result;
    size_t rows, inner, columns;
    conednn_start start;
} conednn_product_shape;

typedef struct conednn_product conednn_product;

// Generates its code; the caller frees it.
int conednn_product_create(const conednn_product_shape *shape, conednn_product **product);
void conednn_product_free(conednn_product *product);

// The library's name of the kernel it chose; lives as long as the product.
const char *conednn_product_kernel(const conednn_product *product);

// `bias` is read where the product starts with one.
int conednn_multiply(conednn_product *product, const void *left, const void *right, const float *bias, void *result);

// Several threads may pack and multiply at once, also with the same packing or product; memory is allocated only where
// more of them do than ever before.

#ifdef __cplusplus
}
#endif

// The calls to oneDNN that Numerics makes, as functions of plain C types: products of bfloat16 matrices, for processors
// with a unit (AMX) that our own kernels do not use. Versions 2.x and 3.x of the library have one face here.
//
// A call computes on the calling thread alone. Whoever has more threads cuts a product into blocks of rows that do not
// depend on their number; then no bit depends on it either.
#pragma once

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

// What this processor multiplies bfloat16 with, as far as the library knows it.
typedef enum { CONEDNN_WITHOUT, CONEDNN_AVX512, CONEDNN_AMX } conednn_bfloat_unit;
conednn_bfloat_unit conednn_bfloat(void);

// What a product begins with: 0, what the result holds, or a bias for each column.
typedef enum { CONEDNN_ZERO, CONEDNN_CURRENT, CONEDNN_BIAS } conednn_start;

// result [rows, columns] = start + left [rows, inner] right [inner, columns], in single precision but for left and right,
// which are bfloat16. Left and result are row-major without gaps: for others version 2.6 has nothing but its slow
// reference. Right is packed as CKernels' packed_product.h has it, and aligned to 64 bytes.
typedef struct {
    size_t rows, inner, columns;
    conednn_start start;
} conednn_shape;

typedef struct conednn_product conednn_product;

// Generates the code for a shape; the caller frees it.
int conednn_product_create(const conednn_shape *shape, conednn_product **product);
void conednn_product_free(conednn_product *product);

// The library's name of the kernel it chose; lives as long as the product.
const char *conednn_product_kernel(const conednn_product *product);

// `bias` is read where the product starts with one. Several threads may multiply at once, also with the same product;
// memory is allocated only where more of them do than ever before.
int conednn_multiply(conednn_product *product, const void *left, const void *right, const float *bias, float *result);

#ifdef __cplusplus
}
#endif

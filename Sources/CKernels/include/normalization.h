// LayerNorm (Ba, Kiros, Hinton 2016) over rows, with what stands before it in BERT: dropout and the residual addition.
#pragma once
#include <stddef.h>
#include <stdint.h>

// Dropout at one place of the network: a number is kept, and multiplied by `scale`, where its random bits are at least
// `threshold`. The bits are a function of the place, the example a row belongs to, and the row's place in the example.
typedef struct {
    uint64_t seed;
    uint32_t step, purpose;
    uint32_t threshold;      // p 2^32; 0: nothing is dropped
    float scale;             // 1 / (1 - p)
    const uint32_t *example; // [T]
    const uint32_t *place;   // [T], the token's place in its example
} dropout_site;

// x[t, :] is dropped out in place, for rows begin..<end.
void dropout_rows(size_t begin, size_t end, size_t H, const dropout_site *site, float *x);

// For rows begin..<end: z = dropout(x) + residual, normalized = (z - mean) / deviation, y = w normalized + b.
// `residual` may be NULL. `inverse_deviation` is [T]; it and `normalized` are what the backward pass needs.
void norm_forward(size_t begin, size_t end, size_t H, const float *x, const float *residual, const dropout_site *site,
                  const float *w, const float *b, float epsilon, float *y, float *normalized,
                  float *inverse_deviation);

// For rows begin..<end: overwrites dy with dz, the residual's gradient, and sets dx = dropout'(dz) unless dx is NULL.
void norm_backward(size_t begin, size_t end, size_t H, float *dy, const float *w, const float *normalized,
                   const float *inverse_deviation, const dropout_site *site, float *dx);

// dw[c] += sum over T rows of dy normalized, for `columns` columns of matrices with stride H. (db: add_column_sums.)
void norm_add_weight_gradient(size_t T, size_t columns, size_t H, const float *dy, const float *normalized, float *dw);

#include "activations.h"

#include <math.h>

#include "mathematics.h"

INLINED float normal_distribution(float x) { return 0.5f + 0.5f * error_function(x * 0.70710678f); }
INLINED float normal_density(float x) { return 0.39894228f * exponential(-0.5f * x * x); }

CLONED void gelu_forward(size_t count, float *restrict x, float *restrict y) {
    for (size_t i = 0; i < count; i++) {
        float z = x[i], phi = normal_distribution(z);
        y[i] = z * phi;
        x[i] = phi + z * normal_density(z);
    }
}

CLONED void gelu_values(size_t count, const float *restrict x, float *restrict y) {
    for (size_t i = 0; i < count; i++) y[i] = x[i] * normal_distribution(x[i]);
}

CLONED void gelu_forward_rounded(size_t count, float *restrict x, uint16_t *restrict y) {
    for (size_t i = 0; i < count; i++) {
        float z = x[i], phi = normal_distribution(z);
        y[i] = (uint16_t)rounded_bfloat(z * phi);
        x[i] = phi + z * normal_density(z);
    }
}

CLONED void gelu_values_rounded(size_t count, const float *restrict x, uint16_t *restrict y) {
    for (size_t i = 0; i < count; i++) y[i] = (uint16_t)rounded_bfloat(x[i] * normal_distribution(x[i]));
}

void tanh_forward(size_t count, const float *x, float *y) {
    for (size_t i = 0; i < count; i++) y[i] = tanhf(x[i]);
}

CLONED void tanh_backward(size_t count, const float *y, const float *dy, float *dx) {
    for (size_t i = 0; i < count; i++) dx[i] = dy[i] * (1.0f - y[i] * y[i]);
}

CLONED void relu_forward(size_t count, const float *x, float *y) {
    for (size_t i = 0; i < count; i++) y[i] = x[i] > 0.0f ? x[i] : 0.0f;
}

CLONED void relu_backward(size_t count, const float *y, const float *dy, float *dx) {
    for (size_t i = 0; i < count; i++) dx[i] = y[i] > 0.0f ? dy[i] : 0.0f;
}

CLONED void multiply_by(size_t count, const float *restrict x, float *restrict y) {
    for (size_t i = 0; i < count; i++) y[i] *= x[i];
}

CLONED void add_to(size_t count, const float *restrict x, float *restrict y) {
    for (size_t i = 0; i < count; i++) y[i] += x[i];
}

// Rows are summed in blocks, and the blocks' sums are summed: rounding grows with the root of the number of rows.
enum { BLOCK_ROWS = 64, BLOCK_COLUMNS = 64 };

INLINED void add_sums_of_block(size_t rows, size_t columns, const float *x, size_t stride, float *sums) {
    float block[BLOCK_COLUMNS] = {0};
    for (size_t t = 0; t < rows; t++)
        for (size_t c = 0; c < columns; c++) block[c] += x[t * stride + c];
    for (size_t c = 0; c < columns; c++) sums[c] += block[c];
}

CLONED void add_column_sums(size_t T, size_t columns, const float *x, size_t stride, float *sums) {
    for (size_t c = 0; c < columns; c += BLOCK_COLUMNS) {
        size_t width = columns - c < BLOCK_COLUMNS ? columns - c : BLOCK_COLUMNS;
        for (size_t t = 0; t < T; t += BLOCK_ROWS) {
            size_t rows = T - t < BLOCK_ROWS ? T - t : BLOCK_ROWS;
            const float *corner = x + t * stride + c;
            if (width == BLOCK_COLUMNS)
                add_sums_of_block(rows, BLOCK_COLUMNS, corner, stride, sums + c);
            else
                add_sums_of_block(rows, width, corner, stride, sums + c);
        }
    }
}

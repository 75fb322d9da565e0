#pragma once
#include <stddef.h>
#include <stdint.h>

// y = x Phi(x), with Phi the distribution function of the normal distribution: the exact ("erf") GELU (Hendrycks and
// Gimpel 2016). x is overwritten by dy/dx = Phi(x) + x phi(x), which is all its backward needs.
void gelu_forward(size_t count, float *x, float *y);
// The same, and x stays.
void gelu_values(size_t count, const float *x, float *y);
// Both with y rounded to bfloat16.
void gelu_forward_rounded(size_t count, float *x, uint16_t *y);
void gelu_values_rounded(size_t count, const float *x, uint16_t *y);

void tanh_forward(size_t count, const float *x, float *y);
// dx = dy (1 - y^2); dx may be dy.
void tanh_backward(size_t count, const float *y, const float *dy, float *dx);

void relu_forward(size_t count, const float *x, float *y);
// dx = dy where y > 0, else 0; dx may be dy.
void relu_backward(size_t count, const float *y, const float *dy, float *dx);

// y = x y
void multiply_by(size_t count, const float *x, float *y);
// y += x
void add_to(size_t count, const float *x, float *y);

// sums[c] += sum over the T rows of x[t, c], for `columns` columns of a matrix with this stride.
void add_column_sums(size_t T, size_t columns, const float *x, size_t stride, float *sums);

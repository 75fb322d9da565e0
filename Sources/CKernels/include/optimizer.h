#pragma once
#include <stddef.h>

// One step of AdamW (Loshchilov and Hutter 2019) as torch.optim.AdamW takes it:
//   p *= keep                                     keep = 1 - rate * decay
//   m += (1 - beta1) (g - m)
//   v  = beta2 v + (1 - beta2) g^2
//   p -= step m / (sqrt(v) inverse_root + epsilon)   step = rate / (1 - beta1^t), inverse_root = 1 / sqrt(1 - beta2^t)
// with g = gradient_scale * gradient + l2 * p; Adam (Kingma and Ba 2015) decays by l2, AdamW by keep.
typedef struct {
    float keep, one_minus_beta1, beta2, one_minus_beta2, step, inverse_root, epsilon, gradient_scale, l2;
} adamw_step;

// Takes the step for `count` entries and sets their gradients to 0.
void adamw_update(size_t count, const adamw_step *step, float *p, float *gradient, float *m, float *v);

// x *= factor
void scale_by(size_t count, float factor, float *x);

// The sum of squares, in double precision.
double sum_of_squares(size_t count, const float *x);

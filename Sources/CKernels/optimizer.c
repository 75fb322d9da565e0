#include "optimizer.h"

#include <math.h>

#include "clones.h"

CLONED void adamw_update(size_t count, const adamw_step *step, float *restrict p, float *restrict gradient,
                         float *restrict m, float *restrict v) {
    const adamw_step s = *step;
    for (size_t i = 0; i < count; i++) {
        float g = gradient[i] * s.gradient_scale + s.l2 * p[i];
        float first = m[i] + s.one_minus_beta1 * (g - m[i]);
        float second = s.beta2 * v[i] + s.one_minus_beta2 * g * g;
        p[i] = p[i] * s.keep - s.step * first / (sqrtf(second) * s.inverse_root + s.epsilon);
        m[i] = first;
        v[i] = second;
        gradient[i] = 0.0f;
    }
}

CLONED void scale_by(size_t count, float factor, float *x) {
    for (size_t i = 0; i < count; i++) x[i] *= factor;
}

CLONED double sum_of_squares(size_t count, const float *x) {
#pragma clang fp reassociate(on)
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) sum += (double)x[i] * (double)x[i];
    return sum;
}

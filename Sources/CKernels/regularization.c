#include "regularization.h"

#include "clones.h"

CLONED void mixout_blend(size_t count, const uint32_t *restrict bits, uint32_t threshold, float p, float scale,
                         const float *restrict w0, const float *restrict w, float *restrict mixed) {
    for (size_t i = 0; i < count; i++) mixed[i] = ((bits[i] < threshold ? w0[i] : w[i]) - p * w0[i]) * scale;
}

CLONED void drop_gradient(size_t count, const uint32_t *restrict bits, uint32_t threshold, float scale,
                          float *restrict g) {
    for (size_t i = 0; i < count; i++) g[i] = bits[i] < threshold ? 0.0f : g[i] * scale;
}

CLONED void add_l1_gradient(size_t count, float c, const float *restrict w, const float *restrict w0,
                            float *restrict g) {
    for (size_t i = 0; i < count; i++) {
        float distance = w[i] - w0[i];
        g[i] += distance > 0.0f ? c : distance < 0.0f ? -c : 0.0f;
    }
}

CLONED void add_l2_gradient(size_t count, float c, const float *restrict w, const float *restrict w0,
                            float *restrict g) {
    for (size_t i = 0; i < count; i++) g[i] += 2.0f * c * (w[i] - w0[i]);
}

CLONED void recadam_step(size_t count, float share, float pull, float keep, const float *restrict before,
                         const float *restrict w0, float *restrict w) {
    for (size_t i = 0; i < count; i++) {
        float stepped = before[i] + share * (w[i] - keep * before[i]);
        w[i] = keep * (stepped - pull * (stepped - w0[i]));
    }
}

CLONED void add_squares(size_t count, float weight, const float *restrict g, float *restrict sum) {
    for (size_t i = 0; i < count; i++) sum[i] += weight * g[i] * g[i];
}

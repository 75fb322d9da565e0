#include "bfloat.h"

#include "mathematics.h"

CLONED void round_to_bfloat(size_t count, const float *restrict x, uint16_t *restrict y) {
    for (size_t i = 0; i < count; i++) y[i] = (uint16_t)rounded_bfloat(x[i]);
}

CLONED void widen_bfloat(size_t count, const uint16_t *restrict x, float *restrict y) {
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = (uint32_t)x[i] << 16;
        memcpy(y + i, &bits, sizeof bits);
    }
}

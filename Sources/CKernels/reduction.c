#include "reduction.h"

#include <string.h>

#include "bfloat.h"
#include "clones.h"

CLONED void sum_pieces(size_t ranks, size_t count, const float *restrict pieces, float *restrict sum) {
    memcpy(sum, pieces, count * sizeof *sum);
    for (size_t rank = 1; rank < ranks; rank++) {
        const float *piece = pieces + rank * count;
        for (size_t i = 0; i < count; i++) sum[i] += piece[i];
    }
}

CLONED void sum_bfloat_pieces(size_t ranks, size_t count, const uint16_t *restrict pieces, float *restrict sum) {
    widen_bfloat(count, pieces, sum);
    for (size_t rank = 1; rank < ranks; rank++) {
        const uint16_t *piece = pieces + rank * count;
        for (size_t i = 0; i < count; i++) {
            uint32_t bits = (uint32_t)piece[i] << 16;
            float value;
            memcpy(&value, &bits, sizeof value);
            sum[i] += value;
        }
    }
}

#include "readout.h"

#include <math.h>

#include "clones.h"

CLONED void mean_of_rows(size_t begin, size_t end, size_t H, const float *restrict x, float *restrict y) {
    for (size_t c = 0; c < H; c++) y[c] = x[begin * H + c];
    for (size_t t = begin + 1; t < end; t++)
        for (size_t c = 0; c < H; c++) y[c] += x[t * H + c];
    float share = 1.0f / (float)(end - begin);
    for (size_t c = 0; c < H; c++) y[c] *= share;
}

CLONED void mean_of_rows_backward(size_t begin, size_t end, size_t H, const float *restrict dy, float *restrict dx) {
    float share = 1.0f / (float)(end - begin);
    for (size_t t = begin; t < end; t++)
        for (size_t c = 0; c < H; c++) dx[t * H + c] += share * dy[c];
}

CLONED void compare_vectors(size_t H, const float *restrict a, const float *restrict b, float *restrict y) {
    for (size_t c = 0; c < H; c++) {
        y[c] = fabsf(a[c] - b[c]);
        y[H + c] = a[c] * b[c];
    }
}

CLONED void compare_vectors_backward(size_t H, const float *restrict a, const float *restrict b,
                                     const float *restrict dy, float *restrict da, float *restrict db) {
    for (size_t c = 0; c < H; c++) {
        float sign = a[c] > b[c] ? 1.0f : a[c] < b[c] ? -1.0f : 0.0f;
        da[c] += sign * dy[c] + b[c] * dy[H + c];
        db[c] += a[c] * dy[H + c] - sign * dy[c];
    }
}

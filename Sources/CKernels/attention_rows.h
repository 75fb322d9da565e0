// What attention does to rows of scores, and how it goes through a sequence.
#pragma once
#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "attention.h"
#include "mathematics.h"
#include "philox.h"
#include "small_product.h"

INLINED size_t rounded_up(size_t n) { return (n + LANES - 1) / LANES * LANES; }

// Over whole vectors; what is beyond n becomes 0.
INLINED void softmax_row(size_t n, size_t row, float *scores) {
#pragma clang fp reassociate(on)
    for (size_t j = n; j < row; j++) scores[j] = -INFINITY;
    float highest[LANES], sums[LANES] = {0};
    for (size_t l = 0; l < LANES; l++) highest[l] = -INFINITY;
    for (size_t j = 0; j < row; j += LANES)
        for (size_t l = 0; l < LANES; l++) highest[l] = scores[j + l] > highest[l] ? scores[j + l] : highest[l];
    float maximum = highest[0], sum = 0.0f;
    for (size_t l = 1; l < LANES; l++) maximum = highest[l] > maximum ? highest[l] : maximum;
    for (size_t j = 0; j < row; j += LANES)
        for (size_t l = 0; l < LANES; l++) {
            scores[j + l] = j + l < n ? exponential(scores[j + l] - maximum) : 0.0f;
            sums[l] += scores[j + l];
        }
    for (size_t l = 0; l < LANES; l++) sum += sums[l];
    float inverse = 1.0f / sum;
    for (size_t j = 0; j < row; j++) scores[j] *= inverse;
}

// The random numbers of a head are those of the entries (i, j) at i n + j, counted from its first group.
INLINED void drop_probabilities(size_t queries, size_t n, size_t row, const random_stream *stream, size_t first_group,
                                unsigned threshold, float keep_scale, const float *probabilities, float *dropped) {
    uint32_t bits[RANDOM_GROUP];
    size_t used = RANDOM_GROUP;
    for (size_t i = 0; i < queries; i++) {
        for (size_t j = 0; j < n;) {
            if (used == RANDOM_GROUP) {
                random_group(stream, first_group++, bits);
                used = 0;
            }
            size_t count = n - j < RANDOM_GROUP - used ? n - j : RANDOM_GROUP - used;
            const float *from = probabilities + i * row + j;
            float *to = dropped + i * row + j;
            for (size_t e = 0; e < count; e++) to[e] = bits[used + e] >= threshold ? from[e] * keep_scale : 0.0f;
            used += count;
            j += count;
        }
        for (size_t j = n; j < row; j++) dropped[i * row + j] = 0.0f;
    }
}

// With D = dropped and G = ddropped, the gradient of the scores is D G - P rowsum(D G), entry by entry: the mask and its
// scale are in D already. Over G.
INLINED void softmax_row_backward(size_t row, const float *probabilities, const float *dropped, float *gradient) {
#pragma clang fp reassociate(on)
    float sum = 0.0f;
    for (size_t j = 0; j < row; j++) {
        gradient[j] *= dropped[j];
        sum += gradient[j];
    }
    for (size_t j = 0; j < row; j++) gradient[j] -= probabilities[j] * sum;
}

// Queries that go together where probabilities are not kept: the numbers of each such block begin a group.
enum { BLOCK_QUERIES = 64, MOST_KEPT = 128 };

INLINED attention_shape block_of(const attention_shape *shape, size_t first) {
    attention_shape block = *shape;
    size_t left = shape->queries - first;
    block.queries = left < BLOCK_QUERIES ? left : BLOCK_QUERIES;
    return block;
}

// Memory of this thread for what grows with the sequence, until the next call: `count` words, a multiple of LANES. NULL
// where the system refuses it.
float *attention_scratch(size_t count);

// The functions of attention.h, with products of numbers rounded to bfloat16.
bool bfloat_attention_forward(const attention_shape *shape, const float *q, const float *k, const float *v,
                              const random_stream *stream, size_t first_group, unsigned threshold, float keep_scale,
                              float *probabilities, float *dropped, float *context);
bool bfloat_attention_backward(const attention_shape *shape, const float *q, const float *k, const float *v,
                               const float *probabilities, const float *dropped, const float *dcontext, float *dq,
                               float *dk, float *dv);
bool bfloat_attention_forward_blocks(const attention_shape *shape, const float *q, const float *k, const float *v,
                                     const random_stream *stream, size_t first_group, unsigned threshold,
                                     float keep_scale, float *context);
bool bfloat_attention_backward_blocks(const attention_shape *shape, const float *q, const float *k, const float *v,
                                      const random_stream *stream, size_t first_group, unsigned threshold,
                                      float keep_scale, const float *dcontext, float *dq, float *dk, float *dv);

// Scaled dot-product attention (Vaswani et al. 2017, eq. 1) of one head over one sequence. Sequences are short, so the
// products are made here, without packing.
//
//   Q [queries, d] (row stride q_stride), K and V [n, d] (row stride kv_stride), probabilities [queries, row]
//   with row = attention_row(n), the columns beyond n being 0.
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "random.h"

// n rounded up to whole vectors: the distance between rows of probabilities.
size_t attention_row(size_t n);

typedef struct {
    size_t queries, n, d;
    size_t q_stride, kv_stride, context_stride;
    float scale;    // 1 / sqrt(d)
    bool in_bfloat; // products are of numbers rounded to bfloat16, summed in single precision
} attention_shape;

// probabilities = softmax(scale Q K'), dropped = dropout(probabilities), context = dropped V.
// Without dropout (`threshold` 0) `dropped` must be `probabilities`. `stream` and `first_group` say where the random
// numbers of this head's [queries, n] entries begin. False where the system refuses the memory that it takes, as below.
bool attention_forward(const attention_shape *shape, const float *q, const float *k, const float *v,
                       const random_stream *stream, size_t first_group, unsigned threshold, float keep_scale,
                       float *probabilities, float *dropped, float *context);

// Sets dq, dk and dv from dcontext.
bool attention_backward(const attention_shape *shape, const float *q, const float *k, const float *v,
                        const float *probabilities, const float *dropped, const float *dcontext, float *dq, float *dk,
                        float *dv);

// How many probabilities are worth keeping for the backward pass: none of long sequences, whose memory would grow with
// the square of their lengths and whose probabilities are computed again faster than they are read. Those take the two
// functions below.
size_t attention_kept(size_t queries, size_t n);

// The same context, of which nothing else is kept.
bool attention_forward_blocks(const attention_shape *shape, const float *q, const float *k, const float *v,
                              const random_stream *stream, size_t first_group, unsigned threshold, float keep_scale,
                              float *context);

// The same gradients, summed over blocks of queries; the random numbers are those of the forward pass.
bool attention_backward_blocks(const attention_shape *shape, const float *q, const float *k, const float *v,
                               const random_stream *stream, size_t first_group, unsigned threshold, float keep_scale,
                               const float *dcontext, float *dq, float *dk, float *dv);

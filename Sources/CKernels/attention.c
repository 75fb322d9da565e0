#include "attention.h"

#include <pthread.h>
#include <stdlib.h>

#include "attention_rows.h"
#include "transpose.h"

size_t attention_row(size_t n) { return rounded_up(n); }

// transposed[c, j] = x[j, c] for the first `count` of sixteen columns from j on; the others become 0.
INLINED void transpose_square(const size_t count, const float *x, size_t stride, size_t row, float *transposed) {
    line m[SIDE];
    for (size_t i = 0; i < SIDE; i++) {
        m[i] = (line){0};
        if (i < count) memcpy(&m[i], x + i * stride, sizeof m[i]);
    }
    transpose_lines(m);
    for (size_t c = 0; c < SIDE; c++) memcpy(transposed + c * row, &m[c], sizeof m[c]);
}

// transposed[c, j] = x[j, c], the columns beyond n being 0.
INLINED void transpose(size_t n, size_t d, const float *x, size_t stride, size_t row, float *transposed) {
    const size_t whole = d / SIDE * SIDE;
    for (size_t j = 0; j < row; j += SIDE)
        for (size_t c = 0; c < whole; c += SIDE)
            if (j + SIDE <= n)
                transpose_square(SIDE, x + j * stride + c, stride, row, transposed + c * row + j);
            else
                transpose_square(n - j, x + j * stride + c, stride, row, transposed + c * row + j);
    for (size_t c = whole; c < d; c++)
        for (size_t j = 0; j < row; j++) transposed[c * row + j] = j < n ? x[j * stride + c] : 0.0f;
}

// Of the queries that begin at `first`, so many as the shape says; all rows of scores are independent of each other.
INLINED void attend(const attention_shape *shape, size_t first, const float *q, const float *transposed,
                    const random_stream *stream, size_t first_group, unsigned threshold, float keep_scale,
                    float *probabilities, float *dropped) {
    size_t n = shape->n, row = rounded_up(n);
    small_product(shape->queries, row, shape->d, (strided){q, shape->q_stride, 1}, transposed, row, shape->scale,
                  probabilities, row);
    for (size_t i = 0; i < shape->queries; i++) softmax_row(n, row, probabilities + i * row);
    if (threshold != 0)
        drop_probabilities(shape->queries, n, row, stream, first_group + first * n / RANDOM_GROUP, threshold,
                           keep_scale, probabilities, dropped);
}

size_t attention_kept(size_t queries, size_t n) { return n <= MOST_KEPT ? queries * rounded_up(n) : 0; }

// What grows with the sequence is too large for a small stack: each thread keeps memory for it, until it ends.
static pthread_key_t scratch_key;
static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;
static _Thread_local struct {
    float *start;
    size_t count;
} scratch;

static void make_scratch_key(void) { pthread_key_create(&scratch_key, free); }

float *attention_scratch(size_t count) {
    if (count <= scratch.count) return scratch.start;
    pthread_once(&scratch_once, make_scratch_key);
    free(scratch.start);
    scratch.start = aligned_alloc(LANES * sizeof(float), count * sizeof(float));
    scratch.count = scratch.start ? count : 0;
    pthread_setspecific(scratch_key, scratch.start);
    return scratch.start;
}

CLONED static void forward(const attention_shape *shape, const float *q, const float *k, const float *v,
                              const random_stream *stream, size_t first_group, unsigned threshold, float keep_scale,
                              float *probabilities, float *dropped, float *context) {
    size_t n = shape->n, d = shape->d, row = rounded_up(n);
    float transposed[d * row];
    transpose(n, d, k, shape->kv_stride, row, transposed);
    attend(shape, 0, q, transposed, stream, first_group, threshold, keep_scale, probabilities, dropped);
    small_product(shape->queries, d, n, (strided){dropped, row, 1}, v, shape->kv_stride, 1.0f, context,
                  shape->context_stride);
}

CLONED static bool forward_blocks(const attention_shape *shape, const float *q, const float *k, const float *v,
                                     const random_stream *stream, size_t first_group, unsigned threshold,
                                     float keep_scale, float *context) {
    size_t n = shape->n, d = shape->d, row = rounded_up(n);
    float *transposed = attention_scratch((d + BLOCK_QUERIES) * row), *probabilities = transposed + d * row;
    if (!transposed) return false;
    transpose(n, d, k, shape->kv_stride, row, transposed);
    for (size_t first = 0; first < shape->queries; first += BLOCK_QUERIES) {
        attention_shape block = block_of(shape, first);
        attend(&block, first, q + first * shape->q_stride, transposed, stream, first_group, threshold, keep_scale,
               probabilities, probabilities);
        small_product(block.queries, d, n, (strided){probabilities, row, 1}, v, shape->kv_stride, 1.0f,
                      context + first * shape->context_stride, shape->context_stride);
    }
    return true;
}

CLONED static void backward(const attention_shape *shape, const float *q, const float *k, const float *v,
                               const float *probabilities, const float *dropped, const float *dcontext, float *dq,
                               float *dk, float *dv) {
    size_t queries = shape->queries, n = shape->n, d = shape->d, row = rounded_up(n);
    size_t q_stride = shape->q_stride, kv_stride = shape->kv_stride, context_stride = shape->context_stride;
    float transposed[d * row], gradient[queries * row];
    transpose(n, d, v, kv_stride, row, transposed);
    small_product(n, d, queries, (strided){dropped, 1, row}, dcontext, context_stride, 1.0f, dv, kv_stride);
    small_product(queries, row, d, (strided){dcontext, context_stride, 1}, transposed, row, 1.0f, gradient, row);
    for (size_t i = 0; i < queries; i++)
        softmax_row_backward(row, probabilities + i * row, dropped + i * row, gradient + i * row);
    small_product(queries, d, n, (strided){gradient, row, 1}, k, kv_stride, shape->scale, dq, q_stride);
    small_product(n, d, queries, (strided){gradient, 1, row}, q, q_stride, shape->scale, dk, kv_stride);
}

CLONED static bool backward_blocks(const attention_shape *shape, const float *q, const float *k, const float *v,
                                      const random_stream *stream, size_t first_group, unsigned threshold,
                                      float keep_scale, const float *dcontext, float *dq, float *dk, float *dv) {
    size_t n = shape->n, d = shape->d, row = rounded_up(n);
    size_t q_stride = shape->q_stride, kv_stride = shape->kv_stride, context_stride = shape->context_stride;
    float *keys = attention_scratch((2 * d + 3 * BLOCK_QUERIES) * row), *values = keys + d * row;
    if (!keys) return false;
    float *gradient = values + d * row, *probabilities = gradient + BLOCK_QUERIES * row;
    float *dropped = threshold == 0 ? probabilities : probabilities + BLOCK_QUERIES * row;
    transpose(n, d, k, kv_stride, row, keys);
    transpose(n, d, v, kv_stride, row, values);
    for (size_t j = 0; j < n; j++)
        for (size_t c = 0; c < d; c++) dk[j * kv_stride + c] = dv[j * kv_stride + c] = 0.0f;
    for (size_t first = 0; first < shape->queries; first += BLOCK_QUERIES) {
        attention_shape block = block_of(shape, first);
        size_t queries = block.queries;
        const float *block_q = q + first * q_stride, *block_dcontext = dcontext + first * context_stride;
        attend(&block, first, block_q, keys, stream, first_group, threshold, keep_scale, probabilities, dropped);
        add_small_product(n, d, queries, (strided){dropped, 1, row}, block_dcontext, context_stride, 1.0f, dv,
                          kv_stride);
        small_product(queries, row, d, (strided){block_dcontext, context_stride, 1}, values, row, 1.0f, gradient, row);
        for (size_t i = 0; i < queries; i++)
            softmax_row_backward(row, probabilities + i * row, dropped + i * row, gradient + i * row);
        small_product(queries, d, n, (strided){gradient, row, 1}, k, kv_stride, shape->scale, dq + first * q_stride,
                      q_stride);
        add_small_product(n, d, queries, (strided){gradient, 1, row}, block_q, q_stride, shape->scale, dk, kv_stride);
    }
    return true;
}

bool attention_forward(const attention_shape *shape, const float *q, const float *k, const float *v,
                       const random_stream *stream, size_t first_group, unsigned threshold, float keep_scale,
                       float *probabilities, float *dropped, float *context) {
    if (shape->in_bfloat)
        return bfloat_attention_forward(shape, q, k, v, stream, first_group, threshold, keep_scale, probabilities,
                                        dropped, context);
    forward(shape, q, k, v, stream, first_group, threshold, keep_scale, probabilities, dropped, context);
    return true;
}

bool attention_backward(const attention_shape *shape, const float *q, const float *k, const float *v,
                        const float *probabilities, const float *dropped, const float *dcontext, float *dq, float *dk,
                        float *dv) {
    if (shape->in_bfloat)
        return bfloat_attention_backward(shape, q, k, v, probabilities, dropped, dcontext, dq, dk, dv);
    backward(shape, q, k, v, probabilities, dropped, dcontext, dq, dk, dv);
    return true;
}

bool attention_forward_blocks(const attention_shape *shape, const float *q, const float *k, const float *v,
                              const random_stream *stream, size_t first_group, unsigned threshold, float keep_scale,
                              float *context) {
    if (shape->in_bfloat)
        return bfloat_attention_forward_blocks(shape, q, k, v, stream, first_group, threshold, keep_scale, context);
    return forward_blocks(shape, q, k, v, stream, first_group, threshold, keep_scale, context);
}

bool attention_backward_blocks(const attention_shape *shape, const float *q, const float *k, const float *v,
                               const random_stream *stream, size_t first_group, unsigned threshold, float keep_scale,
                               const float *dcontext, float *dq, float *dk, float *dv) {
    if (shape->in_bfloat)
        return bfloat_attention_backward_blocks(shape, q, k, v, stream, first_group, threshold, keep_scale, dcontext,
                                                dq, dk, dv);
    return backward_blocks(shape, q, k, v, stream, first_group, threshold, keep_scale, dcontext, dq, dk, dv);
}

#include "attention_rows.h"
#include "small_bfloat_product.h"
#include "transpose.h"

// Sixteen words of the first `count` numbers, side by side; the others are 0.
INLINED void pair_line(size_t count, const float *x, uint32_t *words) {
    uint16_t numbers[2 * SIDE] = {0};
    for (size_t c = 0; c < count; c++) numbers[c] = (uint16_t)rounded_bfloat(x[c]);
    memcpy(words, numbers, sizeof numbers);
}

// Words of two numbers that lie side by side: [count, row], behind the last number 0. Lines are written whole: what one
// writes beyond its row the next one overwrites, and behind the last row there must be room for a line.
INLINED void pair_columns(size_t count, size_t columns, const float *x, size_t stride, size_t row, uint32_t *words) {
    for (size_t i = 0; i < count; i++)
        for (size_t c = 0; c < row; c += SIDE)
            if (2 * (c + SIDE) <= columns)
                pair_line(2 * SIDE, x + i * stride + 2 * c, words + i * row + c);
            else
                pair_line(2 * c < columns ? columns - 2 * c : 0, x + i * stride + 2 * c, words + i * row + c);
}

// Words of two numbers one above the other: [count / 2 rounded up, row], where nothing is 0.
INLINED void pair_rows(size_t count, size_t columns, const float *x, size_t stride, size_t row, uint32_t *words) {
    for (size_t k = 0; k < count; k += 2, words += row) {
        const float *first = x + k * stride, *second = first + stride;
        if (k + 1 < count)
            for (size_t c = 0; c < columns; c++) words[c] = bfloat_pair(first[c], second[c]);
        else
            for (size_t c = 0; c < columns; c++) words[c] = bfloat_pair(first[c], 0.0f);
        for (size_t c = columns; c < row; c++) words[c] = 0;
    }
}

// The words (j, c) of x [n, d] with its numbers (j, 2 c) and (j, 2 c + 1), transposed: [d / 2 rounded up to whole
// vectors, row].
INLINED void pair_transposed(size_t n, size_t d, const float *x, size_t stride, size_t row, uint32_t *words) {
    for (size_t c = 0; 2 * c < d; c += SIDE)
        for (size_t j = 0; j < row; j += SIDE) {
            uint32_t rows[SIDE * SIDE] = {0};
            line m[SIDE];
            pair_columns(n - j < SIDE ? n - j : SIDE, d - 2 * c, x + j * stride + 2 * c, stride, SIDE, rows);
            memcpy(m, rows, sizeof m);
            transpose_lines(m);
            for (size_t k = 0; k < SIDE; k++) memcpy(words + (c + k) * row + j, &m[k], sizeof m[k]);
        }
}

// What products read, and what a block of queries computes; all of it in one piece of memory.
typedef struct {
    size_t row, width, half;              // keys, columns and pairs of columns, rounded up to whole vectors
    uint32_t *keys, *values;              // the forward pass: keys transposed; values in pairs of rows
    uint32_t *key_rows, *values_transposed; // the backward pass: the other way round
    uint32_t *left, *right;               // operands of a block
    float *probabilities, *dropped, *gradient;
} parts;

INLINED bool reserve_parts(const attention_shape *shape, bool goes_back, parts *p) {
    p->row = rounded_up(shape->n), p->width = rounded_up(shape->d), p->half = rounded_up((shape->d + 1) / 2);
    const size_t keys = p->half * p->row, values = (p->row / 2) * p->width, block = BLOCK_QUERIES * p->row;
    const size_t operand = BLOCK_QUERIES * (p->row > p->width ? p->row : p->width);
    float *memory = attention_scratch((goes_back ? 2 : 1) * (keys + values) + 2 * operand + 3 * block);
    if (!memory) return false;
    p->keys = (uint32_t *)memory, p->values = p->keys + keys;
    uint32_t *next = p->values + values;
    p->key_rows = next, p->values_transposed = next + values;
    if (goes_back) next += keys + values;
    p->left = next, p->right = next + operand;
    p->probabilities = (float *)(next + 2 * operand);
    p->dropped = p->probabilities + block, p->gradient = p->dropped + block;
    return true;
}

INLINED void attend(const attention_shape *block, size_t first, const parts *p, const float *q,
                    const random_stream *stream, size_t first_group, unsigned threshold, float keep_scale,
                    float *probabilities, float *dropped) {
    const size_t n = block->n, row = p->row;
    pair_columns(block->queries, block->d, q, block->q_stride, p->half, p->left);
    small_bfloat_product(block->queries, row, (block->d + 1) / 2, (paired_rows){p->left, p->half, 1}, p->keys, row,
                         block->scale, false, probabilities, row);
    for (size_t i = 0; i < block->queries; i++) softmax_row(n, row, probabilities + i * row);
    if (threshold != 0)
        drop_probabilities(block->queries, n, row, stream, first_group + first * n / RANDOM_GROUP, threshold,
                           keep_scale, probabilities, dropped);
}

// Where `kept` is NULL each block's probabilities take the place of the last one's.
INLINED bool forward(const attention_shape *shape, const float *q, const float *k, const float *v,
                     const random_stream *stream, size_t first_group, unsigned threshold, float keep_scale, float *kept,
                     float *kept_dropped, float *context) {
    const size_t n = shape->n, d = shape->d;
    parts p;
    if (!reserve_parts(shape, false, &p)) return false;
    pair_transposed(n, d, k, shape->kv_stride, p.row, p.keys);
    pair_rows(n, d, v, shape->kv_stride, p.width, p.values);
    for (size_t first = 0; first < shape->queries; first += BLOCK_QUERIES) {
        const attention_shape block = block_of(shape, first);
        float *probabilities = kept ? kept + first * p.row : p.probabilities;
        float *dropped = kept ? kept_dropped + first * p.row : probabilities;
        attend(&block, first, &p, q + first * shape->q_stride, stream, first_group, threshold, keep_scale,
               probabilities, dropped);
        pair_columns(block.queries, p.row, dropped, p.row, p.row / 2, p.left);
        small_bfloat_product(block.queries, d, (n + 1) / 2, (paired_rows){p.left, p.row / 2, 1}, p.values, p.width,
                             1.0f, false, context + first * shape->context_stride, shape->context_stride);
    }
    return true;
}

// Where `kept` is NULL probabilities are computed again.
INLINED bool backward(const attention_shape *shape, const float *q, const float *k, const float *v,
                      const random_stream *stream, size_t first_group, unsigned threshold, float keep_scale,
                      const float *kept, const float *kept_dropped, const float *dcontext, float *dq, float *dk,
                      float *dv) {
    const size_t n = shape->n, d = shape->d, kv_stride = shape->kv_stride, context_stride = shape->context_stride;
    parts p;
    if (!reserve_parts(shape, true, &p)) return false;
    const size_t row = p.row;
    if (!kept) pair_transposed(n, d, k, kv_stride, row, p.keys);
    pair_rows(n, d, k, kv_stride, p.width, p.key_rows);
    pair_transposed(n, d, v, kv_stride, row, p.values_transposed);
    for (size_t first = 0; first < shape->queries; first += BLOCK_QUERIES) {
        const attention_shape block = block_of(shape, first);
        const size_t queries = block.queries, pairs = (queries + 1) / 2;
        const bool adds = first > 0;
        const float *block_q = q + first * shape->q_stride, *block_dcontext = dcontext + first * context_stride;
        const float *probabilities = kept ? kept + first * row : p.probabilities;
        const float *dropped = kept ? kept_dropped + first * row : threshold == 0 ? probabilities : p.dropped;
        if (!kept)
            attend(&block, first, &p, block_q, stream, first_group, threshold, keep_scale, p.probabilities, p.dropped);

        pair_rows(queries, row, dropped, row, row, p.left);
        pair_rows(queries, d, block_dcontext, context_stride, p.width, p.right);
        small_bfloat_product(n, d, pairs, (paired_rows){p.left, 1, row}, p.right, p.width, 1.0f, adds, dv, kv_stride);

        pair_columns(queries, d, block_dcontext, context_stride, p.half, p.left);
        small_bfloat_product(queries, row, (d + 1) / 2, (paired_rows){p.left, p.half, 1}, p.values_transposed, row,
                             1.0f, false, p.gradient, row);
        for (size_t i = 0; i < queries; i++)
            softmax_row_backward(row, probabilities + i * row, dropped + i * row, p.gradient + i * row);

        pair_columns(queries, row, p.gradient, row, row / 2, p.left);
        small_bfloat_product(queries, d, (n + 1) / 2, (paired_rows){p.left, row / 2, 1}, p.key_rows, p.width,
                             shape->scale, false, dq + first * shape->q_stride, shape->q_stride);

        pair_rows(queries, row, p.gradient, row, row, p.left);
        pair_rows(queries, d, block_q, shape->q_stride, p.width, p.right);
        small_bfloat_product(n, d, pairs, (paired_rows){p.left, 1, row}, p.right, p.width, shape->scale, adds, dk,
                             kv_stride);
    }
    return true;
}

CLONED bool bfloat_attention_forward(const attention_shape *shape, const float *q, const float *k, const float *v,
                                     const random_stream *stream, size_t first_group, unsigned threshold,
                                     float keep_scale, float *probabilities, float *dropped, float *context) {
    return forward(shape, q, k, v, stream, first_group, threshold, keep_scale, probabilities, dropped, context);
}

CLONED bool bfloat_attention_forward_blocks(const attention_shape *shape, const float *q, const float *k,
                                            const float *v, const random_stream *stream, size_t first_group,
                                            unsigned threshold, float keep_scale, float *context) {
    return forward(shape, q, k, v, stream, first_group, threshold, keep_scale, NULL, NULL, context);
}

CLONED bool bfloat_attention_backward(const attention_shape *shape, const float *q, const float *k, const float *v,
                                      const float *probabilities, const float *dropped, const float *dcontext,
                                      float *dq, float *dk, float *dv) {
    return backward(shape, q, k, v, NULL, 0, 0, 1.0f, probabilities, dropped, dcontext, dq, dk, dv);
}

CLONED bool bfloat_attention_backward_blocks(const attention_shape *shape, const float *q, const float *k,
                                             const float *v, const random_stream *stream, size_t first_group,
                                             unsigned threshold, float keep_scale, const float *dcontext, float *dq,
                                             float *dk, float *dv) {
    return backward(shape, q, k, v, stream, first_group, threshold, keep_scale, NULL, NULL, dcontext, dq, dk, dv);
}

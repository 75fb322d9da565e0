#include "normalization.h"

#include <math.h>

#include "philox.h"

// y may be x: no entry depends on another.
INLINED void drop(size_t count, const uint32_t *bits, uint32_t threshold, float scale, const float *x, float *y) {
#pragma clang loop vectorize(assume_safety)
    for (size_t i = 0; i < count; i++) y[i] = bits[i] >= threshold ? x[i] * scale : 0.0f;
}

// y = x where it is kept, else 0. A row begins with a group of random numbers of its own; y may be x.
INLINED void drop_row(size_t H, const dropout_site *site, size_t t, const float *x, float *y) {
    random_stream stream = {site->seed, site->example[t], site->step, site->purpose};
    uint64_t group = (uint64_t)site->place[t] * ((H + RANDOM_GROUP - 1) / RANDOM_GROUP);
    uint32_t bits[RANDOM_GROUP];
    size_t c = 0;
    for (; c + RANDOM_GROUP <= H; c += RANDOM_GROUP) {
        random_group(&stream, group++, bits);
        drop(RANDOM_GROUP, bits, site->threshold, site->scale, x + c, y + c);
    }
    if (c == H) return;
    random_group(&stream, group, bits);
    drop(H - c, bits, site->threshold, site->scale, x + c, y + c);
}

CLONED void dropout_rows(size_t begin, size_t end, size_t H, const dropout_site *site, float *x) {
    if (site->threshold == 0) return;
    for (size_t t = begin; t < end; t++) drop_row(H, site, t, x + t * H, x + t * H);
}

// z -> (z - mean) / deviation in place; returns 1 / deviation.
INLINED float normalize_row(size_t H, float epsilon, float *z) {
#pragma clang fp reassociate(on)
    float sum = 0.0f, squares = 0.0f;
    for (size_t c = 0; c < H; c++) sum += z[c];
    float mean = sum / (float)H;
    for (size_t c = 0; c < H; c++) {
        float difference = z[c] - mean;
        squares += difference * difference;
    }
    float inverse = 1.0f / sqrtf(squares / (float)H + epsilon);
    for (size_t c = 0; c < H; c++) z[c] = (z[c] - mean) * inverse;
    return inverse;
}

CLONED void norm_forward(size_t begin, size_t end, size_t H, const float *x, const float *residual,
                         const dropout_site *site, const float *w, const float *b, float epsilon, float *y,
                         float *normalized, float *inverse_deviation) {
    for (size_t t = begin; t < end; t++) {
        const float *source = x + t * H;
        float *z = normalized + t * H, *out = y + t * H;
        if (site->threshold != 0)
            drop_row(H, site, t, source, z);
        else
            for (size_t c = 0; c < H; c++) z[c] = source[c];
        if (residual)
            for (size_t c = 0; c < H; c++) z[c] += residual[t * H + c];
        inverse_deviation[t] = normalize_row(H, epsilon, z);
        for (size_t c = 0; c < H; c++) out[c] = z[c] * w[c] + b[c];
    }
}

// dz = (g - mean(g) - n mean(g n)) / deviation, with g = w dy and n the normalized row; over dy.
INLINED void norm_row_backward(size_t H, const float *w, const float *n, float inverse, float *dy) {
#pragma clang fp reassociate(on)
    float sum = 0.0f, product = 0.0f;
    for (size_t c = 0; c < H; c++) {
        float g = dy[c] * w[c];
        sum += g;
        product += g * n[c];
    }
    float mean = sum / (float)H, slope = product / (float)H;
    for (size_t c = 0; c < H; c++) dy[c] = (dy[c] * w[c] - mean - n[c] * slope) * inverse;
}

CLONED void norm_backward(size_t begin, size_t end, size_t H, float *dy, const float *w, const float *normalized,
                          const float *inverse_deviation, const dropout_site *site, float *dx) {
    for (size_t t = begin; t < end; t++) {
        float *row = dy + t * H;
        norm_row_backward(H, w, normalized + t * H, inverse_deviation[t], row);
        if (!dx) continue;
        if (site->threshold != 0)
            drop_row(H, site, t, row, dx + t * H);
        else
            for (size_t c = 0; c < H; c++) dx[t * H + c] = row[c];
    }
}

enum { BLOCK_ROWS = 64, BLOCK_COLUMNS = 64 };

INLINED void add_products_of_block(size_t rows, size_t columns, size_t H, const float *dy, const float *n, float *dw) {
    float block[BLOCK_COLUMNS] = {0};
    for (size_t t = 0; t < rows; t++)
        for (size_t c = 0; c < columns; c++) block[c] += dy[t * H + c] * n[t * H + c];
    for (size_t c = 0; c < columns; c++) dw[c] += block[c];
}

CLONED void norm_add_weight_gradient(size_t T, size_t columns, size_t H, const float *dy, const float *normalized,
                                     float *dw) {
    for (size_t c = 0; c < columns; c += BLOCK_COLUMNS) {
        size_t width = columns - c < BLOCK_COLUMNS ? columns - c : BLOCK_COLUMNS;
        for (size_t t = 0; t < T; t += BLOCK_ROWS) {
            size_t rows = T - t < BLOCK_ROWS ? T - t : BLOCK_ROWS, corner = t * H + c;
            if (width == BLOCK_COLUMNS)
                add_products_of_block(rows, BLOCK_COLUMNS, H, dy + corner, normalized + corner, dw + c);
            else
                add_products_of_block(rows, width, H, dy + corner, normalized + corner, dw + c);
        }
    }
}

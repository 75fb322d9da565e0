#include "small_bfloat_product.h"

#include <string.h>

#include "processor.h"
#include "small_product.h"

#if defined(__x86_64__) && defined(__linux__)
#include <immintrin.h>
#define BFLOAT __attribute__((target("arch=x86-64-v4,avx512bf16")))
#endif

// Eight rows of two vectors hide the latency of a multiply-add.
enum { ROWS = 8, VECTORS = 2 };

typedef uint32_t word_lanes __attribute__((vector_size(LANES * sizeof(uint32_t)), aligned(sizeof(float)), may_alias));

INLINED void store_lanes(const lanes *sums, size_t count, float scale, bool adds, float *c) {
    if (count >= LANES) {
        lanes *place = (lanes *)c;
        *place = adds ? *place + scale * *sums : scale * *sums;
        return;
    }
    float numbers[LANES];
    memcpy(numbers, sums, sizeof numbers);
    for (size_t l = 0; l < count; l++) c[l] = adds ? c[l] + scale * numbers[l] : scale * numbers[l];
}

// Without the instruction: a product of two numbers of 8 bits is exact, and so the sum alone is rounded, as it does.
INLINED void add_products_plainly(lanes *sums, uint32_t pair, const word_lanes *row) {
    uint32_t halves[2] = {pair << 16, pair & 0xFFFF0000u};
    float first, second;
    memcpy(&first, &halves[0], sizeof first);
    memcpy(&second, &halves[1], sizeof second);
    *sums += second * (lanes)(*row & 0xFFFF0000u);
    *sums += first * (lanes)(*row << 16);
}

#define DEFINE_TILE(NAME, ATTRIBUTES, ADD_PRODUCTS)                                                                    \
    ATTRIBUTES void NAME(const size_t R, const size_t V, size_t columns, size_t depth, paired_rows a,                  \
                         const uint32_t *b, size_t b_row, float scale, bool adds, float *c, size_t c_row) {            \
        lanes sums[ROWS][VECTORS] = {0};                                                                               \
        for (size_t k = 0; k < depth; k++) {                                                                           \
            const word_lanes *row = (const word_lanes *)(b + k * b_row);                                               \
            _Pragma("clang loop unroll(full)") for (size_t r = 0; r < R; r++) {                                        \
                const uint32_t pair = a.start[r * a.row + k * a.step];                                                 \
                _Pragma("clang loop unroll(full)") for (size_t v = 0; v < V; v++)                                      \
                    ADD_PRODUCTS(&sums[r][v], pair, row + v);                                                          \
            }                                                                                                          \
        }                                                                                                              \
        _Pragma("clang loop unroll(full)") for (size_t r = 0; r < R; r++)                                              \
            _Pragma("clang loop unroll(full)") for (size_t v = 0; v < V; v++)                                          \
                store_lanes(&sums[r][v], columns - v * LANES, scale, adds, c + r * c_row + v * LANES);                 \
    }

#define DEFINE_PRODUCT(NAME, ATTRIBUTES, TILE)                                                                         \
    ATTRIBUTES static void NAME(size_t rows, size_t columns, size_t depth, paired_rows a, const uint32_t *b,           \
                                size_t b_row, float scale, bool adds, float *c, size_t c_row) {                        \
        for (size_t i = 0, together; i < rows; i += together) {                                                        \
            together = rows - i >= ROWS ? ROWS : rows - i >= ROWS / 2 ? ROWS / 2 : 1;                                  \
            const paired_rows from = {a.start + i * a.row, a.row, a.step};                                             \
            for (size_t j = 0, wide; j < columns; j += wide) {                                                         \
                wide = columns - j > LANES ? VECTORS * LANES : LANES;                                                  \
                float *to = c + i * c_row + j;                                                                         \
                const size_t left = columns - j;                                                                       \
                if (together == ROWS && wide > LANES)                                                                  \
                    TILE(ROWS, VECTORS, left, depth, from, b + j, b_row, scale, adds, to, c_row);                      \
                else if (together == ROWS)                                                                             \
                    TILE(ROWS, 1, left, depth, from, b + j, b_row, scale, adds, to, c_row);                            \
                else if (together > 1 && wide > LANES)                                                                 \
                    TILE(ROWS / 2, VECTORS, left, depth, from, b + j, b_row, scale, adds, to, c_row);                  \
                else if (together > 1)                                                                                 \
                    TILE(ROWS / 2, 1, left, depth, from, b + j, b_row, scale, adds, to, c_row);                        \
                else if (wide > LANES)                                                                                 \
                    TILE(1, VECTORS, left, depth, from, b + j, b_row, scale, adds, to, c_row);                         \
                else                                                                                                   \
                    TILE(1, 1, left, depth, from, b + j, b_row, scale, adds, to, c_row);                               \
            }                                                                                                          \
        }                                                                                                              \
    }

DEFINE_TILE(tile_plainly, INLINED, add_products_plainly)
DEFINE_PRODUCT(product_plainly, CLONED, tile_plainly)

void small_bfloat_product_plainly(size_t rows, size_t columns, size_t depth, paired_rows a, const uint32_t *b,
                                  size_t b_row, float scale, bool adds, float *c, size_t c_row) {
    product_plainly(rows, columns, depth, a, b, b_row, scale, adds, c, c_row);
}

#ifdef BFLOAT

BFLOAT INLINED void add_products(lanes *sums, uint32_t pair, const word_lanes *row) {
    *sums = (lanes)_mm512_dpbf16_ps((__m512)*sums, (__m512bh)_mm512_set1_epi32((int)pair), (__m512bh)*row);
}

DEFINE_TILE(tile, BFLOAT INLINED, add_products)
DEFINE_PRODUCT(product, BFLOAT, tile)

void small_bfloat_product(size_t rows, size_t columns, size_t depth, paired_rows a, const uint32_t *b, size_t b_row,
                          float scale, bool adds, float *c, size_t c_row) {
    if (processor_has_avx512() && processor_has_bfloat())
        product(rows, columns, depth, a, b, b_row, scale, adds, c, c_row);
    else
        product_plainly(rows, columns, depth, a, b, b_row, scale, adds, c, c_row);
}

#else

void small_bfloat_product(size_t rows, size_t columns, size_t depth, paired_rows a, const uint32_t *b, size_t b_row,
                          float scale, bool adds, float *c, size_t c_row) {
    product_plainly(rows, columns, depth, a, b, b_row, scale, adds, c, c_row);
}

#endif

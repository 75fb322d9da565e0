#include "packed_product.h"

#include <stdbool.h>
#include <string.h>

#include "clones.h"
#include "processor.h"
#include "small_product.h"

#if defined(__x86_64__) && defined(__linux__)
#include <immintrin.h>
#define WIDE __attribute__((target("arch=x86-64-v4")))
#define BFLOAT __attribute__((target("arch=x86-64-v4,avx512bf16")))
#endif

// The sums of a tile stay in registers: six rows of four vectors where there are 32 registers of 16 numbers, six of one
// vector where there are 16 of 8.
enum { TILE_ROWS = 6, PANEL_LANES = PANEL_COLUMNS / LANES };

typedef uint32_t word_lanes __attribute__((vector_size(LANES * sizeof(uint32_t)), aligned(sizeof(float)), may_alias));

// Where a tile begins, in the operands and the result.
typedef struct {
    const void *a, *panel;
    float *c;
    size_t column;
} corner;

// A tile at the right border, number by number.
static __attribute__((noinline)) void finish_border(size_t R, const packed_product *p, corner at,
                                                    float sums[TILE_ROWS][PANEL_COLUMNS]) {
    const size_t count = p->columns - at.column;
    for (size_t r = 0; r < R; r++) {
        float *c = at.c + r * p->c_stride;
        for (size_t l = 0; l < count && l < PANEL_COLUMNS; l++)
            c[l] = sums[r][l] + (p->bias ? p->bias[at.column + l] : p->adds ? c[l] : 0.0f);
    }
}

INLINED void finish_tile(const size_t R, const size_t V, const packed_product *p, corner at,
                         lanes sums[TILE_ROWS][PANEL_LANES]) {
    if (at.column + V * LANES > p->columns) {
        // A copy: sums whose address is taken would leave their registers.
        float numbers[TILE_ROWS][PANEL_COLUMNS];
#pragma clang loop unroll(full)
        for (size_t r = 0; r < R; r++)
#pragma clang loop unroll(full)
            for (size_t v = 0; v < V; v++) *(lanes *)(numbers[r] + v * LANES) = sums[r][v];
        return finish_border(R, p, at, numbers);
    }
    const bool starts_at_zero = !p->bias && !p->adds;
#pragma clang loop unroll(full)
    for (size_t r = 0; r < R; r++) {
        float *c = at.c + r * p->c_stride;
        const float *start = p->bias ? p->bias + at.column : c;
#pragma clang loop unroll(full)
        for (size_t v = 0; v < V; v++)
            *(lanes *)(c + v * LANES) =
                starts_at_zero ? sums[r][v] : sums[r][v] + *(const lanes *)(start + v * LANES);
    }
}

INLINED void tile_of_floats(const size_t R, const size_t V, const packed_product *p, corner at) {
    const float *a = at.a, *panel = at.panel;
    lanes sums[TILE_ROWS][PANEL_LANES] = {0};
    for (size_t k = 0; k < p->inner; k++) {
        const lanes *row = (const lanes *)(panel + k * PANEL_COLUMNS);
#pragma clang loop unroll(full)
        for (size_t r = 0; r < R; r++)
#pragma clang loop unroll(full)
            for (size_t v = 0; v < V; v++) sums[r][v] += a[r * p->a_stride + k * p->a_step] * row[v];
    }
    finish_tile(R, V, p, at, sums);
}

// Two numbers of a row as one word; behind an odd row's last one 0.
INLINED uint32_t pair_at(const packed_product *p, const uint16_t *a, size_t r, size_t k) {
    const uint16_t *numbers = a + r * p->a_stride + k * p->a_step;
    if (2 * k + 1 == p->inner) return numbers[0];
    uint32_t pair;
    memcpy(&pair, numbers, sizeof pair);
    return pair;
}

// Without the instruction: a product of two numbers of 8 bits is exact, and so the sum alone is rounded, as it does.
INLINED void tile_of_bfloats_plainly(const size_t R, const size_t V, const packed_product *p, corner at) {
    const uint16_t *a = at.a;
    const uint32_t *panel = at.panel;
    lanes sums[TILE_ROWS][PANEL_LANES] = {0};
    for (size_t k = 0; k < (p->inner + 1) / 2; k++) {
        const word_lanes *row = (const word_lanes *)(panel + k * PANEL_COLUMNS);
#pragma clang loop unroll(full)
        for (size_t r = 0; r < R; r++) {
            uint32_t pair = pair_at(p, a, r, k), halves[2] = {pair << 16, pair & 0xFFFF0000u};
            float first, second;
            memcpy(&first, &halves[0], sizeof first);
            memcpy(&second, &halves[1], sizeof second);
#pragma clang loop unroll(full)
            for (size_t v = 0; v < V; v++) {
                sums[r][v] += second * (lanes)(row[v] & 0xFFFF0000u);
                sums[r][v] += first * (lanes)(row[v] << 16);
            }
        }
    }
    finish_tile(R, V, p, at, sums);
}

// Tiles over all columns and the rows begin..<end: a panel's part serves all rows before the next one is read.
#define DEFINE_PRODUCT(NAME, ATTRIBUTES, TILE, NUMBER, V)                                                              \
    ATTRIBUTES static void NAME(size_t begin, size_t end, const packed_product *p, const NUMBER *a,                    \
                                const NUMBER *packed, float *c) {                                                      \
        const size_t depth = packed_depth(p->inner), word = sizeof(float) / sizeof(NUMBER);                            \
        for (size_t column = 0; column < p->columns; column += V * LANES) {                                            \
            const NUMBER *panel =                                                                                      \
                packed + column / PANEL_COLUMNS * PANEL_COLUMNS * depth + column % PANEL_COLUMNS * word;               \
            for (size_t i = begin, rows; i < end; i += rows) {                                                         \
                const size_t in_panel = i % PANEL_COLUMNS;                                                             \
                const NUMBER *row = p->a_panel ? a + i / PANEL_COLUMNS * p->a_panel + in_panel * p->a_stride           \
                                               : a + i * p->a_stride;                                                  \
                const corner at = {row, panel, c + i * p->c_stride + column, column};                                  \
                rows = end - i < TILE_ROWS ? end - i : TILE_ROWS;                                                      \
                if (p->a_panel && PANEL_COLUMNS - in_panel < rows) rows = PANEL_COLUMNS - in_panel;                    \
                switch (rows) {                                                                                        \
                case 1: TILE(1, V, p, at); break;                                                                      \
                case 2: TILE(2, V, p, at); break;                                                                      \
                case 3: TILE(3, V, p, at); break;                                                                      \
                case 4: TILE(4, V, p, at); break;                                                                      \
                case 5: TILE(5, V, p, at); break;                                                                      \
                default: TILE(TILE_ROWS, V, p, at);                                                                    \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
    }

DEFINE_PRODUCT(multiply_floats, CLONED, tile_of_floats, float, 1)
DEFINE_PRODUCT(multiply_bfloats_plainly, CLONED, tile_of_bfloats_plainly, uint16_t, 1)

#ifdef WIDE

BFLOAT static inline __attribute__((always_inline)) void tile_of_bfloats(const size_t R, const size_t V,
                                                                         const packed_product *p, corner at) {
    const uint16_t *a = at.a;
    const uint32_t *panel = at.panel;
    lanes sums[TILE_ROWS][PANEL_LANES] = {0};
    for (size_t k = 0; k < (p->inner + 1) / 2; k++) {
        const word_lanes *row = (const word_lanes *)(panel + k * PANEL_COLUMNS);
#pragma clang loop unroll(full)
        for (size_t r = 0; r < R; r++) {
            __m512bh pairs = (__m512bh)_mm512_set1_epi32((int)pair_at(p, a, r, k));
#pragma clang loop unroll(full)
            for (size_t v = 0; v < V; v++)
                sums[r][v] = (lanes)_mm512_dpbf16_ps((__m512)sums[r][v], pairs, (__m512bh)row[v]);
        }
    }
    finish_tile(R, V, p, at, sums);
}

DEFINE_PRODUCT(multiply_floats_wide, WIDE, tile_of_floats, float, PANEL_LANES)
DEFINE_PRODUCT(multiply_bfloats_plainly_wide, WIDE, tile_of_bfloats_plainly, uint16_t, PANEL_LANES)
DEFINE_PRODUCT(multiply_bfloats, BFLOAT, tile_of_bfloats, uint16_t, PANEL_LANES)

#endif

void multiply_packed(size_t begin, size_t end, const packed_product *product, const float *a, const float *packed,
                     float *c) {
#ifdef WIDE
    if (processor_has_avx512()) return multiply_floats_wide(begin, end, product, a, packed, c);
#endif
    multiply_floats(begin, end, product, a, packed, c);
}

void multiply_packed_bfloat_plainly(size_t begin, size_t end, const packed_product *product, const uint16_t *a,
                                    const uint16_t *packed, float *c) {
#ifdef WIDE
    if (processor_has_avx512()) return multiply_bfloats_plainly_wide(begin, end, product, a, packed, c);
#endif
    multiply_bfloats_plainly(begin, end, product, a, packed, c);
}

void multiply_packed_bfloat(size_t begin, size_t end, const packed_product *product, const uint16_t *a,
                            const uint16_t *packed, float *c) {
#ifdef WIDE
    if (processor_has_avx512() && processor_has_bfloat()) return multiply_bfloats(begin, end, product, a, packed, c);
#endif
    multiply_packed_bfloat_plainly(begin, end, product, a, packed, c);
}

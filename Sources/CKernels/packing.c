#include "mathematics.h"
#include "packed_product.h"
#include "transpose.h"

enum { DEPTH = 32 };

size_t packed_depth(size_t rows) { return (rows + DEPTH - 1) / DEPTH * DEPTH; }
size_t packed_panels(size_t columns) { return (columns + PANEL_COLUMNS - 1) / PANEL_COLUMNS; }

INLINED size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

INLINED uint32_t bits_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

// A panel is words [lines, 64]; a word is a number, or two of bfloat16. Of a line the first `count` words are there.
INLINED void pack_line(size_t count, int is_rounded, const float *x, const float *next, uint32_t *line) {
    if (is_rounded && next)
        for (size_t c = 0; c < count; c++) line[c] = bfloat_pair(x[c], next[c]);
    else if (is_rounded)
        for (size_t c = 0; c < count; c++) line[c] = bfloat_pair(x[c], 0.0f);
    else
        for (size_t c = 0; c < count; c++) line[c] = bits_of(x[c]);
    for (size_t c = count; c < PANEL_COLUMNS; c++) line[c] = 0;
}

INLINED void pack_panel(size_t rows, size_t columns, const float *x, size_t stride, int is_rounded, uint32_t *panel) {
    size_t step = is_rounded ? 2 : 1, lines = packed_depth(rows) / step;
    for (size_t k = 0; k < lines; k++) {
        const float *row = x + step * k * stride, *next = step * k + 1 < rows ? row + stride : NULL;
        if (step * k >= rows)
            memset(panel + k * PANEL_COLUMNS, 0, PANEL_COLUMNS * sizeof *panel);
        else if (columns == PANEL_COLUMNS)
            pack_line(PANEL_COLUMNS, is_rounded, row, next, panel + k * PANEL_COLUMNS);
        else
            pack_line(columns, is_rounded, row, next, panel + k * PANEL_COLUMNS);
    }
}

// Sixteen lines of sixteen columns from the transpose, x [columns, rows].
INLINED void pack_square(size_t rows, size_t columns, const float *x, size_t stride, int is_rounded, uint32_t *panel) {
    uint32_t words[SIDE][SIDE];
    for (size_t c = 0; c < SIDE; c++)
        for (size_t k = 0; k < SIDE; k++) {
            size_t row = is_rounded ? 2 * k : k;
            float first = c < columns && row < rows ? x[c * stride + row] : 0.0f;
            float second = is_rounded && c < columns && row + 1 < rows ? x[c * stride + row + 1] : 0.0f;
            words[c][k] = is_rounded ? bfloat_pair(first, second) : bits_of(first);
        }
    line m[SIDE];
    memcpy(m, words, sizeof m);
    transpose_lines(m);
    for (size_t k = 0; k < SIDE; k++) memcpy(panel + k * PANEL_COLUMNS, &m[k], sizeof m[k]);
}

INLINED void pack_transposed_panel(size_t rows, size_t columns, const float *x, size_t stride, int is_rounded,
                                   uint32_t *panel) {
    size_t step = is_rounded ? 2 : 1, lines = packed_depth(rows) / step;
    for (size_t k = 0; k < lines; k += SIDE)
        for (size_t c = 0; c < PANEL_COLUMNS; c += SIDE) {
            size_t row = step * k, high = step * SIDE;
            size_t there = row < rows ? smaller(rows - row, high) : 0;
            size_t wide = c < columns ? smaller(columns - c, SIDE) : 0;
            const float *corner = there && wide ? x + c * stride + row : x;
            uint32_t *target = panel + k * PANEL_COLUMNS + c;
            if (there == high && wide == SIDE)
                pack_square(high, SIDE, corner, stride, is_rounded, target);
            else
                pack_square(there, wide, corner, stride, is_rounded, target);
        }
}

INLINED void pack(size_t begin, size_t end, size_t rows, size_t columns, const float *x, size_t stride,
                  int is_transposed, int is_rounded, uint32_t *packed) {
    size_t words = packed_depth(rows) / (is_rounded ? 2 : 1) * PANEL_COLUMNS;
    for (size_t p = begin; p < end; p++) {
        size_t first = p * PANEL_COLUMNS, count = smaller(columns - first, PANEL_COLUMNS);
        if (is_transposed)
            pack_transposed_panel(rows, count, x + first * stride, stride, is_rounded, packed + p * words);
        else
            pack_panel(rows, count, x + first, stride, is_rounded, packed + p * words);
    }
}

CLONED void pack_panels(size_t begin, size_t end, size_t rows, size_t columns, const float *x, size_t stride,
                        int is_transposed, float *packed) {
    pack(begin, end, rows, columns, x, stride, is_transposed, 0, (uint32_t *)packed);
}

CLONED void pack_rounded_panels(size_t begin, size_t end, size_t rows, size_t columns, const float *x, size_t stride,
                                int is_transposed, uint16_t *packed) {
    pack(begin, end, rows, columns, x, stride, is_transposed, 1, (uint32_t *)packed);
}

// Words of two rows' numbers; `next` is NULL below the last row.
INLINED void pair_bfloats(const size_t count, const uint16_t *x, const uint16_t *next, uint32_t *line) {
    if (next)
        for (size_t c = 0; c < count; c++) line[c] = x[c] | (uint32_t)next[c] << 16;
    else
        for (size_t c = 0; c < count; c++) line[c] = x[c];
    for (size_t c = count; c < PANEL_COLUMNS; c++) line[c] = 0;
}

CLONED void pack_bfloat_panels(size_t begin, size_t end, size_t rows, size_t columns, const uint16_t *x, size_t stride,
                               uint16_t *packed) {
    const size_t lines = packed_depth(rows) / 2;
    for (size_t p = begin; p < end; p++) {
        const size_t first = p * PANEL_COLUMNS, count = smaller(columns - first, PANEL_COLUMNS);
        for (size_t k = 0; k < lines; k++) {
            uint32_t line[PANEL_COLUMNS];
            const uint16_t *row = x + 2 * k * stride + first, *next = 2 * k + 1 < rows ? row + stride : NULL;
            if (2 * k >= rows)
                memset(line, 0, sizeof line);
            else if (count == PANEL_COLUMNS)
                pair_bfloats(PANEL_COLUMNS, row, next, line);
            else
                pair_bfloats(count, row, next, line);
            memcpy(packed + (p * lines + k) * 2 * PANEL_COLUMNS, line, sizeof line);
        }
    }
}

// A square of sixteen by sixteen words, transposed in registers.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "clones.h"

enum { SIDE = 16 };

typedef uint32_t line __attribute__((vector_size(SIDE * sizeof(uint32_t))));

// Exchanges the off-diagonal halves of all blocks of 2 step rows and columns.
#define EXCHANGE(step, upper, lower)                                                                                   \
    for (size_t i = 0; i < SIDE; i++) {                                                                                \
        if (i & step) continue;                                                                                        \
        line a = m[i], b = m[i + step];                                                                                \
        m[i] = __builtin_shufflevector(a, b, upper);                                                                   \
        m[i + step] = __builtin_shufflevector(a, b, lower);                                                            \
    }
#define COLUMNS(...) __VA_ARGS__

// m[i][j] = m[j][i], half by half.
INLINED void transpose_lines(line m[SIDE]) {
    EXCHANGE(8, COLUMNS(0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23),
             COLUMNS(8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31))
    EXCHANGE(4, COLUMNS(0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27),
             COLUMNS(4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31))
    EXCHANGE(2, COLUMNS(0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29),
             COLUMNS(2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31))
    EXCHANGE(1, COLUMNS(0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30),
             COLUMNS(1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31))
}
#undef EXCHANGE
#undef COLUMNS

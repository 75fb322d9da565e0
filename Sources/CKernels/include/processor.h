#pragma once
#include <stdbool.h>

// Whether this processor and its operating system have AVX2 with FMA, or the AVX-512 of servers (F, CD, BW, DQ, VL).
bool processor_has_avx2(void);
bool processor_has_avx512(void);
// Whether AVX-512 multiplies bfloat16 as well.
bool processor_has_bfloat(void);

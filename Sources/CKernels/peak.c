#include "peak.h"

#include <string.h>

#include "clones.h"
#include "processor.h"
#include "small_product.h"

#if defined(__x86_64__) && defined(__linux__)
#include <immintrin.h>
#define WIDE __attribute__((target("arch=x86-64-v4")))
#define BFLOAT __attribute__((target("arch=x86-64-v4,avx512bf16")))
#endif

// So many sums side by side that none waits for its last multiply-add: twelve of 16 numbers, or six that take two
// registers each.
enum { WIDE_SUMS = 12, NARROW_SUMS = 6 };

// Keeps what nobody reads from being left out.
static volatile float sink;

INLINED size_t multiply(const size_t count, size_t rounds) {
    lanes sums[WIDE_SUMS] = {0};
    for (size_t round = 0; round < rounds; round++)
#pragma clang loop unroll(full)
        for (size_t i = 0; i < count; i++) sums[i] = sums[i] * 0.5f + 1.0f;
#pragma clang loop unroll(full)
    for (size_t i = 0; i < count; i++) sink = sums[i][0];
    return rounds * count * LANES;
}

CLONED static size_t multiply_narrow(size_t rounds) { return multiply(NARROW_SUMS, rounds); }

#ifdef WIDE

WIDE static size_t multiply_wide(size_t rounds) { return multiply(WIDE_SUMS, rounds); }

BFLOAT static size_t multiply_bfloats(size_t rounds) {
    __m512 sums[WIDE_SUMS];
    __m512bh ones = (__m512bh)_mm512_set1_epi32(0x3F803F80);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < WIDE_SUMS; i++) sums[i] = _mm512_setzero_ps();
    for (size_t round = 0; round < rounds; round++)
#pragma clang loop unroll(full)
        for (size_t i = 0; i < WIDE_SUMS; i++) sums[i] = _mm512_dpbf16_ps(sums[i], ones, ones);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < WIDE_SUMS; i++) sink = sums[i][0];
    return rounds * WIDE_SUMS * 2 * LANES;
}

#endif

size_t multiply_registers(size_t rounds) {
#ifdef WIDE
    if (processor_has_avx512()) return multiply_wide(rounds);
#endif
    return multiply_narrow(rounds);
}

size_t multiply_bfloat_registers(size_t rounds) {
#ifdef WIDE
    if (processor_has_avx512() && processor_has_bfloat()) return multiply_bfloats(rounds);
#endif
    (void)rounds;
    return 0;
}

// The rounds of Philox4x32-10, for kernels that draw as they go.
#pragma once
#include <stdint.h>
#include <string.h>

#include "clones.h"
#include "random.h"

enum { RANDOM_GROUP = 64, RANDOM_LANES = 16 };

typedef uint32_t words __attribute__((vector_size(RANDOM_LANES * sizeof(uint32_t))));
typedef uint64_t long_words __attribute__((vector_size(RANDOM_LANES * sizeof(uint32_t))));

// The upper and lower halves of the products of sixteen words with a factor. Instruction sets multiply every second
// word, so even and odd ones are multiplied apart.
INLINED void multiply_words(const words *x, uint32_t factor, words *high, words *low) {
    const long_words lower_half = (long_words){0} + 0xFFFFFFFFu;
    long_words even = ((long_words)*x & lower_half) * factor;
    long_words odd = ((long_words)*x >> 32) * factor;
    *high = (words)((even >> 32) | (odd & ~lower_half));
    *low = (words)((even & lower_half) | (odd << 32));
}

// Sixteen counters that differ in their lowest word, enciphered side by side into one group of 64 numbers.
INLINED void random_group(const random_stream *stream, uint64_t group, uint32_t bits[RANDOM_GROUP]) {
    const words numbers = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    words c0 = numbers + (uint32_t)(group * RANDOM_LANES);
    words c1 = (words){0} + stream->example, c2 = (words){0} + stream->step, c3 = (words){0} + stream->purpose;
    uint32_t k0 = (uint32_t)stream->seed, k1 = (uint32_t)(stream->seed >> 32);
    for (int round = 0; round < 10; round++) {
        words high0, low0, high2, low2;
        multiply_words(&c0, 0xD2511F53u, &high0, &low0);
        multiply_words(&c2, 0xCD9E8D57u, &high2, &low2);
        c0 = high2 ^ c1 ^ k0;
        c1 = low2;
        c2 = high0 ^ c3 ^ k1;
        c3 = low0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    const words result[4] = {c0, c1, c2, c3};
    memcpy(bits, result, sizeof result);
}

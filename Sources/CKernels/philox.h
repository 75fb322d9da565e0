// The rounds of Philox4x32-10, for kernels that draw as they go.
#pragma once
#include <stdint.h>

#include "clones.h"
#include "random.h"

enum { RANDOM_GROUP = 64, RANDOM_LANES = 16 };

// Sixteen counters that differ in their lowest word, enciphered side by side into one group of 64 numbers.
INLINED void random_group(const random_stream *stream, uint64_t group, uint32_t bits[RANDOM_GROUP]) {
    uint32_t *c0 = bits, *c1 = bits + 16, *c2 = bits + 32, *c3 = bits + 48;
    for (int i = 0; i < RANDOM_LANES; i++) {
        c0[i] = (uint32_t)(group * RANDOM_LANES) + (uint32_t)i;
        c1[i] = stream->example;
        c2[i] = stream->step;
        c3[i] = stream->purpose;
    }
    uint32_t k0 = (uint32_t)stream->seed, k1 = (uint32_t)(stream->seed >> 32);
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < RANDOM_LANES; i++) {
            uint64_t product0 = (uint64_t)c0[i] * 0xD2511F53u;
            uint64_t product1 = (uint64_t)c2[i] * 0xCD9E8D57u;
            uint32_t next0 = (uint32_t)(product1 >> 32) ^ c1[i] ^ k0;
            uint32_t next2 = (uint32_t)(product0 >> 32) ^ c3[i] ^ k1;
            c1[i] = (uint32_t)product1;
            c3[i] = (uint32_t)product0;
            c0[i] = next0;
            c2[i] = next2;
        }
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
}

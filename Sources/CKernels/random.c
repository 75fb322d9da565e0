#include "random.h"

#include "philox.h"

void random_block(const uint32_t counter[4], const uint32_t key[2], uint32_t result[4]) {
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3], k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t product0 = (uint64_t)c0 * 0xD2511F53u;
        uint64_t product1 = (uint64_t)c2 * 0xCD9E8D57u;
        uint32_t next0 = (uint32_t)(product1 >> 32) ^ c1 ^ k0;
        uint32_t next2 = (uint32_t)(product0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)product1;
        c3 = (uint32_t)product0;
        c0 = next0;
        c2 = next2;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    result[0] = c0;
    result[1] = c1;
    result[2] = c2;
    result[3] = c3;
}

uint32_t random_bits(const random_stream *stream, uint64_t position) {
    uint32_t block = (uint32_t)(position / RANDOM_GROUP * RANDOM_LANES + position % RANDOM_LANES);
    uint32_t counter[4] = {block, stream->example, stream->step, stream->purpose};
    uint32_t key[2] = {(uint32_t)stream->seed, (uint32_t)(stream->seed >> 32)};
    uint32_t result[4];
    random_block(counter, key, result);
    return result[position / RANDOM_LANES % 4];
}

CLONED void random_fill(const random_stream *stream, uint64_t group, size_t groups, uint32_t *bits) {
    for (size_t i = 0; i < groups; i++) random_group(stream, group + i, bits + RANDOM_GROUP * i);
}

// Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel Random Numbers: As Easy as 1, 2, 3, SC 2011): a bijection of
// 128-bit counters under a 64-bit key. Nothing is stored; each number can be had alone.
#pragma once
#include <stddef.h>
#include <stdint.h>

// What a stream of numbers belongs to: the key, and the three upper words of the counter. The lowest word counts blocks.
typedef struct {
    uint64_t seed;
    uint32_t example, step, purpose;
} random_stream;

// One application: four words of counter to four words of random bits.
void random_block(const uint32_t counter[4], const uint32_t key[2], uint32_t result[4]);

// The number at `position` of a stream, below 2^34. A group of 64 consecutive positions is made of 16 blocks: position
// 16 w + i of a group is word w of its block i, so that vectorized blocks are stored as they are.
uint32_t random_bits(const random_stream *stream, uint64_t position);

// The numbers at positions 64 group ..< 64 (group + groups).
void random_fill(const random_stream *stream, uint64_t group, size_t groups, uint32_t *bits);

// How kernels are compiled: once per instruction set, the best one chosen when the program is loaded.
#pragma once

#if defined(__x86_64__) && defined(__linux__)
#define CLONED __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define CLONED
#endif

// Helpers are inlined into every clone, and so are compiled for its instruction set.
#define INLINED static inline __attribute__((always_inline))

#include "processor.h"

#if defined(__x86_64__)

bool processor_has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

bool processor_has_avx512(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
}

bool processor_has_bfloat(void) { return __builtin_cpu_supports("avx512bf16"); }

#else

bool processor_has_avx2(void) { return false; }
bool processor_has_avx512(void) { return false; }
bool processor_has_bfloat(void) { return false; }

#endif

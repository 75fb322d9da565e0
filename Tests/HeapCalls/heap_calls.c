#include "HeapCalls.h"

#include <errno.h>

// What glibc calls its own.
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static _Thread_local long calls;

static void count(size_t bytes) { calls += bytes >= COUNTED_BYTES; }

void heap_calls_reset(void) { calls = 0; }
long heap_calls(void) { return calls; }

void *malloc(size_t bytes) {
    count(bytes);
    return __libc_malloc(bytes);
}

void *calloc(size_t elements, size_t bytes) {
    count(elements > COUNTED_BYTES ? elements : elements * bytes);
    return __libc_calloc(elements, bytes);
}

void *realloc(void *place, size_t bytes) {
    count(bytes);
    return __libc_realloc(place, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes) {
    count(bytes);
    return __libc_memalign(alignment, bytes);
}

int posix_memalign(void **place, size_t alignment, size_t bytes) {
    count(bytes);
    *place = __libc_memalign(alignment, bytes);
    return *place ? 0 : ENOMEM;
}

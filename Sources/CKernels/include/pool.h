#pragma once
#include <stddef.h>

// Threads that wait for work; the thread that hands it out works too.
typedef struct kernel_pool kernel_pool;

// Processes the items begin..<end.
typedef void (*kernel_body)(void *context, size_t begin, size_t end);

// A pool of `threads` threads, the calling one included; NULL where the system grants no more threads.
kernel_pool *kernel_pool_create(size_t threads);
void kernel_pool_destroy(kernel_pool *pool);

// Calls `body` until each of `count` items was processed once, `grain` items at a time, and returns when all are done.
// Called from within a body it runs on that thread alone.
void kernel_pool_for_each(kernel_pool *pool, size_t count, size_t grain, kernel_body body, void *context);

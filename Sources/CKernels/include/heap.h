#pragma once

// Lets all threads share one heap where the system limits this process's addresses (ulimit -v, some batch systems):
// glibc reserves 64 MiB of them for each thread otherwise, and the limit is reached with most memory untouched.
// To be called before the first thread.
void heap_share_where_limited(void);

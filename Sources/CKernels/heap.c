#include "heap.h"

#include <malloc.h>
#include <sys/resource.h>

void heap_share_where_limited(void) {
#if defined(M_ARENA_MAX)
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) mallopt(M_ARENA_MAX, 1);
#endif
}

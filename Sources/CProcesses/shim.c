#define _GNU_SOURCE
#include "CProcesses.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

// Puts each stream in its place. Copies above the three, so that none is overwritten before its turn.
static int add_streams(posix_spawn_file_actions_t *actions, const int streams[3], int copies[3]) {
    int failure = 0;
    for (int place = 0; place < 3 && failure == 0; place++) {
        if (streams[place] < 0) {
            failure = posix_spawn_file_actions_addopen(actions, place, "/dev/null", place == 0 ? O_RDONLY : O_WRONLY, 0);
            continue;
        }
        copies[place] = fcntl(streams[place], F_DUPFD_CLOEXEC, 3);
        if (copies[place] < 0) return errno;
        failure = posix_spawn_file_actions_adddup2(actions, copies[place], place);
    }
    if (failure == 0) failure = posix_spawn_file_actions_addclosefrom_np(actions, 3);
    char *folder = getcwd(NULL, 0);
    if (folder == NULL && failure == 0) failure = posix_spawn_file_actions_addchdir_np(actions, "/");
    free(folder);
    return failure;
}

int cprocesses_start(char *const *words, char *const *settings, const int streams[3], int *child) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    int copies[3] = {-1, -1, -1};
    int failure = add_streams(&actions, streams, copies);
    if (failure == 0) failure = posix_spawnp(child, words[0], &actions, &attributes, words, settings);
    for (int place = 0; place < 3; place++) {
        if (copies[place] >= 0) close(copies[place]);
    }
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return failure;
}

int cprocesses_memory_file(void) { return memfd_create("headstart", MFD_CLOEXEC); }

void cprocesses_share_heap_where_limited(void) {
#if defined(M_ARENA_MAX)
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) mallopt(M_ARENA_MAX, 1);
#endif
}

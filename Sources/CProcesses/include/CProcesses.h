#pragma once

// Starts a program in a process group of its own, with no signal blocked, and with no file open but the three streams.
// Whoever stands in a folder that was deleted starts it in /.
//   words: the program, by its path or its name in PATH, its arguments, and NULL.
//   settings: NAME=VALUE of each variable of its environment, and NULL.
//   streams: descriptors for its input, output and errors; -1 is nothing to read, or nobody who reads.
// Returns 0, or the system's number of the error.
int cprocesses_start(char *const *words, char *const *settings, const int streams[3], int *child);

// Returns a file that is in memory alone and goes with its last descriptor, or -1 and errno.
int cprocesses_memory_file(void);

// Lets all threads share one heap where the system limits this process's addresses (ulimit -v, some batch systems):
// glibc reserves 64 MiB of them for each thread otherwise, and the limit is reached with most memory untouched.
// To be called before the first thread.
void cprocesses_share_heap_where_limited(void);

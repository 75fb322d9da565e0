// Reading zip archives with libzip, which is loaded when it is first asked for, as libcurl is in CCurl.
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef struct czip_archive czip_archive;
typedef struct czip_entry czip_entry;

// Whether there is a libzip, without which nothing below may be called.
int czip_is_there(void);

// NULL for what cannot be read, with the reason in at most size bytes of problem, the final zero included.
czip_archive *czip_open(const char *path, char *problem, size_t size);
void czip_close(czip_archive *archive);

int64_t czip_count(const czip_archive *archive);
// The name as it stands in the archive, until that is closed; index is below the count.
const char *czip_name(const czip_archive *archive, int64_t index);

czip_entry *czip_open_entry(const czip_archive *archive, int64_t index, char *problem, size_t size);
// Up to count bytes; 0 at the end, where the entry's checksum has been compared; below 0 for an error, with the reason.
int64_t czip_read(czip_entry *entry, void *bytes, size_t count, char *problem, size_t size);
void czip_close_entry(czip_entry *entry);

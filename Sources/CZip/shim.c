#include "CZip.h"

#include <dlfcn.h>
#include <stdio.h>
#include <zip.h>

static struct {
    __typeof__(&zip_open) open;
    __typeof__(&zip_discard) discard;
    __typeof__(&zip_get_num_entries) count;
    __typeof__(&zip_get_name) name;
    __typeof__(&zip_fopen_index) open_entry;
    __typeof__(&zip_fread) read;
    __typeof__(&zip_fclose) close_entry;
    __typeof__(&zip_strerror) problem;
    __typeof__(&zip_file_strerror) entry_problem;
    __typeof__(&zip_error_init_with_code) error_init;
    __typeof__(&zip_error_strerror) error_text;
    __typeof__(&zip_error_fini) error_end;
} zip;

static int load(void) {
    static int is_loaded = 0;
    if (is_loaded) return 1;
    void *library = dlopen("libzip.so.5", RTLD_NOW | RTLD_LOCAL);
    if (!library) library = dlopen("libzip.so.4", RTLD_NOW | RTLD_LOCAL);
    if (!library) return 0;
    *(void **)&zip.open = dlsym(library, "zip_open");
    *(void **)&zip.discard = dlsym(library, "zip_discard");
    *(void **)&zip.count = dlsym(library, "zip_get_num_entries");
    *(void **)&zip.name = dlsym(library, "zip_get_name");
    *(void **)&zip.open_entry = dlsym(library, "zip_fopen_index");
    *(void **)&zip.read = dlsym(library, "zip_fread");
    *(void **)&zip.close_entry = dlsym(library, "zip_fclose");
    *(void **)&zip.problem = dlsym(library, "zip_strerror");
    *(void **)&zip.entry_problem = dlsym(library, "zip_file_strerror");
    *(void **)&zip.error_init = dlsym(library, "zip_error_init_with_code");
    *(void **)&zip.error_text = dlsym(library, "zip_error_strerror");
    *(void **)&zip.error_end = dlsym(library, "zip_error_fini");
    is_loaded = zip.open && zip.discard && zip.count && zip.name && zip.open_entry && zip.read && zip.close_entry &&
                zip.problem && zip.entry_problem && zip.error_init && zip.error_text && zip.error_end;
    return is_loaded;
}

int czip_is_there(void) { return load(); }

czip_archive *czip_open(const char *path, char *problem, size_t size) {
    int code = 0;
    zip_t *archive = zip.open(path, ZIP_RDONLY, &code);
    if (archive) return (czip_archive *)archive;
    zip_error_t error;
    zip.error_init(&error, code);
    snprintf(problem, size, "%s", zip.error_text(&error));
    zip.error_end(&error);
    return NULL;
}

void czip_close(czip_archive *archive) { zip.discard((zip_t *)archive); }

int64_t czip_count(const czip_archive *archive) { return zip.count((zip_t *)archive, 0); }

const char *czip_name(const czip_archive *archive, int64_t index) {
    return zip.name((zip_t *)archive, (zip_uint64_t)index, 0);
}

czip_entry *czip_open_entry(const czip_archive *archive, int64_t index, char *problem, size_t size) {
    zip_file_t *entry = zip.open_entry((zip_t *)archive, (zip_uint64_t)index, 0);
    if (!entry) snprintf(problem, size, "%s", zip.problem((zip_t *)archive));
    return (czip_entry *)entry;
}

int64_t czip_read(czip_entry *entry, void *bytes, size_t count, char *problem, size_t size) {
    int64_t read = zip.read((zip_file_t *)entry, bytes, count);
    if (read < 0) snprintf(problem, size, "%s", zip.entry_problem((zip_file_t *)entry));
    return read;
}

void czip_close_entry(czip_entry *entry) { zip.close_entry((zip_file_t *)entry); }

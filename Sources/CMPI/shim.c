#include "CMPI.h"

#include <dlfcn.h>
#include <mpi.h>
#include <stdio.h>
#include <string.h>

// The library is the host's, and loaded by the first process that is one of several ranks: all else runs without. Of Open MPI,
// 4 and 5 have one binary interface; its handles are addresses of variables in the library, MPICH's are numbers.
#define TEXT(number) #number
#define VERSION(major, minor, patch) TEXT(major) "." TEXT(minor) "." TEXT(patch)
#if defined(OPEN_MPI)
static const char *const libraries[] = {"libmpi.so.40"};
#define HANDLE(type, number, variable) ((type)find(variable))
#define FAMILY CMPI_OPEN_MPI
#define RELEASE VERSION(OMPI_MAJOR_VERSION, OMPI_MINOR_VERSION, OMPI_RELEASE_VERSION)
#elif defined(MPICH_VERSION)
static const char *const libraries[] = {"libmpich.so.12", "libmpi.so.12"};
#define HANDLE(type, number, variable) (number)
#define FAMILY CMPI_MPICH
#define RELEASE MPICH_VERSION
#else
#error "this MPI is neither Open MPI nor MPICH (or one of its family)"
#endif

static struct {
    __typeof__(&MPI_Init_thread) init_thread;
    __typeof__(&MPI_Finalize) finalize;
    __typeof__(&MPI_Comm_set_errhandler) set_errhandler;
    __typeof__(&MPI_Comm_dup) dup;
    __typeof__(&MPI_Comm_rank) rank;
    __typeof__(&MPI_Comm_size) size;
    __typeof__(&MPI_Barrier) barrier;
    __typeof__(&MPI_Bcast) bcast;
    __typeof__(&MPI_Allgather) allgather;
    __typeof__(&MPI_Test) test;
    __typeof__(&MPI_Ialltoallv) ialltoallv;
    __typeof__(&MPI_Iallgatherv) iallgatherv;
    __typeof__(&MPI_Ibcast) ibcast;
    __typeof__(&MPI_Error_string) error_string;
    MPI_Errhandler errors_return;
    MPI_Datatype byte, half, single, word, no_type;
    // What is started on one of them overtakes nothing on the others.
    MPI_Comm world, scatters, gathers;
} mpi;

static void *library;
// Why the library cannot be used; empty where it can.
static char lack[256];

static void *find(const char *name) {
    void *found = dlsym(library, name);
    if (!found && !lack[0]) snprintf(lack, sizeof lack, "%s", dlerror());
    return found;
}

static int load(void) {
    // Its own plug-ins look for its functions among all that is loaded.
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries && !library; i++) {
        library = dlopen(libraries[i], RTLD_NOW | RTLD_GLOBAL);
    }
    if (!library) {
        snprintf(lack, sizeof lack, "%s", dlerror());
        return CMPI_MISSING;
    }
    *(void **)&mpi.init_thread = find("MPI_Init_thread");
    *(void **)&mpi.finalize = find("MPI_Finalize");
    *(void **)&mpi.set_errhandler = find("MPI_Comm_set_errhandler");
    *(void **)&mpi.dup = find("MPI_Comm_dup");
    *(void **)&mpi.rank = find("MPI_Comm_rank");
    *(void **)&mpi.size = find("MPI_Comm_size");
    *(void **)&mpi.barrier = find("MPI_Barrier");
    *(void **)&mpi.bcast = find("MPI_Bcast");
    *(void **)&mpi.allgather = find("MPI_Allgather");
    *(void **)&mpi.test = find("MPI_Test");
    *(void **)&mpi.ialltoallv = find("MPI_Ialltoallv");
    *(void **)&mpi.iallgatherv = find("MPI_Iallgatherv");
    *(void **)&mpi.ibcast = find("MPI_Ibcast");
    *(void **)&mpi.error_string = find("MPI_Error_string");
    mpi.errors_return = HANDLE(MPI_Errhandler, MPI_ERRORS_RETURN, "ompi_mpi_errors_return");
    mpi.byte = HANDLE(MPI_Datatype, MPI_BYTE, "ompi_mpi_byte");
    mpi.half = HANDLE(MPI_Datatype, MPI_UINT16_T, "ompi_mpi_uint16_t");
    mpi.single = HANDLE(MPI_Datatype, MPI_FLOAT, "ompi_mpi_float");
    mpi.word = HANDLE(MPI_Datatype, MPI_UNSIGNED_LONG_LONG, "ompi_mpi_unsigned_long_long");
    mpi.no_type = HANDLE(MPI_Datatype, MPI_DATATYPE_NULL, "ompi_mpi_datatype_null");
    mpi.world = HANDLE(MPI_Comm, MPI_COMM_WORLD, "ompi_mpi_comm_world");
    return lack[0] ? CMPI_MISSING : MPI_SUCCESS;
}

cmpi_family cmpi_built_with(void) { return FAMILY; }

const char *cmpi_release(void) { return RELEASE; }

int cmpi_initialize(void) {
    int provided = MPI_THREAD_SINGLE;
    int code = load();
    if (code == MPI_SUCCESS) code = mpi.init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
    if (code != MPI_SUCCESS) return code;
    if (provided < MPI_THREAD_FUNNELED) return CMPI_NO_THREADS;
    code = mpi.set_errhandler(mpi.world, mpi.errors_return);
    // Copies have the error handler, too.
    if (code == MPI_SUCCESS) code = mpi.dup(mpi.world, &mpi.scatters);
    if (code == MPI_SUCCESS) code = mpi.dup(mpi.world, &mpi.gathers);
    return code;
}

int cmpi_finalize(void) { return mpi.finalize(); }

int cmpi_rank(int *rank) { return mpi.rank(mpi.world, rank); }

int cmpi_size(int *size) { return mpi.size(mpi.world, size); }

int cmpi_barrier(void) { return mpi.barrier(mpi.world); }

int cmpi_broadcast_bytes(void *bytes, int count, int root) {
    return mpi.bcast(bytes, count, mpi.byte, root, mpi.world);
}

int cmpi_allgather_bytes(const void *mine, void *all, int count) {
    return mpi.allgather(mine, count, mpi.byte, all, count, mpi.byte, mpi.world);
}

_Static_assert(sizeof(MPI_Request) <= sizeof(cmpi_request), "a request of MPI is a pointer or a number");

static MPI_Datatype number(int width) { return width == 2 ? mpi.half : mpi.single; }

int cmpi_test(cmpi_request *request, int *done) {
    MPI_Request own;
    memcpy(&own, request->bytes, sizeof own);
    int code = mpi.test(&own, done, MPI_STATUS_IGNORE);
    memcpy(request->bytes, &own, sizeof own);
    return code;
}

int cmpi_start_scatter(const void *values, int width, const int *counts, const int *offsets, void *received,
                       const int *received_counts, const int *received_offsets, cmpi_request *request) {
    MPI_Request own;
    int code = mpi.ialltoallv(values, counts, offsets, number(width), received, received_counts, received_offsets,
                              number(width), mpi.scatters, &own);
    memcpy(request->bytes, &own, sizeof own);
    return code;
}

int cmpi_start_gather(void *values, int width, const int *counts, const int *offsets, cmpi_request *request) {
    MPI_Request own;
    int code = mpi.iallgatherv(MPI_IN_PLACE, 0, mpi.no_type, values, counts, offsets, number(width), mpi.gathers, &own);
    memcpy(request->bytes, &own, sizeof own);
    return code;
}

static MPI_Request header_request;

int cmpi_start_header(unsigned long long *header) {
    return mpi.ibcast(header, 1, mpi.word, 0, mpi.world, &header_request);
}

int cmpi_test_header(int *done) { return mpi.test(&header_request, done, MPI_STATUS_IGNORE); }

void cmpi_describe(int code, char *text, int size) {
    char full[MPI_MAX_ERROR_STRING] = "";
    int length = 0;
    if (code == CMPI_MISSING) {
        snprintf(text, (size_t)size, "%s", lack);
    } else if (code == CMPI_NO_THREADS) {
        snprintf(text, (size_t)size, "this MPI library does not allow threads beside the one that calls it");
    } else if (mpi.error_string(code, full, &length) == MPI_SUCCESS) {
        snprintf(text, (size_t)size, "%s", full);
    } else {
        snprintf(text, (size_t)size, "error %d", code);
    }
}

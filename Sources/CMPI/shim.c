#include "CMPI.h"

#include <mpi.h>
#include <stdio.h>
#include <string.h>

// What is started on one of them overtakes nothing on the others.
static MPI_Comm scatters, gathers;

#define TEXT(number) #number
#define VERSION(major, minor, patch) TEXT(major) "." TEXT(minor) "." TEXT(patch)

const char *cmpi_library(void) {
#if defined(OPEN_MPI)
    return "Open MPI " VERSION(OMPI_MAJOR_VERSION, OMPI_MINOR_VERSION, OMPI_RELEASE_VERSION);
#elif defined(MPICH_VERSION)
    return "MPICH " MPICH_VERSION;
#else
#error "this MPI is neither Open MPI nor MPICH (or one of its family)"
#endif
}

int cmpi_initialize(void) {
    int provided = MPI_THREAD_SINGLE;
    int code = MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
    if (code != MPI_SUCCESS) return code;
    if (provided < MPI_THREAD_FUNNELED) return CMPI_NO_THREADS;
    code = MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    // Copies have the error handler, too.
    if (code == MPI_SUCCESS) code = MPI_Comm_dup(MPI_COMM_WORLD, &scatters);
    if (code == MPI_SUCCESS) code = MPI_Comm_dup(MPI_COMM_WORLD, &gathers);
    return code;
}

int cmpi_finalize(void) { return MPI_Finalize(); }

int cmpi_rank(int *rank) { return MPI_Comm_rank(MPI_COMM_WORLD, rank); }

int cmpi_size(int *size) { return MPI_Comm_size(MPI_COMM_WORLD, size); }

int cmpi_barrier(void) { return MPI_Barrier(MPI_COMM_WORLD); }

int cmpi_broadcast_bytes(void *bytes, int count, int root) {
    return MPI_Bcast(bytes, count, MPI_BYTE, root, MPI_COMM_WORLD);
}

int cmpi_allgather_bytes(const void *mine, void *all, int count) {
    return MPI_Allgather(mine, count, MPI_BYTE, all, count, MPI_BYTE, MPI_COMM_WORLD);
}

_Static_assert(sizeof(MPI_Request) <= sizeof(cmpi_request), "a request of MPI is a pointer or a number");

static MPI_Datatype number(int width) { return width == 2 ? MPI_UINT16_T : MPI_FLOAT; }

int cmpi_test(cmpi_request *request, int *done) {
    MPI_Request own;
    memcpy(&own, request->bytes, sizeof own);
    int code = MPI_Test(&own, done, MPI_STATUS_IGNORE);
    memcpy(request->bytes, &own, sizeof own);
    return code;
}

int cmpi_start_scatter(const void *values, int width, const int *counts, const int *offsets, void *received,
                       const int *received_counts, const int *received_offsets, cmpi_request *request) {
    MPI_Request own;
    int code = MPI_Ialltoallv(values, counts, offsets, number(width), received, received_counts, received_offsets,
                              number(width), scatters, &own);
    memcpy(request->bytes, &own, sizeof own);
    return code;
}

int cmpi_start_gather(void *values, int width, const int *counts, const int *offsets, cmpi_request *request) {
    MPI_Request own;
    int code = MPI_Iallgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, values, counts, offsets, number(width), gathers,
                               &own);
    memcpy(request->bytes, &own, sizeof own);
    return code;
}

static MPI_Request header_request;

int cmpi_start_header(unsigned long long *header) {
    return MPI_Ibcast(header, 1, MPI_UNSIGNED_LONG_LONG, 0, MPI_COMM_WORLD, &header_request);
}

int cmpi_test_header(int *done) { return MPI_Test(&header_request, done, MPI_STATUS_IGNORE); }

void cmpi_describe(int code, char *text, int size) {
    char full[MPI_MAX_ERROR_STRING] = "";
    int length = 0;
    if (code == CMPI_NO_THREADS) {
        snprintf(text, (size_t)size, "this MPI library does not allow threads beside the one that calls it");
    } else if (MPI_Error_string(code, full, &length) == MPI_SUCCESS) {
        snprintf(text, (size_t)size, "%s", full);
    } else {
        snprintf(text, (size_t)size, "error %d", code);
    }
}

#include "CMPI.h"

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int cmpi_initialize(void) {
    int provided = MPI_THREAD_SINGLE;
    int code = MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
    if (code != MPI_SUCCESS) return code;
    if (provided < MPI_THREAD_FUNNELED) return CMPI_NO_THREADS;
    return MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
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

int cmpi_scatter_pieces(const float *values, const int *counts, const int *offsets, float *received, int own_count) {
    int size = 0;
    int code = MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (code != MPI_SUCCESS) return code;
    int *own = malloc(2 * (size_t)size * sizeof *own);
    if (own == NULL) return MPI_ERR_NO_MEM;
    for (int rank = 0; rank < size; rank++) {
        own[rank] = own_count;
        own[size + rank] = rank * own_count;
    }
    code = MPI_Alltoallv(values, counts, offsets, MPI_FLOAT, received, own, own + size, MPI_FLOAT, MPI_COMM_WORLD);
    free(own);
    return code;
}

int cmpi_allgather_pieces(float *values, const int *counts, const int *offsets) {
    return MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, values, counts, offsets, MPI_FLOAT, MPI_COMM_WORLD);
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

void cmpi_sum_pieces(const float *restrict pieces, int ranks, int count, float *restrict sum) {
    memcpy(sum, pieces, (size_t)count * sizeof *sum);
    for (int rank = 1; rank < ranks; rank++) {
        const float *piece = pieces + (size_t)rank * (size_t)count;
        for (int i = 0; i < count; i++) sum[i] += piece[i];
    }
}

// The calls to MPI that Collectives makes, as functions of plain C types: mpi.h is made of cast macros (MPI_COMM_WORLD,
// MPI_FLOAT) that Swift cannot import. All act on MPI_COMM_WORLD; each returns MPI's code, 0 for success.
#pragma once

// Initializes MPI for calls from the main thread only and makes errors come back as codes, where MPI's default is to
// abort. A library that cannot take threads beside the main one gives CMPI_NO_THREADS.
int cmpi_initialize(void);
int cmpi_finalize(void);

int cmpi_rank(int *rank);
int cmpi_size(int *size);
int cmpi_barrier(void);

int cmpi_broadcast_bytes(void *bytes, int count, int root);

// all holds count bytes of each rank, in rank order.
int cmpi_allgather_bytes(const void *mine, void *all, int count);

// Every rank sends to rank r the counts[r] floats from offsets[r] on; received holds own_count floats of each rank,
// in rank order. counts and offsets are equal on all ranks, and counts[own rank] is own_count.
int cmpi_scatter_pieces(const float *values, const int *counts, const int *offsets, float *received, int own_count);

// values holds own piece; afterwards those of all ranks.
int cmpi_allgather_pieces(float *values, const int *counts, const int *offsets);

// A broadcast of 8 bytes from rank 0 that can be waited for without spinning. The caller keeps header alive until
// done is 1. One at a time.
int cmpi_start_header(unsigned long long *header);
int cmpi_test_header(int *done);

// MPI's sentence for a code, in at most size bytes with the final zero.
void cmpi_describe(int code, char *text, int size);

enum { CMPI_NO_THREADS = -1 };

// The sum of ranks pieces of count floats each that lie one after another, added in that order for every entry.
void cmpi_sum_pieces(const float *restrict pieces, int ranks, int count, float *restrict sum);

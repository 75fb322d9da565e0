// The calls to MPI that Collectives makes, as functions of plain C types: mpi.h is made of cast macros (MPI_COMM_WORLD,
// MPI_FLOAT) that Swift cannot import. All act on MPI_COMM_WORLD; each returns MPI's code, 0 for success.
#pragma once

// Initializes MPI for calls from the main thread only and makes errors come back as codes, where MPI's default is to
// abort. A host without the library gives CMPI_MISSING, a library that cannot take threads beside the main one
// CMPI_NO_THREADS. No other function is called before it.
int cmpi_initialize(void);
int cmpi_finalize(void);

int cmpi_rank(int *rank);
int cmpi_size(int *size);
int cmpi_barrier(void);

int cmpi_broadcast_bytes(void *bytes, int count, int root);

// all holds count bytes of each rank, in rank order.
int cmpi_allgather_bytes(const void *mine, void *all, int count);

// A call that was started and is not done. All that it was given stays where it is until then.
typedef struct {
    unsigned char bytes[sizeof(void *)];
} cmpi_request;

// done is 1 where the call is done. Lets all calls that were started go on.
int cmpi_test(cmpi_request *request, int *done);

// Pieces of numbers of 2 or 4 bytes, their width. Scatters and gathers are told apart, so that between ranks only the
// scatters must be started in the same order, and the gathers.

// Starts to send to each rank r the counts[r] numbers from offsets[r] on; received holds as many of each rank, from
// received_offsets[r] on. counts and offsets are equal on all ranks; all received_counts are counts[own rank].
int cmpi_start_scatter(const void *values, int width, const int *counts, const int *offsets, void *received,
                       const int *received_counts, const int *received_offsets, cmpi_request *request);

// values holds own piece, and when it is done those of all ranks.
int cmpi_start_gather(void *values, int width, const int *counts, const int *offsets, cmpi_request *request);

// A broadcast of 8 bytes from rank 0 that can be waited for without spinning. The caller keeps header alive until
// done is 1. One at a time.
int cmpi_start_header(unsigned long long *header);
int cmpi_test_header(int *done);

// MPI's sentence for a code, in at most size bytes with the final zero.
void cmpi_describe(int code, char *text, int size);

// The library that the program was built with, and its version, as "4.1.4".
typedef enum { CMPI_OPEN_MPI, CMPI_MPICH } cmpi_family;
cmpi_family cmpi_built_with(void);
const char *cmpi_release(void);

enum { CMPI_NO_THREADS = -1, CMPI_MISSING = -2 };

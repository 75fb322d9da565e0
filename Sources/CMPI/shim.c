#include "CMPI.h"
#include <mpi.h>
int headstart_mpi_size(void);int headstart_mpi_size(void){int n;return MPI_Comm_size(MPI_COMM_WORLD,&n);}

// OpenBLAS's own header: the C interface to the matrix products, and the calls that set and name its threads and core.
#include <cblas.h>

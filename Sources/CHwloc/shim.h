// hwloc's own header: which cores there are, and which of them a process may use.
#include <hwloc.h>

#define NE_LEVEL ne_portable
#define NE_TABLE ne_kernels_portable
#define NE_NAME "portable"
#include "lane_vector.h"
#include "table.inc"

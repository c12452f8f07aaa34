#define NE_LEVEL ne_neon
#define NE_TABLE ne_kernels_neon
#define NE_NAME "neon"
#include "lane_vector.h"
#include "table.inc"

#define NE_LEVEL ne_avx2
#define NE_TABLE ne_kernels_avx2
#define NE_NAME "avx2"
#include "lane_avx2.h"
#include "table.inc"

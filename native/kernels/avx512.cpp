#define NE_LEVEL ne_avx512
#define NE_TABLE ne_kernels_avx512
#define NE_NAME "avx512"
#include "lane_avx512.h"
#include "table.inc"

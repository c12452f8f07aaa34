// given spikes on the grid of a run, by the kernel of the instruction set in use
#include "dispatch.h"

extern "C" int64_t ne_grid(const double* time, const uint32_t* neuron, int64_t n, double per_ms, int64_t ticks,
                           int32_t* tick) {
  return ne_kernels_in_use()->grid(time, neuron, n, per_ms, ticks, tick);
}

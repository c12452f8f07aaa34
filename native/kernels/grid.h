// given spikes on the grid of a run: the twin of neuroedge.engines.job.on_grid
namespace NE_LEVEL {

// A spike at time t belongs to the tick that covers (k·dt, (k + 1)·dt], with a millionth of a tick for rounding; time 0
// and what lies just beyond the end belong to the first and the last tick. Returns 1 if (tick, neuron) ascends.
static int32_t grid(const double* time, const uint32_t* neuron, int64_t n, double per_ms, int64_t ticks, int32_t* tick) {
  const double last = (double)ticks;
  for (int64_t i = 0; i < n; i++) {
    double x = time[i] * per_ms - 1e-6;
    x = x < last ? x : last;
    // the nearest whole number, without a call or a branch, so that the loop vectorises
    const double near = (x + 0x1p52) - 0x1p52;
    const int32_t t = (int32_t)(near - (near < x ? 0.0 : 1.0));
    tick[i] = t & ~(t >> 31);
  }
  int32_t falls = 0;
  for (int64_t i = 1; i < n; i++)
    falls |= (int32_t)(tick[i] < tick[i - 1]) | ((int32_t)(tick[i] == tick[i - 1]) & (int32_t)(neuron[i] < neuron[i - 1]));
  return falls == 0;
}

}  // namespace NE_LEVEL

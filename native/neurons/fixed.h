// LIF in integers (../fixed.h), block by block; and arrivals of int8 synapses for models with float states
//   parameters: rest, unit, gain
#include "../fixed.h"

namespace NE_LEVEL {

template <bool NARROW>
static inline int32_t fixed_blocks(const ne_fixed_args& a, uint32_t* spike) {
  const int32_t low = NARROW ? -a.most_v : -32768, high = NARROW ? a.most_v : 32767;
  uint32_t* out = spike;
  for (int64_t i = 0; i < a.lanes; i += NE_BLOCK) {
    int16_t fired[NE_BLOCK];
    if (NARROW)
      ne_fixed_advance_narrow(a.v + i, a.sum + i, a.held + i, a.decay + i, a.right + i, a.shift + i, a.most_v,
                              a.most_sum, NE_BLOCK);
    else
      ne_fixed_advance(a.v + i, a.sum + i, a.held + i, a.decay + i, a.shift + i, NE_BLOCK);
    if (a.drive) ne_fixed_inject(a.v + i, a.drive + i, a.held + i, low, high, NE_BLOCK);
    ne_fixed_fire(a.v + i, a.held + i, a.theta + i, fired, NE_BLOCK);
    out = list_bits(lane::pack_shorts(fired), i, out);
  }
  return (int32_t)(out - spike);
}

static int32_t fixed_step(const ne_fixed_args* args, uint32_t* spike) {
  const ne_fixed_args a = *args;
  return a.most_v ? fixed_blocks<true>(a, spike) : fixed_blocks<false>(a, spike);
}

static void to_real(float* in, const float* scale, int64_t lanes) {
  for (int64_t i = 0; i < lanes; i++) {
    int32_t sum;
    memcpy(&sum, in + i, sizeof sum);
    in[i] = (float)sum * scale[i];
  }
}

}  // namespace NE_LEVEL

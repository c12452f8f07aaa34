// LIF in integers (../fixed.h), block by block; and arrivals of int8 synapses for models with float states
//   parameters: rest, unit, gain
#include "../fixed.h"

namespace NE_LEVEL {

static int32_t fixed_step(const ne_fixed_args* args, uint32_t* spike) {
  const ne_fixed_args a = *args;
  uint32_t* out = spike;
  for (int64_t i = 0; i < a.lanes; i += NE_BLOCK) {
    int16_t fired[NE_BLOCK];
    const int32_t* drive = a.drive ? a.drive + i : nullptr;
    if (!ne_fixed_tick(a.v + i, a.sum + i, drive, a.held + i, a.decay + i, a.shift + i, a.theta + i, fired, NE_BLOCK))
      continue;
    for (uint32_t j = 0; j < NE_BLOCK; j++)
      if (fired[j]) *out++ = (uint32_t)i + j;
  }
  return (int32_t)(out - spike);
}

static void to_real(float* in, const float* scale, int64_t lanes) {
  for (int64_t i = 0; i < lanes; i++) {
    int32_t sum;
    memcpy(&sum, in + i, sizeof sum);
    in[i] = (float)sum * scale[i];
  }
}

}  // namespace NE_LEVEL

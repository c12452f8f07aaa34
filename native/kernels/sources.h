// Poisson sources: in each tick a neuron fires where its random number is below its chance
namespace NE_LEVEL {

static int32_t poisson(uint64_t key, const uint32_t* chance, int64_t first, int64_t end,
                       uint32_t* spike) {
  uint32_t* out = spike;
  for (int64_t base = first; base < end; base += NE_BLOCK) {
    uint32_t fires[NE_BLOCK], any = 0;
    int64_t left = end - base < NE_BLOCK ? end - base : (int64_t)NE_BLOCK;
    for (int64_t j = 0; j < left; j++) {
      fires[j] = ne_draw(key, (uint32_t)(base + j)) < chance[base + j];
      any |= fires[j];
    }
    if (!any) continue;
    for (int64_t j = 0; j < left; j++)
      if (fires[j]) *out++ = (uint32_t)(base + j);
  }
  return (int32_t)(out - spike);
}

}  // namespace NE_LEVEL

// Izhikevich 2003, forward Euler with v and u both from the old values; each step begins no higher than the peak
//   v += h·(0.04·v² + 5·v + 140 − u + I);  u += h·a·(b·v − u)
// parameters: rest (0), peak, reset c, a, b, d, h
namespace NE_LEVEL {

template <bool EACH>
static inline uint32_t* izhikevich_block(const ne_cell_args& args, int64_t base, uint32_t* out) {
  lane::mask above[NE_BLOCK / lane::W];
  const lane::f one = lane::set(1.0f), square = lane::set(0.04f), five = lane::set(5.0f), shift = lane::set(140.0f);
  for (int j = 0; j < NE_BLOCK / lane::W; j++) {
    int64_t i = base + j * lane::W;
    lane::f peak = parameter<EACH>(args.param, 1, args.pitch, i);
    lane::f a = parameter<EACH>(args.param, 3, args.pitch, i), b = parameter<EACH>(args.param, 4, args.pitch, i);
    lane::f h = parameter<EACH>(args.param, 6, args.pitch, i);
    lane::f v = lane::load(args.v + i), u = lane::load(args.u + i), input = lane::load(args.drive + i);
    lane::mask is_free = lane::lt(lane::load(args.held + i), one);
    for (int s = 0; s < args.substeps; s++) {
      v = lane::min(v, peak);
      lane::f slope = lane::add(lane::add(lane::mul(lane::mul(square, v), v), lane::mul(five, v)), shift);
      slope = lane::add(lane::sub(slope, u), input);
      lane::f moved = lane::add(v, lane::mul(h, slope));
      u = lane::add(u, lane::mul(lane::mul(h, a), lane::sub(lane::mul(b, v), u)));
      v = lane::pick(is_free, moved, v);
    }
    v = lane::pick(is_free, lane::add(v, take(args.in, i)), v);
    lane::store(args.v + i, v);
    lane::store(args.u + i, u);
    above[j] = lane::ge(v, peak);
  }
  return list_bits(lane::pack(above), base, out);
}

static int32_t izhikevich_step(const ne_cell_args* a, uint32_t* spike) {
  uint32_t* out = spike;
  if (a->stride)
    for (int64_t base = 0; base < a->lanes; base += NE_BLOCK) out = izhikevich_block<true>(*a, base, out);
  else
    for (int64_t base = 0; base < a->lanes; base += NE_BLOCK) out = izhikevich_block<false>(*a, base, out);
  return (int32_t)(out - spike);
}

}  // namespace NE_LEVEL

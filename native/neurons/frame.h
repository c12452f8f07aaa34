// LIF with delta synapses in a growing frame: s = (v − v_rest)·m(t), so that decay costs nothing
//   s += a·m; spike where s >= theta·m                       parameters: rest, theta, reset, gain
namespace NE_LEVEL {

template <bool EACH>
static inline uint32_t* frame_block(float* v, float* in, float m, const float* theta, int64_t base, uint32_t* out) {
  lane::mask above[NE_BLOCK / lane::W];
  const lane::f growth = lane::set(m), zero = lane::set(0.0f), same = lane::set(theta[0] * m);
  for (int j = 0; j < NE_BLOCK / lane::W; j++) {
    int64_t i = base + j * lane::W;
    lane::f s = lane::add(lane::load(v + i), lane::mul(lane::load(in + i), growth));
    lane::store(v + i, s);
    lane::store(in + i, zero);
    above[j] = lane::ge(s, EACH ? lane::mul(lane::load(theta + i), growth) : same);
  }
  return list_bits(lane::pack(above), base, out);
}

static int32_t frame_step(float* v, float* in, float m, const float* theta, int32_t stride, int64_t lanes,
                          uint32_t* spike) {
  uint32_t* out = spike;
  if (stride)
    for (int64_t base = 0; base < lanes; base += NE_BLOCK) out = frame_block<true>(v, in, m, theta, base, out);
  else
    for (int64_t base = 0; base < lanes; base += NE_BLOCK) out = frame_block<false>(v, in, m, theta, base, out);
  return (int32_t)(out - spike);
}

// currents in a frame: s += a·m
static void arrive(float* syn, float* in, float m, int64_t lanes) {
  const lane::f growth = lane::set(m), zero = lane::set(0.0f);
  for (int64_t i = 0; i < lanes; i += lane::W) {
    lane::store(syn + i, lane::add(lane::load(syn + i), lane::mul(lane::load(in + i), growth)));
    lane::store(in + i, zero);
  }
}

static void growth(double rate, int64_t t, int64_t n, float* m, int64_t* e) { ne_growth(rate, t, n, m, e); }

static void rescale(float* v, float scale, int64_t lanes) {
  const lane::f factor = lane::set(scale), tiny = lane::set(0x1p-60f), zero = lane::set(0.0f);
  for (int64_t i = 0; i < lanes; i += lane::W) {
    lane::f s = lane::mul(lane::load(v + i), factor);
    lane::store(v + i, lane::pick(lane::ge(lane::abs(s), tiny), s, zero));
  }
}

}  // namespace NE_LEVEL

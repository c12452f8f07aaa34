// LIF, CubaLIF, ALIF and LI stepped per tick with exact propagators, x = v − rest
//   x = x·decay + Σ I_r·P_r + a, I_r = I_r·e_r [+ I_{r+1}·C_r] + a_r, u = u·decay_a; spike where x >= theta + u
// parameters: rest, theta, reset, drop, gain, decay, decay_a, step_a, then P_r, e_r, C_r of each receptor
namespace NE_LEVEL {

enum { LIF_THETA = 1, LIF_DECAY = 5, LIF_DECAY_A = 6, LIF_RECEPTOR = 8 };

// one number each: kept in registers, since a store to the state could alias the parameters; else read per lane
template <bool EACH>
struct lif_parameters {
  lane::f kept[LIF_RECEPTOR + 3 * NE_RECEPTORS];
  const float* param;
  int64_t pitch;

  explicit lif_parameters(const ne_lif_args& a) : param(a.param), pitch(a.pitch) {
    if (!EACH)
      for (int k = 0; k < LIF_RECEPTOR + 3 * a.receptors; k++) kept[k] = lane::set(a.param[k]);
  }
  lane::f at(int k, int64_t i) const { return EACH ? lane::load(param + k * pitch + i) : kept[k]; }
};

// currents in their frames decay at no cost: I = S/m
template <bool EACH>
struct framed_currents {
  lane::f kept[NE_RECEPTORS], m[NE_RECEPTORS];

  framed_currents(const ne_lif_args& a, const lif_parameters<EACH>& p) {
    for (int r = 0; r < a.receptors; r++) {
      m[r] = lane::set(a.growth[r]);
      if (!EACH) kept[r] = lane::div(p.kept[LIF_RECEPTOR + 3 * r], m[r]);
    }
  }
  lane::f gain(const lif_parameters<EACH>& p, int r, int64_t i) const {
    return EACH ? lane::div(p.at(LIF_RECEPTOR + 3 * r, i), m[r]) : kept[r];
  }
};

template <bool EACH, bool ADAPT>
static inline lane::mask lif_cross(const ne_lif_args& a, const lif_parameters<EACH>& p, lane::f x, int64_t i) {
  x = lane::add(x, take(a.in[0], i));
  lane::store(a.v + i, x);
  lane::f theta = p.at(LIF_THETA, i);
  if (ADAPT) {
    lane::f u = lane::mul(lane::load(a.u + i), p.at(LIF_DECAY_A, i));
    lane::store(a.u + i, u);
    theta = lane::add(theta, u);
  }
  return lane::ge(x, theta);
}

template <bool EACH, bool ADAPT, int RECEPTORS>
static inline uint32_t* lif_block(const ne_lif_args& a, const lif_parameters<EACH>& p, int64_t base, uint32_t* out) {
  lane::mask above[NE_BLOCK / lane::W];
  const int receptors = RECEPTORS < 0 ? a.receptors : RECEPTORS;
  for (int j = 0; j < NE_BLOCK / lane::W; j++) {
    int64_t i = base + j * lane::W;
    lane::f x = lane::mul(lane::load(a.v + i), p.at(LIF_DECAY, i));
    for (int r = 0; r < receptors; r++) {
      float* current = a.syn + r * a.pitch + i;
      lane::f s = lane::load(current);
      x = lane::add(x, lane::mul(s, p.at(LIF_RECEPTOR + 3 * r, i)));
      s = lane::mul(s, p.at(LIF_RECEPTOR + 3 * r + 1, i));
      // in ascending order, so that the next current is still that of the tick before
      if (a.coupled && r + 1 < receptors)
        s = lane::add(s, lane::mul(lane::load(current + a.pitch), p.at(LIF_RECEPTOR + 3 * r + 2, i)));
      lane::store(current, lane::add(s, take(a.in[1 + r], i)));
    }
    above[j] = lif_cross<EACH, ADAPT>(a, p, x, i);
  }
  return list_bits(lane::pack(above), base, out);
}

template <bool EACH, bool ADAPT, int RECEPTORS>
static inline uint32_t* framed_block(const ne_lif_args& a, const lif_parameters<EACH>& p, const framed_currents<EACH>& c,
                                     int64_t base, uint32_t* out) {
  lane::mask above[NE_BLOCK / lane::W];
  const int receptors = RECEPTORS < 0 ? a.receptors : RECEPTORS;
  for (int j = 0; j < NE_BLOCK / lane::W; j++) {
    int64_t i = base + j * lane::W;
    lane::f x = lane::mul(lane::load(a.v + i), p.at(LIF_DECAY, i));
    for (int r = 0; r < receptors; r++) x = lane::add(x, lane::mul(lane::load(a.syn + r * a.pitch + i), c.gain(p, r, i)));
    above[j] = lif_cross<EACH, ADAPT>(a, p, x, i);
  }
  return list_bits(lane::pack(above), base, out);
}

template <bool EACH, bool ADAPT, int RECEPTORS>
static int32_t lif_run(const ne_lif_args& args, uint32_t* spike) {
  const ne_lif_args a = args;
  const lif_parameters<EACH> p(a);
  uint32_t* out = spike;
  for (int64_t base = 0; base < a.lanes; base += NE_BLOCK) out = lif_block<EACH, ADAPT, RECEPTORS>(a, p, base, out);
  return (int32_t)(out - spike);
}

template <bool EACH, bool ADAPT, int RECEPTORS>
static int32_t framed_run(const ne_lif_args& args, uint32_t* spike) {
  const ne_lif_args a = args;
  const lif_parameters<EACH> p(a);
  const framed_currents<EACH> c(a, p);
  uint32_t* out = spike;
  for (int64_t base = 0; base < a.lanes; base += NE_BLOCK)
    out = framed_block<EACH, ADAPT, RECEPTORS>(a, p, c, base, out);
  return (int32_t)(out - spike);
}

template <bool EACH, bool ADAPT>
static int32_t lif_receptors(const ne_lif_args& a, uint32_t* spike) {
  if (a.framed) {
    if (a.receptors == 1) return framed_run<EACH, ADAPT, 1>(a, spike);
    if (a.receptors == 2) return framed_run<EACH, ADAPT, 2>(a, spike);
    return framed_run<EACH, ADAPT, -1>(a, spike);
  }
  return a.receptors == 0 ? lif_run<EACH, ADAPT, 0>(a, spike) : lif_run<EACH, ADAPT, -1>(a, spike);
}

static int32_t lif_step(const ne_lif_args* a, uint32_t* spike) {
  if (a->stride) return a->u ? lif_receptors<true, true>(*a, spike) : lif_receptors<true, false>(*a, spike);
  return a->u ? lif_receptors<false, true>(*a, spike) : lif_receptors<false, false>(*a, spike);
}

}  // namespace NE_LEVEL

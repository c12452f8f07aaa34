// AdEx (Brette & Gerstner 2005), Runge-Kutta of fourth order; each step begins, and each stage is taken, no higher
// than the peak, and what arrives is added to what the last step gave
//   x = v − E_L;  x' = leak·(D·exp((x − x_T)/D) − x) + (I − w)/C;  w' = (a·x − w)/tau_w
// parameters: rest, peak, reset, x_T, 1/D, D, leak = g_L/C, 1/C, a, 1/tau_w, b, h, h/2, h/6
namespace NE_LEVEL {

struct adex_cell {
  lane::f peak, x_t, inv_d, d, leak, inv_c, a, inv_tau, input;

  lane::f slope_x(lane::f x, lane::f w) const {
    lane::f e = lane::mul(d, exp_lane(lane::mul(lane::sub(x, x_t), inv_d)));
    return lane::add(lane::mul(leak, lane::sub(e, x)), lane::mul(inv_c, lane::sub(input, w)));
  }
  lane::f slope_w(lane::f x, lane::f w) const { return lane::mul(lane::sub(lane::mul(a, x), w), inv_tau); }
  lane::f clip(lane::f x) const { return lane::min(x, peak); }
};

// free lanes move in x; refractory ones keep it, while w goes on
static inline void adex_substep(const adex_cell& c, lane::f& x, lane::f& w, lane::mask is_free, float h, float h2, float h6) {
  const lane::f full = lane::set(h), half = lane::set(h2), sixth = lane::set(h6), two = lane::set(2.0f);
  x = c.clip(x);
  lane::f k1 = c.slope_x(x, w), l1 = c.slope_w(x, w);
  lane::f x2 = lane::pick(is_free, c.clip(lane::add(x, lane::mul(half, k1))), x), w2 = lane::add(w, lane::mul(half, l1));
  lane::f k2 = c.slope_x(x2, w2), l2 = c.slope_w(x2, w2);
  lane::f x3 = lane::pick(is_free, c.clip(lane::add(x, lane::mul(half, k2))), x), w3 = lane::add(w, lane::mul(half, l2));
  lane::f k3 = c.slope_x(x3, w3), l3 = c.slope_w(x3, w3);
  lane::f x4 = lane::pick(is_free, c.clip(lane::add(x, lane::mul(full, k3))), x), w4 = lane::add(w, lane::mul(full, l3));
  lane::f k4 = c.slope_x(x4, w4), l4 = c.slope_w(x4, w4);
  lane::f k = lane::add(lane::add(k1, lane::mul(two, lane::add(k2, k3))), k4);
  lane::f l = lane::add(lane::add(l1, lane::mul(two, lane::add(l2, l3))), l4);
  x = lane::pick(is_free, lane::add(x, lane::mul(sixth, k)), x);
  w = lane::add(w, lane::mul(sixth, l));
}

template <bool EACH>
static inline uint32_t* adex_block(const ne_cell_args& a, int64_t base, uint32_t* out) {
  lane::mask above[NE_BLOCK / lane::W];
  const lane::f one = lane::set(1.0f);
  const float* h = a.param + 11 * (EACH ? a.pitch : 1);
  const int64_t next = EACH ? a.pitch : 1;
  for (int j = 0; j < NE_BLOCK / lane::W; j++) {
    int64_t i = base + j * lane::W;
    lane::f p[10];
    for (int k = 1; k < 10; k++) p[k] = parameter<EACH>(a.param, k, a.pitch, i);
    adex_cell c = {p[1], p[3], p[4], p[5], p[6], p[7], p[8], p[9], lane::load(a.drive + i)};
    lane::f x = lane::load(a.v + i), w = lane::load(a.u + i);
    lane::mask is_free = lane::lt(lane::load(a.held + i), one);
    for (int s = 0; s < a.substeps; s++) adex_substep(c, x, w, is_free, h[0], h[next], h[2 * next]);
    x = lane::pick(is_free, lane::add(x, take(a.in, i)), x);
    lane::store(a.v + i, x);
    lane::store(a.u + i, w);
    // a refractory lane rests at reset, below the peak, so it needs no test of its own
    above[j] = lane::ge(x, c.peak);
  }
  return list_bits(lane::pack(above), base, out);
}

static int32_t adex_step(const ne_cell_args* a, uint32_t* spike) {
  uint32_t* out = spike;
  if (a->stride)
    for (int64_t base = 0; base < a->lanes; base += NE_BLOCK) out = adex_block<true>(*a, base, out);
  else
    for (int64_t base = 0; base < a->lanes; base += NE_BLOCK) out = adex_block<false>(*a, base, out);
  return (int32_t)(out - spike);
}

}  // namespace NE_LEVEL

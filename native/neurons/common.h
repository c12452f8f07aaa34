// what the neuron kernels share: parameters, spike lists, our exp
namespace NE_LEVEL {

// parameter k of lane i: one value for all lanes, or an array of them
template <bool EACH>
static inline lane::f parameter(const float* param, int64_t k, int64_t pitch, int64_t i) {
  return EACH ? lane::load(param + k * pitch + i) : lane::set(param[k]);
}

// arrivals of lanes i …, cleared while they are at hand
static inline lane::f take(const ne_arrivals& in, int64_t i) {
  lane::f sum = lane::load(in.p + i * in.step);
  if (in.step) lane::store(in.p + i, lane::set(0.0f));
  return sum;
}

// most blocks have one spike or none: that one is written without asking, since a guess would often be wrong
static inline uint32_t* list_bits(uint64_t bits, int64_t base, uint32_t* out) {
  *out = (uint32_t)(base + __builtin_ctzll(bits | (uint64_t)1 << 63));
  out += bits != 0;
  bits &= bits - 1;
  while (bits) {
    *out++ = (uint32_t)(base + __builtin_ctzll(bits));
    bits &= bits - 1;
  }
  return out;
}

// exp after Cephes (expf): x = n·ln2 + r, polynomial of degree 5 in r times r², relative error 1e-7
static inline lane::f exp_lane(lane::f x) {
  x = lane::min(lane::max(x, lane::set(-87.0f)), lane::set(88.0f));
  // adding 1.5·2^23 rounds to a whole number, the same way everywhere
  const lane::f magic = lane::set(12582912.0f);
  lane::f t = lane::add(lane::mul(x, lane::set(1.44269504088896341f)), magic);
  lane::f n = lane::sub(t, magic);
  lane::f r = lane::sub(x, lane::mul(n, lane::set(0.693359375f)));
  r = lane::sub(r, lane::mul(n, lane::set(-2.12194440e-4f)));
  lane::f p = lane::set(1.9875691500e-4f);
  p = lane::add(lane::mul(p, r), lane::set(1.3981999507e-3f));
  p = lane::add(lane::mul(p, r), lane::set(8.3334519073e-3f));
  p = lane::add(lane::mul(p, r), lane::set(4.1665795894e-2f));
  p = lane::add(lane::mul(p, r), lane::set(1.6666665459e-1f));
  p = lane::add(lane::mul(p, r), lane::set(5.0000001201e-1f));
  lane::f y = lane::add(lane::add(lane::mul(p, lane::mul(r, r)), r), lane::set(1.0f));
  return lane::mul(y, lane::pow2(t));
}

static void exp_array(const float* x, float* y, int64_t n) {
  for (int64_t i = 0; i < n; i += lane::W) lane::store(y + i, exp_lane(lane::load(x + i)));
}

static void current_step(float* drive, float* syn, const float* next, const float* decay, const float* couple,
                         int32_t stride, ne_arrivals in, int64_t lanes) {
  for (int64_t i = 0; i < lanes; i += lane::W) {
    lane::f s = lane::load(syn + i);
    lane::f e = stride ? lane::load(decay + i) : lane::set(decay[0]);
    lane::store(drive + i, lane::add(lane::load(drive + i), s));
    s = lane::mul(s, e);
    if (next) {
      lane::f c = stride ? lane::load(couple + i) : lane::set(couple[0]);
      s = lane::add(s, lane::mul(lane::load(next + i), c));
    }
    lane::store(syn + i, lane::add(s, take(in, i)));
  }
}

static void flush(float* x, int64_t n) {
  const lane::f tiny = lane::set(1e-30f), zero = lane::set(0.0f);
  for (int64_t i = 0; i < n; i += lane::W) {
    lane::f a = lane::load(x + i);
    lane::store(x + i, lane::pick(lane::ge(lane::abs(a), tiny), a, zero));
  }
}

}  // namespace NE_LEVEL

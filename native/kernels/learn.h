// learning: traces, slopes, sums of outer products, Adam. No sum is longer than its order says, so all levels agree
namespace NE_LEVEL {

static int32_t encode(float* level, const float* value, int64_t n, uint32_t* spike) {
  uint32_t* out = spike;
  const lane::f one = lane::set(1.0f), zero = lane::set(0.0f);
  for (int64_t base = 0; base < n; base += NE_BLOCK) {
    lane::mask above[NE_BLOCK / lane::W];
    for (int j = 0; j < NE_BLOCK / lane::W; j++) {
      const int64_t i = base + j * lane::W;
      const lane::f x = lane::add(lane::load(level + i), lane::load(value + i));
      above[j] = lane::ge(x, one);
      lane::store(level + i, lane::sub(x, lane::pick(above[j], one, zero)));
    }
    out = list_bits(lane::pack(above), base, out);
  }
  return (int32_t)(out - spike);
}

static void fade(float* x, float decay, int64_t n) {
  for (int64_t i = 0; i < n; i++) x[i] *= decay;
}

static void follow(float* x, const float* from, float decay, float gain, int64_t n) {
  for (int64_t i = 0; i < n; i++) x[i] = x[i] * decay + from[i] * gain;
}

static void slope(float* out, const float* v, float m, const float* theta, int32_t stride, const float* u,
                  int32_t adapts, float steep, int64_t n) {
  const lane::f one = lane::set(1.0f), growth = lane::set(m), by = lane::set(steep);
  for (int64_t i = 0; i < n; i += lane::W) {
    const lane::f base = stride ? lane::load(theta + i) : lane::set(theta[0]);
    const lane::f top = lane::add(base, adapts ? lane::load(u + i) : lane::set(0.0f));
    const lane::f gap = lane::abs(lane::sub(lane::div(lane::load(v + i), growth), top));
    const lane::f width = lane::add(one, lane::div(lane::mul(by, gap), base));
    lane::store(out + i, lane::div(one, lane::mul(base, lane::mul(width, width))));
  }
}

template <int N>
static inline void outer_of(float* __restrict sum, const float* __restrict delta, int64_t pitch,
                            const float* __restrict x, int64_t width) {
  lane::f by[N];
  for (int b = 0; b < N; b++) by[b] = lane::set(x[b]);
  for (int64_t i = 0; i < width; i += lane::W) {
    lane::f s = lane::load(sum + i);
    for (int b = 0; b < N; b++) s = lane::add(s, lane::mul(by[b], lane::load(delta + b * pitch + i)));
    lane::store(sum + i, s);
  }
}

static void outer_dense(float* sum, const float* delta, int64_t pitch, const float* x, int32_t n, int64_t width) {
  if (n == NE_CHUNK) {
    outer_of<NE_CHUNK>(sum, delta, pitch, x, width);
    return;
  }
  for (int32_t b = 0; b < n; b++) outer_of<1>(sum, delta + b * pitch, pitch, x + b, width);
}

static void outer_blocks(float* sum, const uint16_t* block, int64_t blocks, const float* delta, int64_t pitch,
                         const float* x, int32_t n) {
  for (int64_t k = 0; k < blocks; k++) {
    float* __restrict s = sum + k * 8;
    const float* from = delta + (int64_t)block[k] * 8;
    for (int32_t b = 0; b < n; b++)
      for (int j = 0; j < 8; j++) s[j] += x[b] * from[b * pitch + j];
  }
}

static void outer_rows(float* sum, const uint16_t* target, int64_t synapses, const float* delta, const float* x) {
  for (int64_t k = 0; k < synapses; k++) {
    const float* d = delta + (int64_t)target[k] * NE_CHUNK;
    float part[NE_CHUNK];
    for (int b = 0; b < NE_CHUNK; b++) part[b] = x[b] * d[b];
    for (int b = 0; b < 4; b++) part[b] += part[b + 4];
    sum[k] += (part[0] + part[2]) + (part[1] + part[3]);
  }
}

static void back_dense(float* __restrict out, const float* __restrict turned, int64_t pitch, const float* delta,
                       int64_t n, int64_t width) {
  for (int64_t i = 0; i < n; i++) {
    const lane::f by = lane::set(delta[i]);
    const float* row = turned + i * pitch;
    for (int64_t j = 0; j < width; j += lane::W)
      lane::store(out + j, lane::add(lane::load(out + j), lane::mul(by, lane::load(row + j))));
  }
}

static void adam(const ne_adam_args* args, int64_t first, int64_t end) {
  const ne_adam_args a = *args;
  float *__restrict w = a.weight, *__restrict m = a.first, *__restrict v = a.second;
  float *__restrict s0 = a.shard[0], *__restrict s1 = a.shard[1], *__restrict s2 = a.shard[2],
        *__restrict s3 = a.shard[3];
  const float* __restrict living = a.living;
  const float new_first = 1.0f - a.keep_first, new_second = 1.0f - a.keep_second;
  for (int64_t i = first; i < end; i++) {
    const float g = (((s0[i] + s1[i]) + s2[i]) + s3[i]) * a.share * living[i];
    s0[i] = s1[i] = s2[i] = s3[i] = 0.0f;
    m[i] = m[i] * a.keep_first + g * new_first;
    v[i] = v[i] * a.keep_second + g * g * new_second;
    w[i] = w[i] * a.keep - a.step * m[i] / (__builtin_sqrtf(v[i] * a.scale_second) + a.least);
  }
}

}  // namespace NE_LEVEL

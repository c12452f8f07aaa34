// dense rows of weights: contiguous targets, padded with zeros that change no bits
namespace NE_LEVEL {

static inline lane::f weights(const float* w) { return lane::load(w); }
static inline lane::f weights(const uint16_t* w) { return lane::load_half(w); }

// a tile of targets stays in registers while the rows pass by, one after the other
template <int TILE, class Weight>
static inline void dense_tile(float* into, const Weight* weight, int64_t stride, const uint32_t* spike, int32_t n) {
  lane::f sum[TILE];
  for (int j = 0; j < TILE; j++) sum[j] = lane::load(into + j * lane::W);
  for (int32_t s = 0; s < n; s++) {
    const Weight* w = weight + (int64_t)spike[s] * stride;
    for (int j = 0; j < TILE; j++) sum[j] = lane::add(sum[j], weights(w + j * lane::W));
  }
  for (int j = 0; j < TILE; j++) lane::store(into + j * lane::W, sum[j]);
}

template <class Weight>
static void dense_rows(float* into, const Weight* weight, int64_t stride, const uint32_t* spike, int32_t n,
                       int64_t width) {
  const int64_t step = lane::TILE * lane::W;
  int64_t i = 0;
  for (; i + step <= width; i += step) dense_tile<lane::TILE>(into + i, weight + i, stride, spike, n);
  for (; i < width; i += lane::W) dense_tile<1>(into + i, weight + i, stride, spike, n);
}

}  // namespace NE_LEVEL

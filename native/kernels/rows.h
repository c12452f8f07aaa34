// dense rows of weights, and rows of blocks of 8: contiguous targets, padded with zeros that change no bits
namespace NE_LEVEL {

// one per number format of the weights
template <class Lane>
static inline typename Lane::f weights(const float* w) { return Lane::load(w); }
template <class Lane>
static inline typename Lane::f weights(const uint16_t* w) { return Lane::load_half(w); }

// a tile of targets stays in registers while the rows pass by, one after the other
template <int TILE, class Weight>
static inline void dense_tile(float* into, const Weight* weight, int64_t stride, const uint32_t* spike, int32_t n) {
  lane::f sum[TILE];
  for (int j = 0; j < TILE; j++) sum[j] = lane::load(into + j * lane::W);
  for (int32_t s = 0; s < n; s++) {
    const Weight* w = weight + (int64_t)spike[s] * stride;
    for (int j = 0; j < TILE; j++) sum[j] = lane::add(sum[j], weights<lane>(w + j * lane::W));
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

template <class Weight>
static void block_rows(float* into, const uint16_t* block, const Weight* weight, const uint32_t* begin,
                       const uint32_t* end, const uint32_t* spike, int32_t n) {
  for (int32_t s = 0; s < n; s++) {
    if (s + 1 < n) {
      const uint32_t next = begin[spike[s + 1]], blocks = end[spike[s + 1]] - next;
      ne_prefetch(block + next, blocks);
      ne_prefetch(weight + (int64_t)next * 8, (int64_t)blocks * 8);
    }
    for (uint32_t b = begin[spike[s]]; b < end[spike[s]]; b++) {
      float* x = into + (int64_t)block[b] * 8;
      const Weight* w = weight + (int64_t)b * 8;
      for (int j = 0; j < 8; j += short_lane::W)
        short_lane::store(x + j, short_lane::add(short_lane::load(x + j), weights<short_lane>(w + j)));
    }
  }
}

}  // namespace NE_LEVEL

// dense rows of int8 codes: sums in 16 bits while up to 256 rows pass by (256·127 < 2^15), then in 32
namespace NE_LEVEL {

enum { CODE_ROWS = 256 };

template <int TILE>
static inline void codes_tile(int32_t* into, const int8_t* weight, int64_t stride, const uint32_t* spike, int32_t n) {
  lane::shorts sum[TILE];
  for (int j = 0; j < TILE; j++) sum[j] = lane::no_shorts();
  for (int32_t s = 0; s < n; s++) {
    const int8_t* w = weight + (int64_t)spike[s] * stride;
    for (int j = 0; j < TILE; j++) sum[j] = lane::add_codes(sum[j], w + j * lane::SHORTS);
  }
  int16_t all[TILE * lane::SHORTS];
  for (int j = 0; j < TILE; j++) lane::store_shorts(all + j * lane::SHORTS, sum[j]);
  for (int j = 0; j < TILE * lane::SHORTS; j++) into[j] += all[j];
}

static inline void codes_rest(int32_t* into, const int8_t* weight, int64_t stride, const uint32_t* spike, int32_t n) {
  int16_t sum[16] = {0};
  for (int32_t s = 0; s < n; s++) {
    const int8_t* w = weight + (int64_t)spike[s] * stride;
    for (int j = 0; j < 16; j++) sum[j] = (int16_t)(sum[j] + w[j]);
  }
  for (int j = 0; j < 16; j++) into[j] += sum[j];
}

static void dense_codes(int32_t* into, const int8_t* weight, int64_t stride, const uint32_t* spike, int32_t n,
                        int64_t width) {
  const int64_t step = lane::SHORT_TILE * lane::SHORTS;
  for (int32_t first = 0; first < n; first += CODE_ROWS, spike += CODE_ROWS) {
    const int32_t rows = n - first < CODE_ROWS ? n - first : (int32_t)CODE_ROWS;
    int64_t i = 0;
    for (; i + step <= width; i += step) codes_tile<lane::SHORT_TILE>(into + i, weight + i, stride, spike, rows);
    for (; i + lane::SHORTS <= width; i += lane::SHORTS) codes_tile<1>(into + i, weight + i, stride, spike, rows);
    // rows are padded to 16, where a register may hold twice as many
    if (i < width) codes_rest(into + i, weight + i, stride, spike, rows);
  }
}

static void block_codes(int32_t* into, const uint16_t* block, const int8_t* weight, const uint32_t* begin,
                        const uint32_t* end, const uint32_t* spike, int32_t n) {
  for (int32_t s = 0; s < n; s++) {
    if (s + 1 < n) {
      const uint32_t next = begin[spike[s + 1]], blocks = end[spike[s + 1]] - next;
      ne_prefetch(block + next, blocks);
      ne_prefetch(weight + (int64_t)next * 8, (int64_t)blocks * 8);
    }
    for (uint32_t b = begin[spike[s]]; b < end[spike[s]]; b++) {
      int32_t* x = into + (int64_t)block[b] * 8;
      const int8_t* w = weight + (int64_t)b * 8;
      for (int j = 0; j < 8; j++) x[j] += w[j];
    }
  }
}

}  // namespace NE_LEVEL

// dense rows of int8 codes: sums in 16 bits while up to 256 rows pass by (256·127 < 2^15), then in 32
namespace NE_LEVEL {

enum { CODE_ROWS = 256, CODE_TILE = 64 };

template <int TILE>
static inline void codes_tile(int32_t* into, const int8_t* weight, int64_t stride, const uint32_t* spike, int32_t n) {
  int16_t sum[TILE] = {0};
  for (int32_t s = 0; s < n; s++) {
    const int8_t* w = weight + (int64_t)spike[s] * stride;
    for (int j = 0; j < TILE; j++) sum[j] = (int16_t)(sum[j] + w[j]);
  }
  for (int j = 0; j < TILE; j++) into[j] += sum[j];
}

static void dense_codes(int32_t* into, const int8_t* weight, int64_t stride, const uint32_t* spike, int32_t n,
                        int64_t width) {
  for (int32_t first = 0; first < n; first += CODE_ROWS) {
    const int32_t rows = n - first < CODE_ROWS ? n - first : (int32_t)CODE_ROWS;
    int64_t i = 0;
    for (; i + CODE_TILE <= width; i += CODE_TILE) codes_tile<CODE_TILE>(into + i, weight + i, stride, spike + first, rows);
    for (; i < width; i += 16) codes_tile<16>(into + i, weight + i, stride, spike + first, rows);
  }
}

}  // namespace NE_LEVEL

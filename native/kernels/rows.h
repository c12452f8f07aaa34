// dense rows of weights: contiguous targets, padded with zeros that change no bits
namespace NE_LEVEL {

static void row_add(float* into, const float* w, int64_t n) {
  for (int64_t i = 0; i < n; i += lane::W) lane::store(into + i, lane::add(lane::load(into + i), lane::load(w + i)));
}

// four rows in one pass over the targets, added one after the other as four passes would
static void rows4_add(float* into, const float* const* w, int64_t n) {
  const float *w0 = w[0], *w1 = w[1], *w2 = w[2], *w3 = w[3];
  for (int64_t i = 0; i < n; i += lane::W) {
    lane::f x = lane::add(lane::load(into + i), lane::load(w0 + i));
    x = lane::add(x, lane::load(w1 + i));
    x = lane::add(x, lane::load(w2 + i));
    lane::store(into + i, lane::add(x, lane::load(w3 + i)));
  }
}

static void row_add_half(float* into, const uint16_t* w, int64_t n) {
  for (int64_t i = 0; i < n; i++) into[i] += ne_half_to_float(w[i]);
}

}  // namespace NE_LEVEL

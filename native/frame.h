// growth of a membrane frame: exp(t/tau) = m·2^e, from the absolute tick, in double, without libm
#ifndef NEUROEDGE_FRAME_H
#define NEUROEDGE_FRAME_H

#include <stdint.h>
#include <string.h>

// 2^f for f in [0, 1): Taylor series of 2^(f − 1/2), error below 3e-13
static inline double ne_exp2_fraction(double f) {
  double g = (f - 0.5) * 0.693147180559945309417;
  double p = 1.0 / 3628800.0;
  p = p * g + 1.0 / 362880.0;
  p = p * g + 1.0 / 40320.0;
  p = p * g + 1.0 / 5040.0;
  p = p * g + 1.0 / 720.0;
  p = p * g + 1.0 / 120.0;
  p = p * g + 1.0 / 24.0;
  p = p * g + 1.0 / 6.0;
  p = p * g + 0.5;
  p = p * g + 1.0;
  p = p * g + 1.0;
  return p * 1.41421356237309504880;
}

// m and e of the ticks t, t + 1, …; the floor is taken by adding 1.5·2^52, which every vector unit can do
static inline void ne_growth(double rate, int64_t t, int64_t n, float* m, int64_t* e) {
  const double magic = 6755399441055744.0;
  int64_t magic_bits;
  memcpy(&magic_bits, &magic, sizeof magic);
  const double start = (double)t;
  for (int64_t j = 0; j < n; j++) {
    double x = (start + (double)(int32_t)j) * rate;
    double shifted = x + magic;
    int64_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    double whole = shifted - magic;
    int64_t above = whole > x;
    whole -= whole > x ? 1.0 : 0.0;
    m[j] = (float)ne_exp2_fraction(x - whole);
    e[j] = bits - magic_bits - above;
  }
}

#endif

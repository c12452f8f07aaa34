// growth of a membrane frame: exp(t/tau) = m·2^e, from the absolute tick, in double, without libm
#ifndef NEUROEDGE_FRAME_H
#define NEUROEDGE_FRAME_H

#include <stdint.h>

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

static inline int64_t ne_growth(double rate, int64_t t, float* m) {
  double x = (double)t * rate;
  int64_t e = (int64_t)x;
  *m = (float)ne_exp2_fraction(x - (double)e);
  return e;
}

#endif

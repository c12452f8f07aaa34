// IEEE half precision: exact conversion of finite values by moving the exponent
#ifndef NEUROEDGE_HALF_H
#define NEUROEDGE_HALF_H

#include <stdint.h>
#include <string.h>

static inline float ne_half_to_float(uint16_t h) {
  uint32_t bits = ((uint32_t)(h & 0x8000) << 16) | ((uint32_t)(h & 0x7fff) << 13);
  float x;
  memcpy(&x, &bits, sizeof x);
  return x * 0x1p112f;
}

#endif

/* LIF in integers: C99 without a library, the same lines on a PC and on a microcontroller.
   V counts units of s·2^-F mV above rest, s being what one code of a weight stands for:
     V <- (V·D + 2^14) >> 15          D = round(2^15·exp(-dt/tau)), at most 32767
     V <- sat16(V + (I << F))         I the sum of the codes that arrive
     V <- sat16(V + drive)            an injected current, in units of V
   and V >= theta spikes. A refractory neuron keeps V and discards what arrives.
   Where potentials or currents have fewer bits (most_v, most_sum: the largest that they hold, 65535 for sums of any
   size), the sum is scaled by an arithmetic shift first, half rounded up:
     I <- sat_sum((I + 2^(R-1)) >> R),  V <- sat_v(V + (I << L)),  V <- sat_v(V + drive)
   A leaky integrator is the same with theta = 32767 and most_v below it. */
#ifndef NEUROEDGE_FIXED_H
#define NEUROEDGE_FIXED_H

#include <stdint.h>

#if defined(__cplusplus)
#define NE_RESTRICT __restrict
#else
#define NE_RESTRICT restrict
#endif

static inline int32_t ne_fixed_clamp(int32_t x, int32_t low, int32_t high) {
  x = x < low ? low : x;
  return x > high ? high : x;
}

static inline int32_t ne_fixed_sat(int32_t x) { return ne_fixed_clamp(x, -32768, 32767); }

/* (v·decay + 2^14) >> 15, written as compilers know the instruction for it (pmulhrsw, sqrdmulh); >> of a negative
   number is arithmetic on every compiler that this is for */
static inline int16_t ne_fixed_leak(int16_t v, int16_t decay) {
  return (int16_t)(((((int32_t)v * decay) >> 14) + 1) >> 1);
}

/* sat16(v + (sum << shift)), shift 0 to 14: what is clamped first would saturate from any v */
static inline int32_t ne_fixed_add(int32_t v, int32_t sum, int32_t shift) {
  return ne_fixed_sat(v + (int32_t)((uint32_t)ne_fixed_clamp(sum, -65536, 65535) << shift));
}

/* Decay and arrivals of n neurons; sum is cleared. held: -1 while refractory, else 0. */
static inline void ne_fixed_advance(int16_t* NE_RESTRICT v, int32_t* NE_RESTRICT sum, const int16_t* NE_RESTRICT held,
                                    const int16_t* NE_RESTRICT decay, const int16_t* NE_RESTRICT shift, int32_t n) {
  for (int32_t i = 0; i < n; i++) {
    const int16_t old = v[i], keep = held[i];
    const int32_t x = ne_fixed_add(ne_fixed_leak(old, decay[i]), sum[i], shift[i]);
    sum[i] = 0;
    v[i] = (int16_t)((old & keep) | ((int16_t)x & ~keep));
  }
}

/* (sum + 2^(right-1)) >> right within ±most: what is shifted out adds its highest bit, so that no sum overflows */
static inline int32_t ne_fixed_scale(int32_t sum, int32_t right, int32_t most) {
  return ne_fixed_clamp((sum >> right) + ((sum & ((1 << right) >> 1)) != 0), -most, most);
}

/* The same as ne_fixed_advance with fewer bits: right 0 to 30, shift 0 to 14, most_sum to 65535. */
static inline void ne_fixed_advance_narrow(int16_t* NE_RESTRICT v, int32_t* NE_RESTRICT sum,
                                           const int16_t* NE_RESTRICT held, const int16_t* NE_RESTRICT decay,
                                           const int16_t* NE_RESTRICT right, const int16_t* NE_RESTRICT shift,
                                           int32_t most_v, int32_t most_sum, int32_t n) {
  for (int32_t i = 0; i < n; i++) {
    const int16_t old = v[i], keep = held[i];
    const int32_t in = (int32_t)((uint32_t)ne_fixed_scale(sum[i], right[i], most_sum) << shift[i]);
    const int32_t x = ne_fixed_clamp(ne_fixed_leak(old, decay[i]) + in, -most_v, most_v);
    sum[i] = 0;
    v[i] = (int16_t)((old & keep) | ((int16_t)x & ~keep));
  }
}

/* An injected current: drive within ±2^30, in units of V, which holds low to high. */
static inline void ne_fixed_inject(int16_t* NE_RESTRICT v, const int32_t* NE_RESTRICT drive,
                                   const int16_t* NE_RESTRICT held, int32_t low, int32_t high, int32_t n) {
  for (int32_t i = 0; i < n; i++) {
    const int16_t old = v[i], keep = held[i];
    v[i] = (int16_t)((old & keep) | ((int16_t)ne_fixed_clamp(old + drive[i], low, high) & ~keep));
  }
}

/* fired[i] becomes -1 where neuron i spikes, else 0: the caller resets it. */
static inline void ne_fixed_fire(const int16_t* NE_RESTRICT v, const int16_t* NE_RESTRICT held,
                                 const int16_t* NE_RESTRICT theta, int16_t* NE_RESTRICT fired, int32_t n) {
  for (int32_t i = 0; i < n; i++) fired[i] = (int16_t)(-(v[i] >= theta[i]) & ~held[i]);
}

#endif

// lanes as a 128-bit compiler vector: SSE2 on x86, NEON on ARM, plain code elsewhere
#ifndef NEUROEDGE_LANE_VECTOR_H
#define NEUROEDGE_LANE_VECTOR_H

#include <stdint.h>
#include <string.h>

#include "../half.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

namespace NE_LEVEL {

struct lane {
  enum { W = 4, TILE = 8 };
  typedef float f __attribute__((vector_size(16)));
  typedef int32_t mask __attribute__((vector_size(16)));

  static f load(const float* p) { f x; memcpy(&x, p, sizeof x); return x; }
  static f load_half(const uint16_t* p) {
    return f{ne_half_to_float(p[0]), ne_half_to_float(p[1]), ne_half_to_float(p[2]), ne_half_to_float(p[3])};
  }
  static void store(float* p, f x) { memcpy(p, &x, sizeof x); }
  static f set(float x) { return f{x, x, x, x}; }
  static f add(f a, f b) { return a + b; }
  static f sub(f a, f b) { return a - b; }
  static f div(f a, f b) { return a / b; }
  static f mul(f a, f b) { return a * b; }
  static mask ge(f a, f b) { return a >= b; }
  static mask lt(f a, f b) { return a < b; }
  static f pick(mask m, f a, f b) { return (f)((m & (mask)a) | (~m & (mask)b)); }
  static f min(f a, f b) { return pick(lt(a, b), a, b); }
  static f max(f a, f b) { return pick(lt(b, a), a, b); }
  static f abs(f a) { return (f)((mask)a & 0x7fffffff); }
  // 2^k, k the low bits of t = 1.5·2^23 + k
  static f pow2(f t) { return (f)(((mask)t - (int32_t)(0x4b400000 - 127)) << 23); }

  static unsigned bits(mask m) {
#if defined(__SSE2__)
    return (unsigned)_mm_movemask_ps((__m128)m);
#elif defined(__ARM_NEON) && defined(__aarch64__)
    const uint32x4_t weight = {1, 2, 4, 8};
    return vaddvq_u32(vandq_u32((uint32x4_t)m, weight));
#else
    return (unsigned)((m[0] & 1) | (m[1] & 2) | (m[2] & 4) | (m[3] & 8));
#endif
  }

  // one bit per lane of a block of 64; most blocks have none, so that is asked first
  static uint64_t pack(const mask* m) {
    mask any = m[0];
    for (int j = 1; j < 16; j++) any |= m[j];
    if (!bits(any)) return 0;
    uint64_t all = 0;
    for (int j = 0; j < 16; j++) all |= (uint64_t)bits(m[j]) << (4 * j);
    return all;
  }

  // one bit for each of 64 masks of 16 bits
  static uint64_t pack_shorts(const int16_t* p) {
    uint64_t all = 0;
#if defined(__SSE2__)
    const __m128i* m = (const __m128i*)(const void*)p;
    for (int j = 0; j < 4; j++) {
      const __m128i both = _mm_packs_epi16(_mm_loadu_si128(m + 2 * j), _mm_loadu_si128(m + 2 * j + 1));
      all |= (uint64_t)(uint32_t)_mm_movemask_epi8(both) << (16 * j);
    }
#else
    for (int j = 0; j < 64; j++) all |= (uint64_t)(p[j] & 1) << j;
#endif
    return all;
  }

  // sums of int8 codes in 16 bits
  enum { SHORTS = 8, SHORT_TILE = 8 };
  typedef int16_t shorts __attribute__((vector_size(16)));
  static shorts no_shorts() { return shorts{0, 0, 0, 0, 0, 0, 0, 0}; }
  static shorts add_codes(shorts sum, const int8_t* p) {
#if defined(__SSE2__)
    const __m128i codes = _mm_loadl_epi64((const __m128i*)(const void*)p);
    return sum + (shorts)_mm_srai_epi16(_mm_unpacklo_epi8(codes, codes), 8);
#elif defined(__ARM_NEON)
    return sum + (shorts)vmovl_s8(vld1_s8(p));
#else
    return sum + shorts{p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7]};
#endif
  }
  static void store_shorts(int16_t* p, shorts sum) { memcpy(p, &sum, sizeof sum); }
};

// lanes of a block of 8 targets
typedef lane short_lane;

}  // namespace NE_LEVEL
#endif

// lanes as 512-bit AVX-512 registers
#ifndef NEUROEDGE_LANE_AVX512_H
#define NEUROEDGE_LANE_AVX512_H

#include <immintrin.h>
#include <stdint.h>

namespace NE_LEVEL {

struct lane {
  enum { W = 16, TILE = 16 };
  typedef __m512 f;
  typedef __mmask16 mask;

  static f load(const float* p) { return _mm512_loadu_ps(p); }
  static f load_half(const uint16_t* p) { return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i*)(const void*)p)); }
  static void store(float* p, f x) { _mm512_storeu_ps(p, x); }
  static f set(float x) { return _mm512_set1_ps(x); }
  static f add(f a, f b) { return _mm512_add_ps(a, b); }
  static f sub(f a, f b) { return _mm512_sub_ps(a, b); }
  static f div(f a, f b) { return _mm512_div_ps(a, b); }
  static f mul(f a, f b) { return _mm512_mul_ps(a, b); }
  static mask ge(f a, f b) { return _mm512_cmp_ps_mask(a, b, _CMP_GE_OQ); }
  static mask lt(f a, f b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
  static f pick(mask m, f a, f b) { return _mm512_mask_blend_ps(m, b, a); }
  static f min(f a, f b) { return _mm512_min_ps(a, b); }
  static f max(f a, f b) { return _mm512_max_ps(a, b); }
  static f abs(f a) { return _mm512_castsi512_ps(_mm512_and_si512(_mm512_castps_si512(a), _mm512_set1_epi32(0x7fffffff))); }
  static f pow2(f t) {
    __m512i k = _mm512_sub_epi32(_mm512_castps_si512(t), _mm512_set1_epi32(0x4b400000 - 127));
    return _mm512_castsi512_ps(_mm512_slli_epi32(k, 23));
  }
  static uint64_t pack(const mask* m) {
    return (uint64_t)m[0] | (uint64_t)m[1] << 16 | (uint64_t)m[2] << 32 | (uint64_t)m[3] << 48;
  }

  // one bit for each of 64 masks of 16 bits
  static uint64_t pack_shorts(const int16_t* p) {
    return (uint64_t)_mm512_movepi16_mask(_mm512_loadu_si512(p)) |
           (uint64_t)_mm512_movepi16_mask(_mm512_loadu_si512(p + 32)) << 32;
  }

  // sums of int8 codes in 16 bits
  enum { SHORTS = 32, SHORT_TILE = 8 };
  typedef __m512i shorts;
  static shorts no_shorts() { return _mm512_setzero_si512(); }
  static shorts add_codes(shorts sum, const int8_t* p) {
    return _mm512_add_epi16(sum, _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i*)(const void*)p)));
  }
  static void store_shorts(int16_t* p, shorts sum) { _mm512_storeu_si512(p, sum); }
};

// lanes of a block of 8 targets: half a register
struct short_lane {
  enum { W = 8 };
  typedef __m256 f;

  static f load(const float* p) { return _mm256_loadu_ps(p); }
  static f load_half(const uint16_t* p) {
    const __m256i h = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i*)(const void*)p));
    return _mm512_castps512_ps256(_mm512_cvtph_ps(h));
  }
  static void store(float* p, f x) { _mm256_storeu_ps(p, x); }
  static f add(f a, f b) { return _mm256_add_ps(a, b); }
};

}  // namespace NE_LEVEL
#endif

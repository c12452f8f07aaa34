// lanes as 256-bit AVX2 registers
#ifndef NEUROEDGE_LANE_AVX2_H
#define NEUROEDGE_LANE_AVX2_H

#include <immintrin.h>
#include <stdint.h>

namespace NE_LEVEL {

struct lane {
  enum { W = 8, TILE = 8 };
  typedef __m256 f;
  typedef __m256 mask;

  static f load(const float* p) { return _mm256_loadu_ps(p); }
  static f load_half(const uint16_t* p) {
    __m256i h = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i*)(const void*)p));
    __m256i bits = _mm256_or_si256(_mm256_slli_epi32(_mm256_and_si256(h, _mm256_set1_epi32(0x8000)), 16),
                                   _mm256_slli_epi32(_mm256_and_si256(h, _mm256_set1_epi32(0x7fff)), 13));
    return _mm256_mul_ps(_mm256_castsi256_ps(bits), _mm256_set1_ps(0x1p112f));
  }
  static void store(float* p, f x) { _mm256_storeu_ps(p, x); }
  static f set(float x) { return _mm256_set1_ps(x); }
  static f add(f a, f b) { return _mm256_add_ps(a, b); }
  static f sub(f a, f b) { return _mm256_sub_ps(a, b); }
  static f div(f a, f b) { return _mm256_div_ps(a, b); }
  static f mul(f a, f b) { return _mm256_mul_ps(a, b); }
  static mask ge(f a, f b) { return _mm256_cmp_ps(a, b, _CMP_GE_OQ); }
  static mask lt(f a, f b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
  static f pick(mask m, f a, f b) { return _mm256_blendv_ps(b, a, m); }
  static f min(f a, f b) { return _mm256_min_ps(a, b); }
  static f max(f a, f b) { return _mm256_max_ps(a, b); }
  static f abs(f a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
  static f pow2(f t) {
    __m256i k = _mm256_sub_epi32(_mm256_castps_si256(t), _mm256_set1_epi32(0x4b400000 - 127));
    return _mm256_castsi256_ps(_mm256_slli_epi32(k, 23));
  }
  static uint64_t pack(const mask* m) {
    uint64_t all = 0;
    for (int j = 0; j < 8; j++) all |= (uint64_t)(unsigned)_mm256_movemask_ps(m[j]) << (8 * j);
    return all;
  }

  // one bit for each of 64 masks of 16 bits
  static uint64_t pack_shorts(const int16_t* p) {
    const __m256i* m = (const __m256i*)(const void*)p;
    uint64_t all = 0;
    for (int j = 0; j < 2; j++) {
      const __m256i both = _mm256_packs_epi16(_mm256_loadu_si256(m + 2 * j), _mm256_loadu_si256(m + 2 * j + 1));
      all |= (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_permute4x64_epi64(both, 0xd8)) << (32 * j);
    }
    return all;
  }

  // sums of int8 codes in 16 bits
  enum { SHORTS = 16, SHORT_TILE = 8 };
  typedef __m256i shorts;
  static shorts no_shorts() { return _mm256_setzero_si256(); }
  static shorts add_codes(shorts sum, const int8_t* p) {
    return _mm256_add_epi16(sum, _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i*)(const void*)p)));
  }
  static void store_shorts(int16_t* p, shorts sum) { _mm256_storeu_si256((__m256i*)(void*)p, sum); }
};

// lanes of a block of 8 targets
typedef lane short_lane;

}  // namespace NE_LEVEL
#endif

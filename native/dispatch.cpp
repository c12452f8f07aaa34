// choice of the instruction set: by what the machine has, or by name
#include "dispatch.h"

#include <string.h>

#include "neuroedge.h"

namespace {

struct Level {
  const ne_kernels* kernels;
  bool (*runs_here)();
};

bool always() { return true; }

#if defined(NE_HAVE_AVX2)
bool has_avx2() { return __builtin_cpu_supports("avx2"); }
#endif
#if defined(NE_HAVE_AVX512)
bool has_avx512() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512dq");
}
#endif

// best first
const Level levels[] = {
#if defined(NE_HAVE_AVX512)
    {&ne_kernels_avx512, has_avx512},
#endif
#if defined(NE_HAVE_AVX2)
    {&ne_kernels_avx2, has_avx2},
#endif
#if defined(NE_HAVE_NEON)
    {&ne_kernels_neon, always},
#endif
    {&ne_kernels_portable, always},
};

const ne_kernels* in_use = nullptr;

}  // namespace

const ne_kernels* ne_kernels_in_use() {
  for (const Level& level : levels)
    if (!in_use && level.runs_here()) in_use = level.kernels;
  return in_use;
}

extern "C" uint32_t ne_layout(void) { return NE_LAYOUT; }

extern "C" const char* ne_simd(void) { return ne_kernels_in_use()->name; }

extern "C" const char* ne_simd_levels(void) {
  static char names[64];
  names[0] = 0;
  for (const Level& level : levels) {
    if (!level.runs_here()) continue;
    if (names[0]) strcat(names, " ");
    strcat(names, level.kernels->name);
  }
  return names;
}

extern "C" int ne_simd_set(const char* name) {
  for (const Level& level : levels)
    if (level.runs_here() && !strcmp(level.kernels->name, name)) {
      in_use = level.kernels;
      return 0;
    }
  return -1;
}

extern "C" void ne_exp(const float* x, float* y, int64_t n) { ne_kernels_in_use()->exp(x, y, n); }

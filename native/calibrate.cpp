// what a neuron costs on this machine, stepped with all others or because something reaches it
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dispatch.h"
#include "rng.h"
#include "sparse.h"

namespace {

enum { REPEATS = 7, LISTED = 32 };

double now_ns() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

struct Trial {
  float *v, *in;
  uint32_t *list, *spike;
  int64_t n, listed;
};

// the best of several, each long enough for the clock
template <class Work>
double best_of(int64_t rounds, Work work) {
  double best = 1e300;
  for (int repeat = 0; repeat < REPEATS; repeat++) {
    const double began = now_ns();
    for (int64_t round = 0; round < rounds; round++) work();
    const double took = (now_ns() - began) / (double)rounds;
    if (took < best) best = took;
  }
  return best;
}

void measure(const Trial& t, double* ns) {
  const float never = 1.0f;
  const int64_t rounds = 1 + 32768 / t.n;
  const ne_kernels* k = ne_kernels_in_use();
  ns[0] = best_of(rounds, [&] { k->frame(t.v, t.in, 1.0f, &never, 0, t.n, t.spike); }) / (double)t.n;
  ns[1] = best_of(rounds, [&] {
            ne_sparse_pass<false>(t.v, t.in, 1.0f, &never, t.list, t.listed, t.spike);
          }) / (double)t.listed;
}

}  // namespace

extern "C" int ne_costs(int64_t n, double* ns) {
  n = (n + NE_BLOCK - 1) / NE_BLOCK * NE_BLOCK;
  const int64_t listed = n / LISTED;
  char* room = (char*)aligned_alloc(64, (size_t)(16 * n));
  if (!room) return -1;
  memset(room, 0, (size_t)(16 * n));
  Trial t = {(float*)(void*)room, (float*)(void*)(room + 4 * n), (uint32_t*)(void*)(room + 8 * n),
             (uint32_t*)(void*)(room + 12 * n), n, listed};
  for (int64_t j = 0; j < listed; j++) t.list[j] = (uint32_t)(ne_mix64((uint64_t)j) % (uint64_t)n);
  measure(t, ns);
  free(room);
  return 0;
}

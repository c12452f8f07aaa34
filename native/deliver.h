// spikes of one tick along one projection, in ascending source order
#ifndef NEUROEDGE_DELIVER_H
#define NEUROEDGE_DELIVER_H

#include "half.h"
#include "kernels/kernels.h"

// where the arrivals of a projection go: one channel of the target's ring
struct ne_target {
  float* ring;
  uint8_t* hit;
  int64_t lanes;
  int32_t depth, slot;

  // slot `delay` ticks ahead; the present one is already consumed, so depth ticks ahead is the same slot
  int32_t ahead(int32_t delay) const {
    int32_t s = slot + delay;
    return s >= depth ? s - depth : s;
  }
};

static inline float ne_weight(float w) { return w; }
static inline float ne_weight(uint16_t w) { return ne_half_to_float(w); }

template <class Index, class Weight>
static int64_t ne_rows(const uint32_t* row, const Index* target, const Weight* weight, const int32_t* delay,
                       int32_t classes, const ne_target& to, const uint32_t* spike, int32_t n) {
  int64_t events = 0;
  for (int32_t s = 0; s < n; s++) {
    const uint32_t* r = row + (int64_t)spike[s] * classes;
    if (s + 1 < n) {
      uint32_t next = row[(int64_t)spike[s + 1] * classes];
      __builtin_prefetch(target + next);
      __builtin_prefetch(weight + next);
    }
    for (int32_t c = 0; c < classes; c++) {
      uint32_t begin = r[c], end = r[c + 1];
      if (begin == end) continue;
      int32_t slot = to.ahead(delay[c]);
      float* into = to.ring + slot * to.lanes;
      to.hit[slot] = 1;
      for (uint32_t k = begin; k < end; k++) into[target[k]] += ne_weight(weight[k]);
      events += end - begin;
    }
  }
  return events;
}

static inline int64_t ne_dense(const ne_kernels* kernels, const uint32_t* row, const float* weight, int64_t stride,
                               float* into, const uint32_t* spike, int32_t n) {
  int64_t events = 0;
  int32_t s = 0;
  for (; s + 4 <= n; s += 4) {
    const float* w[4];
    for (int j = 0; j < 4; j++) {
      w[j] = weight + spike[s + j] * stride;
      events += row[spike[s + j] + 1] - row[spike[s + j]];
    }
    kernels->rows4(into, w, stride);
  }
  for (; s < n; s++) {
    kernels->row(into, weight + spike[s] * stride, stride);
    events += row[spike[s] + 1] - row[spike[s]];
  }
  return events;
}

static inline int64_t ne_dense(const ne_kernels* kernels, const uint32_t* row, const uint16_t* weight, int64_t stride,
                               float* into, const uint32_t* spike, int32_t n) {
  int64_t events = 0;
  for (int32_t s = 0; s < n; s++) {
    kernels->row_half(into, weight + spike[s] * stride, stride);
    events += row[spike[s] + 1] - row[spike[s]];
  }
  return events;
}

// along projection q; returns the synaptic events
static inline int64_t ne_deliver(const ne_kernels* kernels, const ne_plan* p, int64_t q, const ne_target& to,
                                 const uint32_t* spike, int32_t n) {
  const uint32_t* row = p->row + p->proj_row[q];
  const int32_t* delay = p->delay + p->proj_delay[q];
  const int32_t classes = p->proj_classes[q], half = p->proj_half[q];
  const float* weight = p->weight + (half ? 0 : p->proj_weight[q]);
  const uint16_t* weight16 = p->weight16 + (half ? p->proj_weight[q] : 0);
  if (p->proj_storage[q] == NE_DENSE) {
    int64_t stride = (p->pop_n[p->proj_post[q]] + 15) & ~15;
    int32_t slot = to.ahead(delay[0]);
    to.hit[slot] = 1;
    float* into = to.ring + slot * to.lanes;
    return half ? ne_dense(kernels, row, weight16, stride, into, spike, n)
                : ne_dense(kernels, row, weight, stride, into, spike, n);
  }
  if (p->proj_storage[q] == NE_ROWS16) {
    const uint16_t* target = p->target16 + p->proj_syn[q];
    return half ? ne_rows(row, target, weight16, delay, classes, to, spike, n)
                : ne_rows(row, target, weight, delay, classes, to, spike, n);
  }
  const uint32_t* target = p->target32 + p->proj_syn[q];
  return half ? ne_rows(row, target, weight16, delay, classes, to, spike, n)
              : ne_rows(row, target, weight, delay, classes, to, spike, n);
}

#endif

// spikes of one tick along one projection, in ascending source order
#ifndef NEUROEDGE_DELIVER_H
#define NEUROEDGE_DELIVER_H

#include "half.h"
#include "kernels/kernels.h"

// one projection in one run: where it reads and where its arrivals go
typedef struct ne_route {
  const uint32_t* row;
  const uint32_t* segment;        // null where all delays are equal
  const int32_t* segment_delay;
  const uint16_t* target16;
  const uint32_t* target32;
  const float* weight;
  const uint16_t* weight16;
  const uint32_t* small;          // null where all events are delivered
  int64_t stride;
  float* ring;
  uint8_t* hit;
  int64_t lanes;
  int32_t depth, delay, storage, half;
} ne_route;

static inline ne_route ne_route_of(const ne_plan* p, const ne_state* s, int64_t q) {
  const int32_t post = p->proj_post[q], half = p->proj_half[q];
  const int64_t channel = (int64_t)p->proj_channel[q] * p->pop_depth[post], lanes = p->pop_lanes[post];
  return {p->row + p->proj_row[q],
          p->proj_segmented[q] ? p->segment + p->proj_segment[q] : nullptr,
          p->segment_delay + p->proj_segment[q],
          p->target16 + (p->proj_storage[q] == NE_ROWS16 ? p->proj_syn[q] : 0),
          p->target32 + (p->proj_storage[q] == NE_ROWS32 ? p->proj_syn[q] : 0),
          p->weight + (half ? 0 : p->proj_weight[q]),
          p->weight16 + (half ? p->proj_weight[q] : 0),
          p->proj_small[q] < 0 ? nullptr : p->small + p->proj_small[q],
          (p->pop_n[post] + 15) & ~15,
          s->ring + p->pop_ring[post] + channel * lanes,
          s->hit + p->pop_hit[post] + channel,
          lanes,
          p->pop_depth[post],
          p->proj_delay[q],
          p->proj_storage[q],
          half};
}

// slot `delay` ticks ahead; the present one is already consumed, so depth ticks ahead is the same slot
static inline int32_t ne_ahead(const ne_route& to, int32_t slot, int32_t delay) {
  int32_t s = slot + delay;
  return s >= to.depth ? s - to.depth : s;
}

static inline float ne_weight(float w) { return w; }
static inline float ne_weight(uint16_t w) { return ne_half_to_float(w); }

template <class Index, class Weight>
static inline void ne_add(const ne_route& to, const Index* target, const Weight* weight, int32_t slot, uint32_t begin,
                          uint32_t end) {
  float* into = to.ring + slot * to.lanes;
  to.hit[slot] = 1;
  for (uint32_t k = begin; k < end; k++) into[target[k]] += ne_weight(weight[k]);
}

// one delay for all: a row is a run of synapses
template <class Index, class Weight>
static int64_t ne_rows(const ne_route& to, const Index* target, const Weight* weight, int32_t slot_now,
                       const uint32_t* spike, int32_t n) {
  const uint32_t* row = to.row;
  const int32_t slot = ne_ahead(to, slot_now, to.delay);
  int64_t events = 0;
  for (int32_t s = 0; s < n; s++) {
    uint32_t begin = row[spike[s]], end = row[spike[s] + 1];
    if (s + 1 < n) {
      uint32_t next = row[spike[s + 1]];
      __builtin_prefetch(target + next);
      __builtin_prefetch(weight + next);
    }
    if (begin == end) continue;
    ne_add(to, target, weight, slot, begin, end);
    events += end - begin;
  }
  return events;
}

// several delays: a row is a run of segments, in ascending order of delay
template <class Index, class Weight>
static int64_t ne_segments(const ne_route& to, const Index* target, const Weight* weight, int32_t slot_now,
                           const uint32_t* spike, int32_t n) {
  int64_t events = 0;
  for (int32_t s = 0; s < n; s++) {
    const uint32_t first = to.row[spike[s]], last = to.row[spike[s] + 1];
    for (uint32_t g = first; g < last; g++)
      ne_add(to, target, weight, ne_ahead(to, slot_now, to.segment_delay[g]), to.segment[g], to.segment[g + 1]);
    events += to.segment[last] - to.segment[first];
  }
  return events;
}

template <class Index, class Weight>
static inline int64_t ne_sparse(const ne_route& to, const Index* target, const Weight* weight, int32_t slot_now,
                                const uint32_t* spike, int32_t n) {
  return to.segment ? ne_segments(to, target, weight, slot_now, spike, n)
                    : ne_rows(to, target, weight, slot_now, spike, n);
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

// synaptic events below the event threshold, which are counted only
static inline int64_t ne_dropped(const ne_route& to, const uint32_t* spike, int32_t n) {
  int64_t dropped = 0;
  if (to.small)
    for (int32_t s = 0; s < n; s++) dropped += to.small[spike[s]];
  return dropped;
}

// along one projection; returns the synaptic events
static inline int64_t ne_deliver(const ne_kernels* kernels, const ne_route& to, int32_t slot_now, const uint32_t* spike,
                                 int32_t n) {
  if (to.storage == NE_DENSE) {
    int32_t slot = ne_ahead(to, slot_now, to.delay);
    to.hit[slot] = 1;
    float* into = to.ring + slot * to.lanes;
    return to.half ? ne_dense(kernels, to.row, to.weight16, to.stride, into, spike, n)
                   : ne_dense(kernels, to.row, to.weight, to.stride, into, spike, n);
  }
  if (to.storage == NE_ROWS16)
    return to.half ? ne_sparse(to, to.target16, to.weight16, slot_now, spike, n)
                   : ne_sparse(to, to.target16, to.weight, slot_now, spike, n);
  return to.half ? ne_sparse(to, to.target32, to.weight16, slot_now, spike, n)
                 : ne_sparse(to, to.target32, to.weight, slot_now, spike, n);
}

#endif

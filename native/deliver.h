// spikes of one tick along one projection, in ascending source order
#ifndef NEUROEDGE_DELIVER_H
#define NEUROEDGE_DELIVER_H

#include "half.h"
#include "kernels/kernels.h"
#include "turn.h"

// one projection in one run, or one thread's share of it: where it reads and where its arrivals go
struct ne_route {
  int64_t (*deliver)(const ne_route& to, int32_t slot_now, const uint32_t* spike, int32_t n);
  const ne_kernels* k;
  const uint32_t* row;              // first synapse of each source, or its first segment
  const uint32_t *begin, *end;      // synapses of each row, or segment, that reach this share
  const int32_t* segment_delay;     // null where all delays are equal
  const void *target, *weight;
  int64_t stride, width;            // of a dense row: from one to the next, and in this share
  float* ring;
  uint8_t* hit;
  int64_t pitch;
  int32_t depth, delay;
  uint32_t *touched, *touched_n;    // null where nobody asks whom arrivals reach
  uint32_t touched_room;
  bool counts;                      // the share that counts synaptic events of dense rows
};

// slot `delay` ticks ahead; the present one is already consumed, so depth ticks ahead is the same slot
static inline int32_t ne_ahead(const ne_route& to, int32_t slot, int32_t delay) {
  int32_t s = slot + delay;
  return s >= to.depth ? s - to.depth : s;
}

static inline float ne_weight(float w) { return w; }
static inline float ne_weight(uint16_t w) { return ne_half_to_float(w); }
static inline int32_t ne_weight(int8_t w) { return w; }

// a list of whom the arrivals of a slot reach; beyond its room the whole population is stepped
template <class Index>
static inline void ne_touch(const ne_route& to, const Index* target, int32_t slot, uint32_t begin, uint32_t end) {
  const uint32_t n = to.touched_n[slot], more = end - begin;
  if (n + more > to.touched_room) {
    to.touched_n[slot] = to.touched_room + 1;
    return;
  }
  uint32_t* list = to.touched + (int64_t)slot * to.touched_room + n;
  for (uint32_t k = 0; k < more; k++) list[k] = target[begin + k];
  to.touched_n[slot] = n + more;
}

template <class Index, class Weight>
static inline void ne_add(const ne_route& to, const Index* target, const Weight* weight, int32_t slot, uint32_t begin,
                          uint32_t end) {
  // sums of codes are whole numbers in the same memory
  auto* into = (decltype(ne_weight(Weight()))*)(void*)(to.ring + slot * to.pitch);
  to.hit[slot] = 1;
  for (uint32_t k = begin; k < end; k++) into[target[k]] += ne_weight(weight[k]);
  if (to.touched) ne_touch(to, target, slot, begin, end);
}

// one delay for all: a row is a run of synapses
template <class Index, class Weight>
static int64_t ne_rows(const ne_route& to, int32_t slot_now, const uint32_t* spike, int32_t n) {
  const Index* target = (const Index*)to.target;
  const Weight* weight = (const Weight*)to.weight;
  const int32_t slot = ne_ahead(to, slot_now, to.delay);
  int64_t events = 0;
  for (int32_t s = 0; s < n; s++) {
    const uint32_t begin = to.begin[spike[s]], end = to.end[spike[s]];
    if (s + 1 < n) {
      const uint32_t next = to.begin[spike[s + 1]];
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
static int64_t ne_segments(const ne_route& to, int32_t slot_now, const uint32_t* spike, int32_t n) {
  const Index* target = (const Index*)to.target;
  const Weight* weight = (const Weight*)to.weight;
  int64_t events = 0;
  for (int32_t s = 0; s < n; s++)
    for (uint32_t g = to.row[spike[s]]; g < to.row[spike[s] + 1]; g++) {
      if (to.begin[g] == to.end[g]) continue;
      ne_add(to, target, weight, ne_ahead(to, slot_now, to.segment_delay[g]), to.begin[g], to.end[g]);
      events += to.end[g] - to.begin[g];
    }
  return events;
}

static inline void ne_dense_rows(const ne_route& to, float* into, const float* weight, const uint32_t* spike, int32_t n) {
  to.k->dense(into, weight, to.stride, spike, n, to.width);
}

static inline void ne_dense_rows(const ne_route& to, float* into, const uint16_t* weight, const uint32_t* spike,
                                 int32_t n) {
  to.k->dense_half(into, weight, to.stride, spike, n, to.width);
}

static inline void ne_dense_rows(const ne_route& to, float* into, const int8_t* weight, const uint32_t* spike, int32_t n) {
  to.k->dense_codes((int32_t*)(void*)into, weight, to.stride, spike, n, to.width);
}

template <class Weight>
static int64_t ne_dense(const ne_route& to, int32_t slot_now, const uint32_t* spike, int32_t n) {
  const int32_t slot = ne_ahead(to, slot_now, to.delay);
  to.hit[slot] = 1;
  if (to.touched) to.touched_n[slot] = to.touched_room + 1;
  ne_dense_rows(to, to.ring + slot * to.pitch, (const Weight*)to.weight, spike, n);
  int64_t events = 0;
  if (to.counts)
    for (int32_t s = 0; s < n; s++) events += to.row[spike[s] + 1] - to.row[spike[s]];
  return events;
}

template <class Weight>
static inline auto ne_deliverer(const ne_plan* p, int64_t q) -> decltype(ne_route::deliver) {
  const bool segmented = p->proj_segmented[q];
  switch (p->proj_storage[q]) {
    case NE_DENSE: return ne_dense<Weight>;
    case NE_ROWS16: return segmented ? ne_segments<uint16_t, Weight> : ne_rows<uint16_t, Weight>;
    default: return segmented ? ne_segments<uint32_t, Weight> : ne_rows<uint32_t, Weight>;
  }
}

// `cuts` of the projections: for each inner border between shares, first what is parallel to row, then to segment
static inline const uint32_t* ne_cut_at(const ne_plan* p, const ne_call* call, int64_t border) {
  return call->cuts + (border - 1) * (p->rows + p->segments);
}

// `post` is the target's turn in the same share
static inline ne_route ne_route_of(const ne_plan* p, const ne_call* call, const ne_part* part, const Turn& post, int64_t q) {
  const bool half = p->proj_half[q], segmented = p->proj_segmented[q];
  const int64_t channel = (int64_t)p->proj_channel[q] * post.depth, first = segmented ? p->proj_segment[q] : p->proj_row[q];
  ne_route to;
  const bool codes = post.scale != nullptr;
  to.deliver = codes ? ne_deliverer<int8_t>(p, q) : half ? ne_deliverer<uint16_t>(p, q) : ne_deliverer<float>(p, q);
  to.k = post.k;
  to.row = p->row + p->proj_row[q];
  to.begin = (segmented ? p->segment : p->row) + first;
  to.end = to.begin + 1;
  if (part->index) to.begin = ne_cut_at(p, call, part->index) + (segmented ? p->rows : 0) + first;
  if (part->index + 1 < part->count) to.end = ne_cut_at(p, call, part->index + 1) + (segmented ? p->rows : 0) + first;
  to.segment_delay = segmented ? p->segment_delay + first : nullptr;
  to.target = p->proj_storage[q] == NE_ROWS32 ? (const void*)(p->target32 + p->proj_syn[q])
                                              : (const void*)(p->target16 + p->proj_syn[q]);
  const bool dense = p->proj_storage[q] == NE_DENSE;
  const int64_t from = dense ? post.first : 0;
  to.weight = half ? (const void*)(p->weight16 + p->proj_weight[q] + from) : (const void*)(p->weight + p->proj_weight[q] + from);
  if (codes) to.weight = p->weight8 + p->proj_weight[q] + from;
  to.stride = (p->pop_n[post.pop] + 15) & ~15;
  to.width = to.stride - post.first < post.lanes ? to.stride - post.first : post.lanes;
  if (to.width < 0) to.width = 0;
  // targets of sparse rows count from the population's first neuron
  to.ring = post.ring + channel * post.pitch - (dense ? 0 : post.first);
  to.hit = post.hits + channel;
  to.pitch = post.pitch;
  to.depth = post.depth;
  to.delay = p->proj_delay[q];
  to.touched = post.sparse ? post.touched : nullptr;
  to.touched_n = post.touched_n;
  to.touched_room = (uint32_t)post.touched_room;
  to.counts = part->index == 0;
  return to;
}

#endif

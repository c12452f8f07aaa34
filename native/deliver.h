// spikes of one tick along one projection, in ascending source order
#ifndef NEUROEDGE_DELIVER_H
#define NEUROEDGE_DELIVER_H

#include "cuts.h"
#include <string.h>

#include "half.h"
#include "kernels/kernels.h"
#include "turn.h"

// one projection in one run, or one thread's share of it: where it reads and where its arrivals go
struct ne_route {
  int64_t (*deliver)(const ne_route& to, int32_t slot_now, const uint32_t* spike, int32_t n);
  const Turn *pre, *post;           // in the same share
  const ne_kernels* k;
  const uint32_t* row;              // first synapse of each source, or its first segment
  const uint32_t *begin, *end;      // synapses of each row, or segment, or blocks of each row, that reach this share
  const uint32_t* segment_base;     // null where targets count from the population's first neuron
  const int32_t* segment_delay;     // null where all delays are equal
  const void *target, *weight;
  const uint32_t* small;            // null where all events are delivered
  int64_t stride, width;            // of a dense row: from one to the next, and in this share
  float* ring;
  uint8_t* hit;
  int64_t pitch;
  int32_t depth, delay;
  uint32_t *touched, *touched_n;    // null where nobody asks whom arrivals reach
  uint32_t touched_room;
  int64_t full;                     // synapses of every row where none is left out, else -1
  bool counts;                      // the share that counts synaptic events of rows with padding
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
static inline void ne_touch(const ne_route& to, const Index* target, uint32_t base, int32_t slot, uint32_t begin,
                            uint32_t end) {
  const uint32_t n = to.touched_n[slot], more = end - begin;
  if (n + more > to.touched_room) {
    to.touched_n[slot] = to.touched_room + 1;
    return;
  }
  uint32_t* list = to.touched + (int64_t)slot * to.touched_room + n;
  for (uint32_t k = 0; k < more; k++) list[k] = base + target[begin + k];
  to.touched_n[slot] = n + more;
}

// four targets by one or two loads: loads are what bounds a row that lies in a cache
static inline void ne_four(const uint16_t* at, uint64_t* i) {
  uint64_t all;
  memcpy(&all, at, sizeof all);
  i[0] = all & 0xffff;
  i[1] = all >> 16 & 0xffff;
  i[2] = all >> 32 & 0xffff;
  i[3] = all >> 48;
}

static inline void ne_four(const uint32_t* at, uint64_t* i) {
  for (int j = 0; j < 4; j++) i[j] = at[j];
}

template <class Sum, class Index, class Weight>
static inline void ne_add_four(Sum* __restrict into, const Index* at, const Weight* w) {
  uint64_t i[4];
  ne_four(at, i);
  for (int j = 0; j < 4; j++) into[i[j]] += ne_weight(w[j]);
}

template <class Index, class Weight>
static inline void ne_add(const ne_route& to, const Index* target, const Weight* weight, uint32_t base, int32_t slot,
                          uint32_t begin, uint32_t end) {
  // sums of codes are whole numbers in the same memory
  auto* __restrict into = (decltype(ne_weight(Weight()))*)(void*)(to.ring + slot * to.pitch + base);
  to.hit[slot] = 1;
  const Index* at = target + begin;
  const Weight* w = weight + begin;
  const int64_t n = end - begin;
  // one register for where the sums begin, rather than two to be added for each of them
  __asm__("" : "+r"(into));
  int64_t k = 0;
  for (; k + 16 <= n; k += 16) {
    __builtin_prefetch(w + k + 192);
    __builtin_prefetch(at + k + 256);
    for (int g = 0; g < 16; g += 4) ne_add_four(into, at + k + g, w + k + g);
  }
  for (; k + 4 <= n; k += 4) ne_add_four(into, at + k, w + k);
  for (; k < n; k++) into[at[k]] += ne_weight(w[k]);
  if (to.touched) ne_touch(to, target, base, slot, begin, end);
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
    // where rows begin comes from memory as well, so it is asked for one row earlier
    if (s + 2 < n) {
      __builtin_prefetch(to.begin + spike[s + 2]);
      __builtin_prefetch(to.end + spike[s + 2]);
    }
    if (s + 1 < n) {
      const uint32_t next = to.begin[spike[s + 1]], synapses = to.end[spike[s + 1]] - next;
      ne_prefetch(target + next, synapses);
      ne_prefetch(weight + next, synapses);
    }
    if (begin == end) continue;
    ne_add(to, target, weight, 0, slot, begin, end);
    events += end - begin;
  }
  return events;
}

// several delays, or targets that count from a base: a row is a run of segments, in ascending order of both
template <class Index, class Weight>
static int64_t ne_segments(const ne_route& to, int32_t slot_now, const uint32_t* spike, int32_t n) {
  const Index* target = (const Index*)to.target;
  const Weight* weight = (const Weight*)to.weight;
  int64_t events = 0;
  for (int32_t s = 0; s < n; s++) {
    if (s + 2 < n) __builtin_prefetch(to.row + spike[s + 2]);
    if (s + 1 < n && to.row[spike[s + 1]] < to.row[spike[s + 1] + 1]) {
      const uint32_t first = to.row[spike[s + 1]], last = to.row[spike[s + 1] + 1] - 1;
      const uint32_t next = to.begin[first], synapses = to.end[last] - next;
      ne_prefetch(target + next, synapses);
      ne_prefetch(weight + next, synapses);
    }
    for (uint32_t g = to.row[spike[s]]; g < to.row[spike[s] + 1]; g++) {
      if (to.begin[g] == to.end[g]) continue;
      const uint32_t base = to.segment_base ? to.segment_base[g] : 0;
      ne_add(to, target, weight, base, ne_ahead(to, slot_now, to.segment_delay[g]), to.begin[g], to.end[g]);
      events += to.end[g] - to.begin[g];
    }
  }
  return events;
}

static inline void ne_dense_rows(const ne_route& to, float* into, const float* weight, const uint32_t* spike,
                                 int32_t n) {
  to.k->dense(into, weight, to.stride, spike, n, to.width);
}

static inline void ne_dense_rows(const ne_route& to, float* into, const uint16_t* weight, const uint32_t* spike,
                                 int32_t n) {
  to.k->dense_half(into, weight, to.stride, spike, n, to.width);
}

static inline void ne_dense_rows(const ne_route& to, float* into, const int8_t* weight, const uint32_t* spike,
                                 int32_t n) {
  to.k->dense_codes((int32_t*)(void*)into, weight, to.stride, spike, n, to.width);
}

// without padding
static inline int64_t ne_synapses(const ne_route& to, const uint32_t* spike, int32_t n) {
  if (to.full >= 0) return n * to.full;
  int64_t synapses = 0;
  for (int32_t s = 0; s < n; s++) synapses += to.row[spike[s] + 1] - to.row[spike[s]];
  return synapses;
}

template <class Weight>
static int64_t ne_dense(const ne_route& to, int32_t slot_now, const uint32_t* spike, int32_t n) {
  const int32_t slot = ne_ahead(to, slot_now, to.delay);
  const int64_t events = ne_synapses(to, spike, n);
  if (!events) return 0;
  to.hit[slot] = 1;
  if (to.touched) to.touched_n[slot] = to.touched_room + 1;
  ne_dense_rows(to, to.ring + slot * to.pitch, (const Weight*)to.weight, spike, n);
  return to.counts ? events : 0;
}

static inline void ne_block_rows(const ne_route& to, float* into, const float* weight, const uint32_t* spike,
                                 int32_t n) {
  to.k->block(into, (const uint16_t*)to.target, weight, to.begin, to.end, spike, n);
}

static inline void ne_block_rows(const ne_route& to, float* into, const uint16_t* weight, const uint32_t* spike,
                                 int32_t n) {
  to.k->block_half(into, (const uint16_t*)to.target, weight, to.begin, to.end, spike, n);
}

static inline void ne_block_rows(const ne_route& to, float* into, const int8_t* weight, const uint32_t* spike,
                                 int32_t n) {
  to.k->block_codes((int32_t*)(void*)into, (const uint16_t*)to.target, weight, to.begin, to.end, spike, n);
}

static inline void ne_touch_blocks(const ne_route& to, int32_t slot, uint32_t begin, uint32_t end) {
  const uint16_t* block = (const uint16_t*)to.target;
  for (uint32_t b = begin; b < end && to.touched_n[slot] <= to.touched_room; b++) {
    const uint32_t first = (uint32_t)block[b] * 8;
    const uint32_t eight[8] = {first, first + 1, first + 2, first + 3, first + 4, first + 5, first + 6, first + 7};
    ne_touch(to, eight, 0, slot, 0, 8);
  }
}

// one delay for all: a row is a run of blocks of 8 targets
template <class Weight>
static int64_t ne_blocks(const ne_route& to, int32_t slot_now, const uint32_t* spike, int32_t n) {
  const int32_t slot = ne_ahead(to, slot_now, to.delay);
  const int64_t events = ne_synapses(to, spike, n);
  if (!events) return 0;
  to.hit[slot] = 1;
  ne_block_rows(to, to.ring + slot * to.pitch, (const Weight*)to.weight, spike, n);
  if (to.touched)
    for (int32_t s = 0; s < n; s++) ne_touch_blocks(to, slot, to.begin[spike[s]], to.end[spike[s]]);
  return to.counts ? events : 0;
}

// synaptic events below the event threshold, which are counted only
static inline int64_t ne_dropped(const ne_route& to, const uint32_t* spike, int32_t n) {
  int64_t dropped = 0;
  if (to.small)
    for (int32_t s = 0; s < n; s++) dropped += to.small[spike[s]];
  return dropped;
}

template <class Weight>
static inline auto ne_deliverer(const ne_plan* p, int64_t q) -> decltype(ne_route::deliver) {
  const bool segmented = p->proj_segmented[q];
  switch (p->proj_storage[q]) {
    case NE_DENSE: return ne_dense<Weight>;
    case NE_BLOCK8: return ne_blocks<Weight>;
    case NE_LOCAL16: return ne_segments<uint16_t, Weight>;
    case NE_ROWS16: return segmented ? ne_segments<uint16_t, Weight> : ne_rows<uint16_t, Weight>;
    default: return segmented ? ne_segments<uint32_t, Weight> : ne_rows<uint32_t, Weight>;
  }
}

// `cuts` of the projections: for each inner border between shares, first what is parallel to row, then to segment
static inline const uint32_t* ne_cut_at(const ne_plan* p, const ne_call* call, int64_t border) {
  return call->cuts + (border - 1) * (p->rows + p->segments);
}

static inline ne_route ne_route_of(const ne_plan* p, const ne_call* call, const ne_part* part, const Turn* turns,
                                   int64_t q) {
  const Turn& post = turns[p->proj_post[q]];
  const bool half = p->proj_half[q], segmented = p->proj_segmented[q];
  const int64_t channel = (int64_t)p->proj_channel[q] * post.depth, first = ne_runs_at(p, q);
  ne_route to;
  const bool codes = post.scale != nullptr;
  to.deliver = codes ? ne_deliverer<int8_t>(p, q) : half ? ne_deliverer<uint16_t>(p, q) : ne_deliverer<float>(p, q);
  to.pre = &turns[p->proj_pre[q]];
  to.post = &post;
  to.k = post.k;
  to.row = p->row + p->proj_row[q];
  to.begin = (segmented ? p->segment : p->row) + first;
  to.end = to.begin + 1;
  if (part->index) to.begin = ne_cut_at(p, call, part->index) + (segmented ? p->rows : 0) + first;
  if (part->index + 1 < part->count) to.end = ne_cut_at(p, call, part->index + 1) + (segmented ? p->rows : 0) + first;
  to.segment_delay = segmented ? p->segment_delay + first : nullptr;
  to.segment_base = p->proj_storage[q] == NE_LOCAL16 ? p->segment_base + p->proj_base[q] : nullptr;
  to.target = p->proj_storage[q] == NE_ROWS32 ? (const void*)(p->target32 + p->proj_syn[q])
                                              : (const void*)(p->target16 + p->proj_syn[q]);
  to.small = p->proj_small[q] < 0 ? nullptr : p->small + p->proj_small[q];
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
  const bool listed = p->proj_channel[q] ? post.framed && part->count == 1 : post.sparse;
  to.touched = listed ? post.touched + channel * post.touched_room : nullptr;
  to.touched_n = post.touched_n + channel;
  to.touched_room = (uint32_t)post.touched_room;
  to.counts = part->index == 0;
  const int64_t n_pre = p->pop_n[p->proj_pre[q]], n_post = p->pop_n[post.pop];
  to.full = dense && to.row[n_pre] == n_pre * n_post ? n_post : -1;
  return to;
}

#endif

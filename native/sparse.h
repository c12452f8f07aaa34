// event-driven populations: only whom arrivals reach is stepped, and ticks in which nothing happens are passed over
#ifndef NEUROEDGE_SPARSE_H
#define NEUROEDGE_SPARSE_H

#include <string.h>

#include "turn.h"

enum : int64_t { NE_NEVER = INT64_MAX };

// arrivals left by an earlier call come without a list
static inline void ne_sparse_begin(Turn& t) {
  if (!t.sparse && !t.framed) return;
  const int64_t slots = (int64_t)t.depth * (t.framed ? 1 + t.p->pop_receptors[t.pop] : 1);
  for (int64_t k = 0; k < slots; k++) t.touched_n[k] = t.hits[k] ? (uint32_t)t.touched_room + 1 : 0;
}

// ascending, each once
static inline int32_t ne_sparse_sort(Turn& t, int32_t n) {
  uint32_t* a = t.spike;
  if (n <= 24) {
    int32_t kept = 0;
    for (int32_t j = 0; j < n; j++) {
      const uint32_t x = a[j];
      int32_t k = kept;
      while (k > 0 && a[k - 1] > x) k--;
      if (k > 0 && a[k - 1] == x) continue;
      memmove(a + k + 1, a + k, (size_t)(kept - k) * sizeof *a);
      a[k] = x;
      kept++;
    }
    return kept;
  }
  // one bit per neuron, in room that only AdEx and Izhikevich use
  uint64_t* word = (uint64_t*)(void*)(t.s->drive + t.lane);
  memset(word, 0, (size_t)(t.lanes / 8));
  for (int32_t j = 0; j < n; j++) word[a[j] >> 6] |= (uint64_t)1 << (a[j] & 63);
  int32_t kept = 0;
  for (int64_t w = 0; w < t.lanes / 64; w++)
    for (uint64_t bits = word[w]; bits; bits &= bits - 1) a[kept++] = (uint32_t)(w * 64 + __builtin_ctzll(bits));
  return kept;
}

// the frame kernel for whom the list names: twice named is as good as once, since the second time nothing arrives
template <bool EACH>
static inline int32_t ne_sparse_pass(float* v, float* in, float m, const float* theta, const uint32_t* list, int64_t n,
                                     uint32_t* spike) {
  const float same = theta[0] * m;
  int32_t spikes = 0;
  for (int64_t k = 0; k < n; k++) {
    const uint32_t i = list[k];
    const float s = v[i] + in[i] * m;
    in[i] = 0.0f;
    v[i] = s;
    if (s >= (EACH ? theta[i] * m : same)) spike[spikes++] = i;
  }
  return spikes;
}

template <bool EACH>
static inline int32_t ne_sparse_frame(Turn& t) {
  const uint32_t* list = t.touched + (int64_t)t.slot_now * t.touched_room;
  const int32_t n = ne_sparse_pass<EACH>(t.v, t.slot(0), t.m, t.parameters(THETA), list, t.touched_n[t.slot_now], t.spike);
  return n > 1 ? ne_sparse_sort(t, n) : n;
}

// whether this tick's arrivals are listed, none of them left out
static inline bool ne_sparse_now(const Turn& t) {
  return t.sparse && t.touched_n[t.slot_now] <= t.touched_room && !t.part->awake[t.pop];
}

// ticks from now until something happens here
static inline int64_t ne_quiet(const Turn& t) {
  int64_t wait = NE_NEVER;
  if (t.event_at < t.event_n) wait = t.event_tick[t.event_at] - t.step;
  if (t.kind == NE_SOURCE || wait <= 0) return wait;
  if (t.part->awake[t.pop]) return 0;
  for (int32_t k = 0, at = t.slot_now; k < t.depth && k < wait; k++) {
    if (t.hits[at]) wait = k;
    at = at + 1 == t.depth ? 0 : at + 1;
  }
  if (*t.queue.size) {
    int64_t next = NE_NEVER;
    // in order of release only where all wait equally long
    for (int32_t k = 0; k < (t.queue.wait >= 0 ? 1 : *t.queue.size); k++) {
      const int64_t release = t.queue.release[t.queue.neuron[t.queue.wait >= 0 ? *t.queue.head : k]];
      if (release - t.tick < next) next = release - t.tick;
    }
    if (next < wait) wait = next;
  }
  return wait;
}

static inline void ne_pass_over(Turn& t, int64_t ticks) {
  if (t.depth > 1) t.slot_now = (int32_t)((t.slot_now + ticks) % t.depth);
  t.tick += ticks;
  t.step += ticks;
}

#endif

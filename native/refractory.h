// refractory neurons: a queue per population, in order of release where all wait equally long
#ifndef NEUROEDGE_REFRACTORY_H
#define NEUROEDGE_REFRACTORY_H

#include "neuroedge.h"

// of one population, or of one thread's share of it; neurons count from the share's first
typedef struct ne_queue {
  int64_t* release;      // last refractory tick of each neuron
  const int32_t* waits;  // refractory ticks of each neuron
  int32_t wait;          // of all, -1 if they differ
  uint32_t* neuron;
  int32_t lanes;
  int32_t* head;
  int32_t* size;
} ne_queue;

static inline ne_queue ne_queue_of(const ne_plan* p, ne_state* s, int64_t pop, int64_t part, int64_t first,
                                   int64_t lanes) {
  const int64_t lane = p->pop_lane[pop] + first, at = part * p->pops + pop;
  return {s->release + lane, p->refractory + lane, p->pop_refractory[pop], s->queue + lane, (int32_t)lanes,
          s->queue_head + at, s->queue_size + at};
}

// at its place in the order of release: nearly always the end, but what was left before a change of dt, or came with
// another network's snapshot, may wait longer than a spike of now
static inline void ne_queue_push(const ne_queue& q, uint32_t neuron) {
  const int32_t head = *q.head;
  int32_t k = (*q.size)++;
  if (q.wait >= 0)
    for (; k > 0; k--) {
      int32_t from = head + k - 1, to = head + k;
      uint32_t before = q.neuron[from >= q.lanes ? from - q.lanes : from];
      if (q.release[before] <= q.release[neuron]) break;
      q.neuron[to >= q.lanes ? to - q.lanes : to] = before;
    }
  int32_t at = head + k;
  q.neuron[at >= q.lanes ? at - q.lanes : at] = neuron;
}

// refractory from the tick after this one; returns the last refractory tick, or -1 for no refractoriness
static inline int64_t ne_hold(const ne_queue& q, uint32_t neuron, int64_t tick) {
  const int32_t wait = q.wait >= 0 ? q.wait : q.waits[neuron];
  if (wait == 0) return -1;
  q.release[neuron] = tick + wait;
  ne_queue_push(q, neuron);
  return tick + wait;
}

// calls `release(neuron)` for those whose last refractory tick is this one
template <class Release>
static inline void ne_queue_release(const ne_queue& q, int64_t tick, Release release) {
  if (*q.size == 0) return;
  if (q.wait >= 0) {
    while (*q.size && q.release[q.neuron[*q.head]] == tick) {
      release(q.neuron[*q.head]);
      *q.head = *q.head + 1 == q.lanes ? 0 : *q.head + 1;
      --*q.size;
    }
    return;
  }
  // unequal waits: keep those that still wait; head stays 0
  int32_t kept = 0;
  for (int32_t k = 0; k < *q.size; k++) {
    if (q.release[q.neuron[k]] == tick) release(q.neuron[k]);
    else q.neuron[kept++] = q.neuron[k];
  }
  *q.size = kept;
}

#endif

// refractory neurons: a queue per population, in order of release where all wait equally long
#ifndef NEUROEDGE_REFRACTORY_H
#define NEUROEDGE_REFRACTORY_H

#include "neuroedge.h"

// at its place in the order of release: nearly always the end, but what was left before a change of dt, or came with
// another network's snapshot, may wait longer than a spike of now
static inline void ne_queue_push(const ne_plan* p, ne_state* s, int64_t pop, uint32_t neuron) {
  const int64_t* release = s->release + p->pop_lane[pop];
  uint32_t* queue = s->queue + p->pop_lane[pop];
  const int32_t lanes = p->pop_lanes[pop], head = s->queue_head[pop];
  int32_t k = s->queue_size[pop]++;
  if (p->pop_refractory[pop] >= 0)
    for (; k > 0; k--) {
      int32_t from = head + k - 1, to = head + k;
      uint32_t before = queue[from >= lanes ? from - lanes : from];
      if (release[before] <= release[neuron]) break;
      queue[to >= lanes ? to - lanes : to] = before;
    }
  int32_t at = head + k;
  queue[at >= lanes ? at - lanes : at] = neuron;
}

// refractory from the tick after this one; returns the last refractory tick, or -1 for no refractoriness
static inline int64_t ne_hold(const ne_plan* p, ne_state* s, int64_t pop, uint32_t neuron, int64_t tick) {
  int64_t lane = p->pop_lane[pop] + neuron;
  int32_t wait = p->pop_refractory[pop] >= 0 ? p->pop_refractory[pop] : p->refractory[lane];
  if (wait == 0) return -1;
  s->release[lane] = tick + wait;
  ne_queue_push(p, s, pop, neuron);
  return tick + wait;
}

// calls `release(neuron)` for those whose last refractory tick is this one
template <class Release>
static inline void ne_queue_release(const ne_plan* p, ne_state* s, int64_t pop, int64_t tick, Release release) {
  const int64_t first = p->pop_lane[pop];
  uint32_t* queue = s->queue + first;
  const int32_t lanes = p->pop_lanes[pop];
  if (p->pop_refractory[pop] >= 0) {
    while (s->queue_size[pop] && s->release[first + queue[s->queue_head[pop]]] == tick) {
      release(queue[s->queue_head[pop]]);
      s->queue_head[pop] = s->queue_head[pop] + 1 == lanes ? 0 : s->queue_head[pop] + 1;
      s->queue_size[pop]--;
    }
    return;
  }
  // unequal waits: keep those that still wait; head stays 0
  int32_t kept = 0;
  for (int32_t k = 0; k < s->queue_size[pop]; k++) {
    if (s->release[first + queue[k]] == tick) release(queue[k]);
    else queue[kept++] = queue[k];
  }
  s->queue_size[pop] = kept;
}

#endif

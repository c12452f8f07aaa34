// what a run consists of: its turns and routes, and one tick of all
#ifndef NEUROEDGE_RUN_H
#define NEUROEDGE_RUN_H

#include "cuts.h"
#include "deliver.h"
#include "dispatch.h"
#include "populations.h"
#include "plastic.h"
#include "sparse.h"
#include "turn.h"

// growth of each frame at the end of ticks [tick, tick + n), which lie in one stretch of FRAME_AHEAD
static void fill_frames(const ne_plan* p, const ne_part& part, const ne_kernels* k, int64_t tick, int64_t n) {
  const int64_t first = tick % FRAME_AHEAD;
  for (int64_t f = 0; f < p->frames; f++)
    k->growth(p->frame_rate[f], tick + 1, n, part.frame_m + f * FRAME_AHEAD + first,
              part.frame_e + f * FRAME_AHEAD + first);
}

static int64_t to_stretch_end(int64_t tick, int64_t ticks) {
  const int64_t left = FRAME_AHEAD - tick % FRAME_AHEAD;
  return ticks < left ? ticks : left;
}

struct Run {
  const ne_plan* p;
  ne_state* s;
  ne_call* call;
  const ne_kernels* k;
  ne_part* part;
  Turn* turns;
  ne_route* routes;
  ne_plastic* plastic;
};

// static, since what each file compares turns with are its own copies of the functions
static void begin_run(const Run& r) {
  for (int64_t pop = 0; pop < r.p->pops; pop++) {
    r.turns[pop] = Turn(r.p, r.s, r.call, r.k, r.part, pop);
    ne_sparse_begin(r.turns[pop]);
    choose_turn(r.turns[pop]);
  }
  for (int64_t q = 0; q < r.p->projs; q++) r.routes[q] = ne_route_of(r.p, r.call, r.part, r.turns, q);
  for (int64_t k = 0; k < r.p->learners; k++) ne_plastic_begin(r.plastic[k], r.p, r.s, r.part, r.turns, r.routes, k);
}

// one tick: every population, then every projection. Learns: of some projections the weights change
template <bool Learns>
static inline void run_tick(const Run& r, int64_t* events, int64_t* dropped) {
  for (int64_t k = 0; Learns && k < r.p->learners; k++) *events += ne_plastic_arrive(r.plastic[k]);
  for (int64_t pop = 0; pop < r.p->pops; pop++) r.turns[pop].act(r.turns[pop]);
  for (int64_t k = 0; Learns && k < r.p->learners; k++) ne_plastic_fire(r.plastic[k]);
  for (int64_t q = 0; q < r.p->projs; q++) {
    const ne_route& to = r.routes[q];
    if (!to.pre->spikes_now) continue;
    *events += to.deliver(to, to.post->slot_now, to.pre->spike, to.pre->spikes_now);
    *dropped += ne_dropped(to, to.pre->spike, to.pre->spikes_now);
  }
  for (int64_t pop = 0; pop < r.p->pops; pop++) end_tick(r.turns[pop]);
}

static ne_part part_of(ne_state* s, ne_call* call, int64_t index, int64_t parts) {
  const int64_t room = call->capacity / parts;
  ne_part part = {};
  part.index = (int32_t)index;
  part.count = (int32_t)parts;
  part.hit = s->hit;
  part.awake = s->awake;
  part.exponent = s->exponent;
  part.syn_exponent = s->syn_exponent;
  part.frame_m = s->frame_m;
  part.frame_e = s->frame_e;
  part.spike_tick = call->spike_tick + index * room;
  part.spike_lane = call->spike_lane + index * room;
  part.spikes = call->part_spikes[index];
  part.room = room;
  part.spike = s->spike;
  return part;
}

#endif

// projections that learn: weights, traces and eligibility change when spikes arrive and when targets fire, and at no
// other time: what decays stands in growing frames (plan/plastic.py; engines/plastic.py is the twin)
#ifndef NEUROEDGE_PLASTIC_H
#define NEUROEDGE_PLASTIC_H

#include <string.h>

#include "deliver.h"
#include "turn.h"

enum { NE_ADDITIVE = 0, NE_MULTIPLICATIVE = 1, NE_ELIGIBILITY = 2, NE_DOPAMINE = 3 };
enum { LEARN_LOW, LEARN_HIGH, LEARN_UP, LEARN_DOWN, LEARN_GAIN, LEARN_BOTH, LEARN_BASE, LEARN_PARAMS = 9 };
enum { LEARN_PRE, LEARN_POST, LEARN_ELIGIBLE, LEARN_DOPAMINE, LEARN_FRAMES };

// one projection in one run
struct ne_plastic {
  const ne_plan* p;
  const ne_part* part;
  const ne_route* to;
  Turn* post;
  int64_t (*arrive)(ne_plastic& l, uint32_t run, float* into);
  void (*fire)(ne_plastic& l, uint32_t target);
  const float* param;
  const int32_t* frame;
  const int32_t *lag, *run_delay;  // run_delay: null where all delays are equal
  const uint32_t *in_row, *in_syn, *in_run;
  float *w, *e, *x, *y, *dopamine;
  int64_t *exponent, entries[LEARN_FRAMES];
  uint32_t *kept, *kept_times, *kept_n;
  int64_t tick, n_pre;
  int32_t depth, lags;
  bool nearest, wide;
  float m[LEARN_FRAMES];  // growth at the end of this tick
  float up, down;         // change for a trace as it stands in its frame
  float yet;              // what of eligibility, as it stands in its frame, dopamine has yet to make of the weight
};

static inline float ne_at_least(float w, float low) { return w < low ? low : w; }
static inline float ne_at_most(float w, float high) { return w > high ? high : w; }

// the weight as it stands now
template <int RULE>
static inline float ne_standing(const ne_plastic& l, uint32_t s) {
  if (RULE != NE_DOPAMINE) return l.w[s];
  return ne_at_most(ne_at_least(l.w[s] - l.e[s] * l.yet, l.param[LEARN_LOW]), l.param[LEARN_HIGH]);
}

// a spike arrives: weights are delivered, then lowered by what their targets have fired
template <int RULE, class Index>
static int64_t ne_arrive_run(ne_plastic& l, uint32_t run, float* into) {
  const uint32_t begin = l.to->begin[run], end = l.to->end[run];
  const Index* target = (const Index*)l.to->target;
  const float low = l.param[LEARN_LOW], gain = l.param[LEARN_GAIN];
  for (uint32_t s = begin; s < end; s++) {
    const uint32_t i = target[s];
    const float w = ne_standing<RULE>(l, s), y = l.y[i];
    into[i] += w * gain;
    if (RULE == NE_ADDITIVE) l.w[s] = ne_at_least(w - l.down * y, low);
    if (RULE == NE_MULTIPLICATIVE) l.w[s] = ne_at_least(w - (l.down * w) * y, low);
    if (RULE >= NE_ELIGIBILITY) l.e[s] -= l.down * y;
    if (RULE == NE_DOPAMINE) l.w[s] = w + l.e[s] * l.yet;
  }
  l.x[run] = l.nearest ? l.m[LEARN_PRE] : l.x[run] + l.m[LEARN_PRE];
  return end - begin;
}

// a target fires: what has arrived before is raised
template <int RULE>
static void ne_fire_target(ne_plastic& l, uint32_t target) {
  const float high = l.param[LEARN_HIGH];
  for (uint32_t k = l.in_row[target]; k < l.in_row[target + 1]; k++) {
    const uint32_t s = l.in_syn[k];
    const float w = ne_standing<RULE>(l, s), x = l.x[l.in_run[k]];
    if (RULE == NE_ADDITIVE) l.w[s] = ne_at_most(w + l.up * x, high);
    if (RULE == NE_MULTIPLICATIVE) l.w[s] = ne_at_most(w + (l.up * (high - w)) * x, high);
    if (RULE >= NE_ELIGIBILITY) l.e[s] += l.up * x;
    if (RULE == NE_DOPAMINE) l.w[s] = w + l.e[s] * l.yet;
  }
  l.y[target] = l.nearest ? l.m[LEARN_POST] : l.y[target] + l.m[LEARN_POST];
}

// exact halvings, and what falls below 2^-60 goes to +0
static inline void ne_plastic_shrink(float* x, int64_t n, int64_t grown) {
  for (grown = grown < 480 ? grown : 480; grown > 0; grown -= 120) {
    const uint32_t bits = (uint32_t)(127 - (grown < 120 ? grown : 120)) << 23;
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    for (int64_t i = 0; i < n; i++) {
      const float s = x[i] * scale;
      x[i] = __builtin_fabsf(s) >= 0x1p-60f ? s : 0.0f;
    }
  }
}

static inline void ne_plastic_follow(ne_plastic& l) {
  float* const values[LEARN_FRAMES] = {l.x, l.y, l.e, l.dopamine};
  for (int f = 0; f < LEARN_FRAMES; f++) {
    if (l.frame[f] < 0) continue;
    const int64_t at = l.frame[f] * (int64_t)FRAME_AHEAD + l.tick % FRAME_AHEAD, exponent = l.part->frame_e[at];
    l.m[f] = l.part->frame_m[at];
    if (exponent == l.exponent[f]) continue;
    ne_plastic_shrink(values[f], l.entries[f], exponent - l.exponent[f]);
    l.exponent[f] = exponent;
  }
  l.up = l.param[LEARN_UP] / l.m[LEARN_PRE];
  l.down = l.param[LEARN_DOWN] / l.m[LEARN_POST];
  // without these frames their growth is 1
  l.up = l.up * l.m[LEARN_ELIGIBLE];
  l.down = l.down * l.m[LEARN_ELIGIBLE];
  const float n = *l.dopamine / l.m[LEARN_DOPAMINE];
  l.yet = (l.param[LEARN_BOTH] * n - l.param[LEARN_BASE]) / l.m[LEARN_ELIGIBLE];
}

// what left its sources `lag` ticks ago
static inline int64_t ne_plastic_lag(ne_plastic& l, int32_t lag, float* into) {
  const int64_t slot = ((l.tick - lag) % l.depth + l.depth) % l.depth;
  const uint32_t *source = l.kept + slot * l.n_pre, *times = l.kept_times + slot * l.n_pre;
  const ne_route& to = *l.to;
  int64_t events = 0;
  for (uint32_t j = 0; j < l.kept_n[slot]; j++) {
    uint32_t run = source[j];
    if (l.run_delay) {
      const uint32_t end = to.row[run + 1];
      run = to.row[run];
      while (run < end && l.run_delay[run] != lag) run++;
      if (run == end) continue;
    }
    for (uint32_t k = 0; k < times[j]; k++) events += l.arrive(l, run, into);
    if (!to.touched || to.begin[run] == to.end[run]) continue;
    const int32_t now = l.post->slot_now;
    if (l.wide) ne_touch(to, (const uint32_t*)to.target, 0, now, to.begin[run], to.end[run]);
    else ne_touch(to, (const uint16_t*)to.target, 0, now, to.begin[run], to.end[run]);
  }
  return events;
}

// the beginning of a tick: everything that arrives, with weights as they stand, after what other projections deliver
static inline int64_t ne_plastic_arrive(ne_plastic& l) {
  ne_plastic_follow(l);
  const int32_t now = l.post->slot_now;
  float* into = l.to->ring + now * l.to->pitch;
  int64_t events = 0;
  for (int32_t k = 0; k < l.lags; k++) events += ne_plastic_lag(l, l.lag[k], into);
  if (events) l.to->hit[now] = 1;
  // the longest delay has passed
  l.kept_n[l.tick % l.depth] = 0;
  return events;
}

static inline void ne_plastic_fire(ne_plastic& l) {
  for (int32_t j = 0; j < l.post->spikes_now; j++) l.fire(l, l.post->spike[j]);
  l.tick++;
}

// in place of a delivery: spikes are kept until they arrive; given ones may repeat
static int64_t ne_plastic_keep(const ne_route& to, int32_t, const uint32_t* spike, int32_t n) {
  const ne_plastic& l = *(const ne_plastic*)to.weight;
  // the tick has been counted on already
  const int64_t slot = (l.tick - 1) % l.depth;
  uint32_t *source = l.kept + slot * l.n_pre, *times = l.kept_times + slot * l.n_pre, kept = 0;
  for (int32_t j = 0; j < n; j++) {
    if (kept && source[kept - 1] == spike[j]) {
      times[kept - 1]++;
      continue;
    }
    source[kept] = spike[j];
    times[kept++] = 1;
  }
  l.kept_n[slot] = kept;
  return 0;
}

template <int RULE>
static inline void ne_plastic_by(ne_plastic& l) {
  l.arrive = l.wide ? ne_arrive_run<RULE, uint32_t> : ne_arrive_run<RULE, uint16_t>;
  l.fire = ne_fire_target<RULE>;
}

static inline void ne_plastic_begin(ne_plastic& l, const ne_plan* p, ne_state* s, const ne_part* part, Turn* turns,
                                  ne_route* routes, int64_t k) {
  const int64_t q = p->learn_proj[k], n_pre = p->pop_n[p->proj_pre[q]];
  ne_route& to = routes[q];
  l = {};
  l.p = p;
  l.part = part;
  l.to = &to;
  l.post = &turns[p->proj_post[q]];
  l.param = p->learn_param + k * LEARN_PARAMS;
  l.frame = p->learn_frame + k * LEARN_FRAMES;
  l.lag = p->lag + p->learn_lag[k];
  l.run_delay = to.segment_delay;
  l.in_row = p->in_row + p->learn_in[k];
  l.in_syn = p->in_syn + p->learn_syn[k];
  l.in_run = p->in_run + p->learn_syn[k];
  l.w = s->learned + p->learn_syn[k];
  l.e = s->eligible + p->learn_eligible[k];
  l.x = s->trace_pre + p->learn_run[k];
  l.y = s->trace_post + p->learn_post[k];
  l.dopamine = s->dopamine + k;
  l.exponent = s->learn_exponent + k * LEARN_FRAMES;
  const int64_t runs = to.segment_delay ? to.row[n_pre] : n_pre, synapses = to.end[runs - 1];
  const int64_t entries[LEARN_FRAMES] = {runs, p->pop_n[p->proj_post[q]], synapses, 1};
  memcpy(l.entries, entries, sizeof entries);
  l.kept = s->kept + p->learn_kept[k];
  l.kept_times = s->kept_times + p->learn_kept[k];
  l.kept_n = s->kept_n + p->learn_slot[k];
  l.tick = s->clock[0];
  l.n_pre = n_pre;
  l.depth = p->learn_depth[k];
  l.lags = p->learn_lags[k];
  l.nearest = p->learn_nearest[k];
  for (int f = 0; f < LEARN_FRAMES; f++) l.m[f] = 1.0f;
  l.wide = p->proj_storage[q] == NE_ROWS32;
  switch (p->learn_rule[k]) {
    case NE_ADDITIVE: ne_plastic_by<NE_ADDITIVE>(l); break;
    case NE_MULTIPLICATIVE: ne_plastic_by<NE_MULTIPLICATIVE>(l); break;
    case NE_ELIGIBILITY: ne_plastic_by<NE_ELIGIBILITY>(l); break;
    default: ne_plastic_by<NE_DOPAMINE>(l);
  }
  to.deliver = ne_plastic_keep;
  to.weight = &l;
}

#endif

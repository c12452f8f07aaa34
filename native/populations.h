// what each kind of population does in one tick
#ifndef NEUROEDGE_POPULATIONS_H
#define NEUROEDGE_POPULATIONS_H

#include <string.h>

#include "rng.h"
#include "sparse.h"
#include "turn.h"

enum { FRAME_AHEAD = 64, FLUSH_EVERY = 1024 };

// a current acts like an arrival of I·(1 − decay) at the tick's end
static void add_current(const Turn& t, int64_t gain) {
  const float* current = t.current();
  float* in = t.slot(0);
  for (int64_t i = 0; i < t.n; i++) in[i] += current[i * t.current_neuron] * t.parameter(gain, (uint32_t)i);
  t.hit(0) = 1;
}

// given spikes lift their neurons over any threshold, unless these are refractory
static void force(Turn& t) {
  for (; t.given_now(); t.event_at++) {
    const int64_t i = (int64_t)t.event_neuron[t.event_at] - t.first;
    if (i < 0 || i >= t.lanes || t.release[i] >= t.tick) continue;
    t.slot(0)[i] = __builtin_inff();
    t.hit(0) = 1;
    if (t.sparse && t.touched_n[t.slot_now]++ < t.touched_room)
      t.touched[t.slot_now * t.touched_room + t.touched_n[t.slot_now] - 1] = (uint32_t)i;
  }
}

// nobody waits, and all have one threshold
static void frame_lower(Turn& t, int32_t n) {
  const float top = t.param[THETA] * t.m, forced = __builtin_inff();
  float* __restrict v = t.v;
  const uint32_t* __restrict spike = t.spike;
  uint8_t above = 0;
  for (int32_t j = 0; j < n; j++) {
    const float was = v[spike[j]], rest = (was == forced ? top : was) - top;
    above |= rest >= top;
    v[spike[j]] = rest;
  }
  t.part->awake[t.pop] |= above;
}

static void frame_reset(Turn& t, int32_t n) {
  if (t.subtract && !t.each && t.queue.wait == 0) {
    frame_lower(t, n);
    return;
  }
  for (int32_t j = 0; j < n; j++) {
    uint32_t i = t.spike[j];
    float top = t.parameter(THETA, i) * t.m, after = t.parameter(RESET, i);
    if (t.subtract) {
      float rest_of = (t.v[i] == __builtin_inff() ? top : t.v[i]) - top;
      if (rest_of >= top) t.part->awake[t.pop] = 1;
      if (ne_hold(t.queue, i, t.tick) < 0) { t.v[i] = rest_of; continue; }
      after = rest_of / t.m;
    } else if (ne_hold(t.queue, i, t.tick) < 0) {
      t.v[i] = after * t.m;
      continue;
    }
    t.held[i] = after;
    t.v[i] = -__builtin_inff();
  }
}

// frames grow from the absolute tick; what stands in one follows by exact halvings, which may be done at once
static void shrink(Turn& t, float* x, int64_t grown) {
  // from 2^128 to below 2^-60 all goes to 0, and 2^-120 is one exact step
  for (grown = grown < 480 ? grown : 480; grown > 0; grown -= 120) {
    uint32_t bits = (uint32_t)(127 - (grown < 120 ? grown : 120)) << 23;
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    t.k->rescale(x, scale, t.lanes);
  }
}

static void follow_frame(Turn& t, float m, int64_t exponent) {
  t.m = m;
  const int64_t grown = exponent - t.part->exponent[t.pop];
  if (grown == 0) return;
  t.part->exponent[t.pop] = exponent;
  shrink(t, t.v, grown);
}

// before those that spike are reset
static void watch(const Turn& t) {
  t.k->slope(t.slope, t.v, t.kind == NE_FRAME ? t.m : 1.0f, t.parameters(THETA), t.each, t.adapts ? t.u : ne_zeros,
             t.adapts, t.steep, t.lanes);
}

static void frame_turn(Turn& t) {
  const int64_t at = t.p->pop_frame[t.pop] * FRAME_AHEAD + t.tick % FRAME_AHEAD;
  follow_frame(t, t.part->frame_m[at], t.part->frame_e[at]);
  if (t.currents) add_current(t, FRAME_GAIN);
  if (t.given_now()) force(t);
  int32_t n = 0;
  uint8_t& awake = t.part->awake[t.pop];
  // without arrivals nobody can cross: the threshold of the frame grows, the state stands
  if (t.hit(0) || awake) {
    if (ne_sparse_now(t)) {
      n = t.each ? ne_sparse_frame<true>(t) : ne_sparse_frame<false>(t);
    } else {
      awake = 0;
      n = t.k->frame(t.v, t.slot(0), t.m, t.parameters(THETA), t.each, t.lanes, t.spike);
    }
    if (t.sparse) t.touched_n[t.slot_now] = 0;
    t.hit(0) = 0;
    if (t.slope) watch(t);
    frame_reset(t, n);
  } else if (t.slope) {
    watch(t);
  }
  t.spikes_now = n;
  ne_queue_release(t.queue, t.tick, [&](uint32_t i) {
    t.v[i] = t.held[i] * t.m;
    if (t.subtract && t.v[i] >= t.parameter(THETA, i) * t.m) awake = 1;
  });
}

static void lif_reset(Turn& t, int32_t n) {
  for (int32_t j = 0; j < n; j++) {
    uint32_t i = t.spike[j];
    float after = t.parameter(RESET, i);
    if (t.subtract) {
      float top = t.parameter(THETA, i) + (t.adapts ? t.u[i] : 0.0f);
      after = (t.v[i] == __builtin_inff() ? top : t.v[i]) - t.parameter(LIF_DROP, i);
    }
    if (t.adapts) t.u[i] += t.parameter(LIF_STEP_A, i);
    if (ne_hold(t.queue, i, t.tick) < 0) { t.v[i] = after; continue; }
    t.held[i] = after;
    t.v[i] = -__builtin_inff();
  }
}

static void flush_currents(Turn& t) {
  for (int32_t r = 0; r < t.p->pop_receptors[t.pop]; r++) t.k->flush(t.syn + r * t.pitch, t.lanes);
}

// arrivals of a current in its frame: of whom the list names, or of all
static void arrive(Turn& t, int32_t channel, float m) {
  if (!t.hit(channel)) return;
  t.hit(channel) = 0;
  float *s = t.syn + (channel - 1) * t.pitch, *in = t.slot(channel);
  const int64_t slot = (int64_t)channel * t.depth + t.slot_now;
  const uint32_t* list = t.touched + slot * t.touched_room;
  // several threads keep no list, and share what would hold one
  const bool alone = t.part->count == 1;
  const int64_t n = alone ? t.touched_n[slot] : t.touched_room + 1;
  if (alone) t.touched_n[slot] = 0;
  if (n > t.touched_room) {
    t.k->arrive(s, in, m, t.lanes);
    return;
  }
  for (int64_t k = 0; k < n; k++) {
    const uint32_t i = list[k];
    s[i] += in[i] * m;
    in[i] = 0.0f;
  }
}

// to the end of the tick: frames grow, then what arrives is added
static void follow_currents(Turn& t) {
  for (int32_t r = 0; r < t.p->pop_receptors[t.pop]; r++) {
    const int64_t at = t.syn_frame[r] * FRAME_AHEAD + t.tick % FRAME_AHEAD;
    shrink(t, t.syn + r * t.pitch, t.part->frame_e[at] - t.syn_exponent[r]);
    t.syn_exponent[r] = t.part->frame_e[at];
    t.syn_m[r] = t.part->frame_m[at];
    arrive(t, 1 + r, t.syn_m[r]);
  }
}

static void lif_turn(Turn& t) {
  if (t.currents) add_current(t, LIF_GAIN);
  if (t.given_now()) force(t);
  const int32_t receptors = t.p->pop_receptors[t.pop];
  if (t.tick % FLUSH_EVERY == 0) {
    t.k->flush(t.v, t.lanes);
    if (!t.framed) flush_currents(t);
    if (t.adapts) t.k->flush(t.u, t.lanes);
  }
  ne_lif_args args = {t.v, t.adapts ? t.u : nullptr, t.syn, t.param, {}, t.lanes, t.pitch, receptors, t.framed, {},
                      t.p->pop_coupled[t.pop], t.each};
  memcpy(args.growth, t.syn_m, sizeof args.growth);
  for (int32_t c = 0; c <= (t.framed ? 0 : receptors); c++) args.in[c] = t.arrivals(c);
  int32_t n = t.k->lif(&args, t.spike);
  if (t.slope) watch(t);
  if (t.framed) follow_currents(t);
  lif_reset(t, n);
  t.spikes_now = n;
  ne_queue_release(t.queue, t.tick, [&](uint32_t i) { t.v[i] = t.held[i]; });
}

// AdEx and Izhikevich: the current of the tick's start, then the cell
static void cell_drive(Turn& t, float* drive, int64_t first) {
  const float* current = t.current();
  for (int64_t i = 0; i < t.n; i++) drive[i] = current ? current[i * t.current_neuron] : 0.0f;
  const int32_t receptors = t.p->pop_receptors[t.pop];
  if (t.tick % FLUSH_EVERY == 0) flush_currents(t);
  for (int32_t r = 0; r < receptors; r++) {
    const float* decay = t.parameters(first + 3 * r + 1);
    const float* couple = t.parameters(first + 3 * r + 2);
    const float* next = t.p->pop_coupled[t.pop] && r + 1 < receptors ? t.syn + (r + 1) * t.pitch : nullptr;
    t.k->current(drive, t.syn + r * t.pitch, next, decay, couple, t.each, t.arrivals(1 + r), t.lanes);
  }
}

static void cell_turn(Turn& t, bool adex) {
  float* drive = t.s->drive + t.lane + t.first;
  cell_drive(t, drive, adex ? ADEX_CURRENTS : IZHIKEVICH_CURRENTS);
  if (t.given_now()) force(t);
  ne_cell_args args = {t.v, t.u, t.held, drive, t.param, t.arrivals(0), t.lanes, t.pitch, t.p->pop_substeps[t.pop],
                       t.each};
  int32_t n = adex ? t.k->adex(&args, t.spike) : t.k->izhikevich(&args, t.spike);
  for (int32_t j = 0; j < n; j++) {
    uint32_t i = t.spike[j];
    t.v[i] = t.parameter(RESET, i);
    t.u[i] += t.parameter(adex ? ADEX_B : IZHIKEVICH_D, i);
    if (ne_hold(t.queue, i, t.tick) >= 0) t.held[i] = 1.0f;
  }
  t.spikes_now = n;
  ne_queue_release(t.queue, t.tick, [&](uint32_t i) { t.held[i] = 0.0f; });
}

// an injected current in units of v, rounded half to even; 2^17 is beyond all potentials. Null without, unless given
// spikes need it
static int32_t* fixed_drive(Turn& t) {
  const float* current = t.current();
  if (!current && !t.given_now()) return nullptr;
  int32_t* drive = (int32_t*)(void*)(t.s->drive + t.lane + t.first);
  memset(drive, 0, sizeof *drive * (size_t)t.lanes);
  for (int64_t i = 0; current && i < t.n; i++) {
    float x = current[i * t.current_neuron] * t.parameter(FIXED_GAIN, (uint32_t)i);
    x = x < 131072.0f ? x : 131072.0f;
    x = x > -131072.0f ? x : -131072.0f;
    // adding 1.5·2^23 rounds to a whole number, the same way everywhere
    drive[i] = (int32_t)((x + 12582912.0f) - 12582912.0f);
  }
  return drive;
}

// neuron of given spike k in this share, or -1 if it is another share's or refractory
static int64_t fixed_given(const Turn& t, int64_t k) {
  const int64_t i = (int64_t)t.event_neuron[k] - t.first;
  return i >= 0 && i < t.lanes && t.release[i] < t.tick ? i : -1;
}

// given spikes lift their neurons to the threshold, whatever else arrives: what drives them is more than v holds
static int32_t fixed_step(Turn& t, const ne_fixed_args& args, int32_t* drive) {
  const int64_t given = t.event_at;
  for (; t.given_now(); t.event_at++) {
    const int64_t i = fixed_given(t, t.event_at);
    if (i >= 0) drive[i] = 1 << 17;
  }
  const int32_t n = t.k->fixed(&args, t.spike);
  for (int64_t k = given; k < t.event_at; k++) {
    const int64_t i = fixed_given(t, k);
    if (i >= 0) args.v[i] = args.theta[i];
  }
  return n;
}

static void fixed_turn(Turn& t) {
  const int64_t lane = t.lane + t.first;
  const int16_t *theta = t.p->theta16 + lane, *reset = t.p->reset16 + lane;
  int16_t *v = t.s->v16 + lane, *held = t.s->held16 + lane;
  int32_t* drive = fixed_drive(t);
  t.spikes_now = fixed_step(t, {v, (int32_t*)(void*)t.slot(0), drive, held, t.p->decay16 + lane, t.p->shift16 + lane,
                                theta, t.lanes, t.p->right16 + lane, t.p->pop_most_v[t.pop],
                                t.p->pop_most_sum[t.pop]}, drive);
  t.hit(0) = 0;
  for (int32_t j = 0; j < t.spikes_now; j++) {
    const uint32_t i = t.spike[j];
    v[i] = t.subtract ? (int16_t)(v[i] - theta[i]) : reset[i];
    if (ne_hold(t.queue, i, t.tick) >= 0) held[i] = -1;
  }
  ne_queue_release(t.queue, t.tick, [&](uint32_t i) { held[i] = 0; });
}

// models without an integer form take what int8 synapses bring as floats
static void arrivals_to_real(Turn& t) {
  for (int32_t c = 0; c <= t.p->pop_receptors[t.pop]; c++)
    if (t.hit(c)) t.k->to_real(t.slot(c), t.scale + c * t.pitch, t.lanes);
}

static inline float above_rest(const Turn& t, int64_t i) {
  if (t.kind == NE_FIXED) return (float)t.s->v16[t.lane + t.first + i] * t.parameter(FIXED_UNIT, (uint32_t)i);
  const float x = t.kind == NE_FRAME ? t.v[i] / t.m : t.v[i];
  // a refractory LIF neuron is at -inf and has its potential in `held`
  return x == -__builtin_inff() ? t.held[i] : x;
}

// potentials after the tick, in mV
static void trace(const Turn& t) {
  float* out = t.traces + t.step * t.p->pop_n[t.pop] + t.first;
  for (int64_t i = 0; i < t.n; i++) out[i] = t.parameter(REST, (uint32_t)i) + above_rest(t, i);
}

static void write_down(const Turn& t) {
  const int32_t n = t.spikes_now;
  const uint32_t* spike = t.spike;
  uint32_t* counts = t.call->counts + t.lane;
  for (int32_t j = 0; j < n; j++) counts[spike[j]]++;
  if (!t.record) return;
  int32_t* ticks = t.part->spike_tick + t.part->spikes;
  uint32_t* lanes = t.part->spike_lane + t.part->spikes;
  for (int32_t j = 0; j < n; j++) {
    ticks[j] = (int32_t)t.step;
    lanes[j] = (uint32_t)t.lane + spike[j];
  }
  t.part->spikes += n;
}

static void publish(Turn& t) {
  // kernels count from this share's first neuron
  if (t.first && t.kind != NE_SOURCE)
    for (int32_t j = 0; j < t.spikes_now; j++) t.spike[j] += (uint32_t)t.first;
  write_down(t);
}

static void given_turn(Turn& t) {
  const int64_t at = t.event_at;
  // ascending, so the eighth tells of seven
  while (t.event_at + 8 <= t.event_n && t.event_tick[t.event_at + 7] == t.step) t.event_at += 8;
  while (t.given_now()) t.event_at++;
  // the caller has what it gave
  t.spikes_now = t.part->index ? 0 : (int32_t)(t.event_at - at);
  t.spike = const_cast<uint32_t*>(t.event_neuron) + at;
}

static void poisson_turn(Turn& t) {
  uint64_t key = ne_tick_key(t.p->pop_key[t.pop], t.s->clock[1], t.tick);
  t.spikes_now = t.k->poisson(key, t.chance, t.first, t.first + t.n, t.spike);
  if (t.spikes_now) publish(t);
}

static void any_turn(Turn& t) {
  if (t.scale && t.kind != NE_FIXED) arrivals_to_real(t);
  switch (t.kind) {
    case NE_FRAME: frame_turn(t); break;
    case NE_LIF: lif_turn(t); break;
    case NE_FIXED: fixed_turn(t); break;
    default: cell_turn(t, t.kind == NE_ADEX);
  }
  if (t.spikes_now) publish(t);
  if (t.traces) trace(t);
}

// the same as any_turn for a frame population that gets nothing but synapses, holds nobody and is not traced
static void plain_turn(Turn& t) {
  const int64_t at = t.p->pop_frame[t.pop] * FRAME_AHEAD + t.tick % FRAME_AHEAD;
  follow_frame(t, t.part->frame_m[at], t.part->frame_e[at]);
  t.spikes_now = 0;
  if (!t.hits[t.slot_now] && !t.part->awake[t.pop]) return;
  int32_t n;
  if (ne_sparse_now(t)) {
    n = ne_sparse_frame<false>(t);
  } else {
    n = t.k->frame(t.v, t.slot(0), t.m, t.param + THETA, 0, t.lanes, t.spike);
    t.part->awake[t.pop] = 0;
  }
  if (t.sparse) t.touched_n[t.slot_now] = 0;
  t.hits[t.slot_now] = 0;
  if (n == 0) return;
  const float after = t.param[RESET] * t.m;
  for (int32_t j = 0; j < n; j++) t.v[t.spike[j]] = after;
  t.spikes_now = n;
  publish(t);
}

static void choose_turn(Turn& t) {
  if (t.kind == NE_SOURCE) t.act = t.chance ? poisson_turn : given_turn;
  else t.act = t.kind == NE_FRAME && t.plain && !t.currents && !t.traces && !t.slope && t.event_n == 0 ? plain_turn : any_turn;
}

static inline void end_tick(Turn& t) {
  t.slot_now = t.slot_now + 1 == t.depth ? 0 : t.slot_now + 1;
  t.tick++;
  t.step++;
}

// what a later call goes on from: frames stand at the end of the last tick, also where ticks were passed over
static inline void end_run(Turn& t) {
  t.call->event_next[t.pop] = t.event_at;
  if (t.kind == NE_FRAME && t.tick > 0) {
    float m;
    int64_t exponent;
    t.k->growth(t.p->frame_rate[t.p->pop_frame[t.pop]], t.tick, 1, &m, &exponent);
    follow_frame(t, m, exponent);
  }
}

#endif

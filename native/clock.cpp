// the clock-driven engine: tick by tick, every population, then every projection
#include <string.h>

#include "deliver.h"
#include "dispatch.h"
#include "kernels/kernels.h"
#include "refractory.h"
#include "rng.h"

namespace {

// never written to: where `step` is 0 nothing is cleared
alignas(64) float zeros[NE_BLOCK] = {0};

enum { FRAME_AHEAD = 64, FLUSH_EVERY = 1024 };

// parameters that the code around the kernels reads (their order: neurons/*.h)
enum { REST = 0, THETA = 1, RESET = 2, FRAME_GAIN = 3, LIF_DROP = 3, LIF_GAIN = 4, LIF_STEP_A = 7, ADEX_B = 10,
       ADEX_CURRENTS = 14, IZHIKEVICH_D = 5, IZHIKEVICH_CURRENTS = 7 };

// one population in one run: what does not change from tick to tick is looked up once
struct Turn {
  const ne_plan* p;
  ne_state* s;
  ne_call* call;
  const ne_kernels* k;
  int64_t pop, tick, step;  // tick: absolute; step: within this run
  int64_t lane, lanes;
  const float* param;
  float *v, *u, *held, *ring;
  uint8_t* hits;
  const int32_t* event_tick;
  const uint32_t* event_neuron;
  const uint32_t* chance;
  const float* currents;
  float* traces;
  int64_t event_at, event_n;
  int32_t kind, depth, slot_now, spikes_now;
  uint32_t* spike;
  float m;
  bool record;
  bool plain;  // all neurons go to one value at a spike, and none is refractory

  Turn(const ne_plan* p, ne_state* s, ne_call* call, const ne_kernels* k, int64_t pop)
      : p(p), s(s), call(call), k(k), pop(pop), tick(s->clock[0]), step(call->first), lane(p->pop_lane[pop]),
        lanes(p->pop_lanes[pop]), param(p->params + p->pop_param[pop]), v(s->v + lane), u(s->u + lane),
        held(s->held + lane), ring(s->ring + p->pop_ring[pop]), hits(s->hit + p->pop_hit[pop]),
        event_tick((const int32_t*)(uintptr_t)call->event_tick[pop]),
        event_neuron((const uint32_t*)(uintptr_t)call->event_neuron[pop]),
        chance((const uint32_t*)(uintptr_t)call->chance[pop]),
        currents((const float*)(uintptr_t)call->current[pop]), traces((float*)(uintptr_t)call->trace[pop]),
        event_at(call->event_next[pop]), event_n(call->event_n[pop]), kind(p->pop_kind[pop]), depth(p->pop_depth[pop]),
        slot_now((int32_t)(s->clock[0] % depth)), spikes_now(0), spike(s->spike + lane), m(1.0f),
        record(call->record[pop]), plain(!p->pop_stride[pop] && !p->pop_subtract[pop] && p->pop_refractory[pop] == 0) {}

  float parameter(int64_t index, uint32_t neuron) const {
    return p->pop_stride[pop] ? param[index * lanes + neuron] : param[index];
  }
  float* slot(int32_t channel) const {
    return ring + ((int64_t)channel * depth + slot_now) * lanes;
  }
  uint8_t& hit(int32_t channel) const { return hits[(int64_t)channel * depth + slot_now]; }
  // what arrives now; the kernel that takes it clears it
  ne_arrivals arrivals(int32_t channel) const {
    if (!hit(channel)) return {zeros, 0};
    hit(channel) = 0;
    return {slot(channel), 1};
  }
  const float* current() const { return currents ? currents + step * call->current_tick[pop] : nullptr; }
  bool given_now() const { return event_at < event_n && event_tick[event_at] == step; }
  // given spikes of a source are delivered from where they lie
  bool passes_on() const { return kind == NE_SOURCE && !chance; }
};

// a current acts like an arrival of I·(1 − decay) at the tick's end
void add_current(const Turn& t, int64_t gain) {
  const float* current = t.current();
  float* in = t.slot(0);
  const int64_t n = t.p->pop_n[t.pop], stride = t.call->current_neuron[t.pop];
  for (int64_t i = 0; i < n; i++) in[i] += current[i * stride] * t.parameter(gain, (uint32_t)i);
  t.hit(0) = 1;
}

// given spikes lift their neurons over any threshold, unless these are refractory
void force(Turn& t) {
  for (; t.given_now(); t.event_at++) {
    uint32_t neuron = t.event_neuron[t.event_at];
    if (t.s->release[t.lane + neuron] >= t.tick) continue;
    t.slot(0)[neuron] = __builtin_inff();
    t.hit(0) = 1;
  }
}

void source_turn(Turn& t) {
  if (t.chance) {
    uint64_t key = ne_tick_key(t.p->pop_key[t.pop], t.s->clock[1], t.tick);
    t.spikes_now = t.k->poisson(key, t.chance, t.p->pop_n[t.pop], t.spike);
    return;
  }
  int64_t at = t.event_at;
  while (t.given_now()) t.event_at++;
  t.spikes_now = (int32_t)(t.event_at - at);
  t.spike = const_cast<uint32_t*>(t.event_neuron) + at;
}

void frame_reset(Turn& t, int32_t n) {
  if (t.plain) {
    const float after = t.param[RESET] * t.m;
    for (int32_t j = 0; j < n; j++) t.v[t.spike[j]] = after;
    return;
  }
  const bool subtract = t.p->pop_subtract[t.pop];
  for (int32_t j = 0; j < n; j++) {
    uint32_t i = t.spike[j];
    float top = t.parameter(THETA, i) * t.m, after = t.parameter(RESET, i);
    if (subtract) {
      float rest_of = (t.v[i] == __builtin_inff() ? top : t.v[i]) - top;
      if (rest_of >= top) t.s->awake[t.pop] = 1;
      if (ne_hold(t.p, t.s, t.pop, i, t.tick) < 0) { t.v[i] = rest_of; continue; }
      after = rest_of / t.m;
    } else if (ne_hold(t.p, t.s, t.pop, i, t.tick) < 0) {
      t.v[i] = after * t.m;
      continue;
    }
    t.held[i] = after;
    t.v[i] = -__builtin_inff();
  }
}

// frames grow from the absolute tick; a state follows by exact halvings
void follow_frame(Turn& t) {
  int64_t at = t.p->pop_frame[t.pop] * FRAME_AHEAD + t.tick % FRAME_AHEAD;
  t.m = t.s->frame_m[at];
  int64_t grown = t.s->frame_e[at] - t.s->exponent[t.pop];
  if (grown == 0) return;
  uint32_t bits = (uint32_t)(127 - grown) << 23;
  float scale;
  memcpy(&scale, &bits, sizeof scale);
  t.k->rescale(t.v, scale, t.lanes);
  t.s->exponent[t.pop] = t.s->frame_e[at];
}

void frame_turn(Turn& t) {
  follow_frame(t);
  if (t.currents) add_current(t, FRAME_GAIN);
  if (t.given_now()) force(t);
  int32_t n = 0;
  // without arrivals nobody can cross: the threshold of the frame grows, the state stands
  if (t.hit(0) || t.s->awake[t.pop]) {
    t.s->awake[t.pop] = 0;
    const float* theta = t.param + THETA * (t.p->pop_stride[t.pop] ? t.lanes : 1);
    n = t.k->frame(t.v, t.slot(0), t.m, theta, t.p->pop_stride[t.pop], t.lanes, t.spike);
    t.hit(0) = 0;
    frame_reset(t, n);
  }
  t.spikes_now = n;
  ne_queue_release(t.p, t.s, t.pop, t.tick, [&](uint32_t i) {
    t.v[i] = t.held[i] * t.m;
    t.s->awake[t.pop] |= (uint8_t)t.p->pop_subtract[t.pop];
  });
}

void lif_reset(Turn& t, int32_t n) {
  const bool subtract = t.p->pop_subtract[t.pop], adapts = t.p->pop_adapts[t.pop];
  for (int32_t j = 0; j < n; j++) {
    uint32_t i = t.spike[j];
    float after = t.parameter(RESET, i);
    if (subtract) {
      float top = t.parameter(THETA, i) + (adapts ? t.u[i] : 0.0f);
      after = (t.v[i] == __builtin_inff() ? top : t.v[i]) - t.parameter(LIF_DROP, i);
    }
    if (adapts) t.u[i] += t.parameter(LIF_STEP_A, i);
    if (ne_hold(t.p, t.s, t.pop, i, t.tick) < 0) { t.v[i] = after; continue; }
    t.held[i] = after;
    t.v[i] = -__builtin_inff();
  }
}

void lif_turn(Turn& t) {
  if (t.currents) add_current(t, LIF_GAIN);
  if (t.given_now()) force(t);
  const int32_t receptors = t.p->pop_receptors[t.pop];
  float* syn = t.s->syn + t.p->pop_syn[t.pop];
  const bool adapts = t.p->pop_adapts[t.pop];
  if (t.tick % FLUSH_EVERY == 0) {
    t.k->flush(t.v, t.lanes);
    t.k->flush(syn, receptors * t.lanes);
    if (adapts) t.k->flush(t.u, t.lanes);
  }
  ne_lif_args args = {t.v, adapts ? t.u : nullptr, syn, t.param, {}, t.lanes, receptors, t.p->pop_coupled[t.pop],
                      t.p->pop_stride[t.pop]};
  for (int32_t c = 0; c <= receptors; c++) args.in[c] = t.arrivals(c);
  int32_t n = t.k->lif(&args, t.spike);
  lif_reset(t, n);
  t.spikes_now = n;
  ne_queue_release(t.p, t.s, t.pop, t.tick, [&](uint32_t i) { t.v[i] = t.held[i]; });
}

// AdEx and Izhikevich: the current of the tick's start, then the cell
void cell_drive(Turn& t, int64_t first) {
  float* drive = t.s->drive + t.lane;
  const float* current = t.current();
  const int64_t n = t.p->pop_n[t.pop], each = t.p->pop_stride[t.pop];
  for (int64_t i = 0; i < n; i++) drive[i] = current ? current[i * t.call->current_neuron[t.pop]] : 0.0f;
  const int32_t receptors = t.p->pop_receptors[t.pop];
  float* syn = t.s->syn + t.p->pop_syn[t.pop];
  if (t.tick % FLUSH_EVERY == 0) t.k->flush(syn, receptors * t.lanes);
  for (int32_t r = 0; r < receptors; r++) {
    const float* decay = t.param + (first + 3 * r + 1) * (each ? t.lanes : 1);
    const float* next = t.p->pop_coupled[t.pop] && r + 1 < receptors ? syn + (r + 1) * t.lanes : nullptr;
    t.k->current(drive, syn + r * t.lanes, next, decay, decay + (each ? t.lanes : 1), (int32_t)each, t.arrivals(1 + r),
                 t.lanes);
  }
}

void cell_turn(Turn& t, bool adex) {
  cell_drive(t, adex ? ADEX_CURRENTS : IZHIKEVICH_CURRENTS);
  if (t.given_now()) force(t);
  ne_cell_args args = {t.v, t.u, t.held, t.s->drive + t.lane, t.param, t.arrivals(0), t.lanes,
                       t.p->pop_substeps[t.pop], t.p->pop_stride[t.pop]};
  int32_t n = adex ? t.k->adex(&args, t.spike) : t.k->izhikevich(&args, t.spike);
  for (int32_t j = 0; j < n; j++) {
    uint32_t i = t.spike[j];
    t.v[i] = t.parameter(RESET, i);
    t.u[i] += t.parameter(adex ? ADEX_B : IZHIKEVICH_D, i);
    if (ne_hold(t.p, t.s, t.pop, i, t.tick) >= 0) t.held[i] = 1.0f;
  }
  t.spikes_now = n;
  ne_queue_release(t.p, t.s, t.pop, t.tick, [&](uint32_t i) { t.held[i] = 0.0f; });
}

// potentials after the tick, in mV
void trace(const Turn& t) {
  const int32_t n = t.p->pop_n[t.pop];
  float* out = t.traces + t.step * n;
  for (int32_t i = 0; i < n; i++) {
    float x = t.kind == NE_FRAME ? t.v[i] / t.m : t.v[i];
    // a refractory LIF neuron is at -inf and has its potential in `held`
    if (x == -__builtin_inff()) x = t.held[i];
    out[i] = t.parameter(REST, i) + x;
  }
}

void write_down(const Turn& t) {
  const int32_t n = t.spikes_now;
  const uint32_t* spike = t.spike;
  uint32_t* counts = t.call->counts + t.lane;
  for (int32_t j = 0; j < n; j++) counts[spike[j]]++;
  if (!t.record) return;
  int32_t* ticks = t.call->spike_tick + t.call->spikes;
  uint32_t* lanes = t.call->spike_lane + t.call->spikes;
  for (int32_t j = 0; j < n; j++) {
    ticks[j] = (int32_t)t.step;
    lanes[j] = (uint32_t)t.lane + spike[j];
  }
  t.call->spikes += n;
}

void take_turn(Turn& t) {
  switch (t.kind) {
    case NE_SOURCE: source_turn(t); break;
    case NE_FRAME: frame_turn(t); break;
    case NE_LIF: lif_turn(t); break;
    default: cell_turn(t, t.kind == NE_ADEX);
  }
  // the caller has what it gave
  if (t.spikes_now && !t.passes_on()) write_down(t);
  if (t.traces) trace(t);
}

void end_tick(Turn& t) {
  t.slot_now = t.slot_now + 1 == t.depth ? 0 : t.slot_now + 1;
  t.tick++;
  t.step++;
}

// what a later call goes on from
void end_run(const Turn& t) {
  t.call->event_next[t.pop] = t.event_at;
  t.s->spike_n[t.pop] = t.passes_on() ? 0 : t.spikes_now;
}

// growth of each frame at the end of the ticks from `tick` to the next multiple of FRAME_AHEAD
void fill_frames(const ne_plan* p, ne_state* s, const ne_kernels* k, int64_t tick, int64_t ticks) {
  int64_t first = tick % FRAME_AHEAD, n = first + ticks < FRAME_AHEAD ? ticks : FRAME_AHEAD - first;
  for (int64_t f = 0; f < p->frames; f++)
    k->growth(p->frame_rate[f], tick + 1, n, s->frame_m + f * FRAME_AHEAD + first, s->frame_e + f * FRAME_AHEAD + first);
}

int64_t run(const ne_plan* p, ne_state* s, ne_call* call, int64_t ticks, Turn* turns, const ne_route* routes) {
  const ne_kernels* k = ne_kernels_in_use();
  int64_t done = 0, events = 0, dropped = 0;
  // a tick starts only with room for a spike of every lane
  for (; done < ticks && call->capacity - call->spikes >= p->lanes; done++) {
    const int64_t tick = s->clock[0];
    if (done == 0 || tick % FRAME_AHEAD == 0) fill_frames(p, s, k, tick, ticks - done);
    for (int64_t pop = 0; pop < p->pops; pop++) take_turn(turns[pop]);
    for (int64_t q = 0; q < p->projs; q++) {
      const Turn& pre = turns[p->proj_pre[q]];
      if (!pre.spikes_now) continue;
      events += ne_deliver(k, routes[q], turns[p->proj_post[q]].slot_now, pre.spike, pre.spikes_now);
      dropped += ne_dropped(routes[q], pre.spike, pre.spikes_now);
    }
    for (int64_t pop = 0; pop < p->pops; pop++) end_tick(turns[pop]);
    s->clock[0]++;
  }
  call->events += events;
  call->dropped += dropped;
  return done;
}

}  // namespace

extern "C" int64_t ne_frame_at(double rate, int64_t t, float* m) {
  int64_t e;
  ne_kernels_in_use()->growth(rate, t, 1, m, &e);
  return e;
}

extern "C" int64_t ne_run(const ne_plan* p, ne_state* s, ne_call* call, int64_t ticks) {
  if (p->pops > NE_MAX_PARTS || p->projs > NE_MAX_PARTS) return -1;
  Turn* turns = (Turn*)__builtin_alloca(p->pops * sizeof(Turn));
  ne_route* routes = (ne_route*)__builtin_alloca(p->projs * sizeof(ne_route));
  const ne_kernels* k = ne_kernels_in_use();
  for (int64_t pop = 0; pop < p->pops; pop++) turns[pop] = Turn(p, s, call, k, pop);
  for (int64_t q = 0; q < p->projs; q++) routes[q] = ne_route_of(p, s, q);
  int64_t done = run(p, s, call, ticks, turns, routes);
  for (int64_t pop = 0; pop < p->pops; pop++) end_run(turns[pop]);
  return done;
}

extern "C" int64_t ne_step(const ne_plan* p, ne_state* s, ne_call* call) {
  for (int64_t pop = 0; pop < p->pops; pop++) {
    const uint32_t* neuron = (const uint32_t*)(uintptr_t)call->event_neuron[pop];
    for (int64_t i = 0; i < call->event_n[pop]; i++)
      if (neuron[i] >= (uint32_t)p->pop_n[pop] || (i && neuron[i] < neuron[i - 1])) return -2 - pop;
  }
  call->first = call->spikes = 0;
  int64_t done = ne_run(p, s, call, 1);
  for (int64_t pop = 0; pop < p->pops; pop++) call->event_n[pop] = call->event_next[pop] = 0;
  return done;
}

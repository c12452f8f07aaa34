// the clock-driven engine: tick by tick, every population, then every projection
#include <string.h>

#include "deliver.h"
#include "dispatch.h"
#include "frame.h"
#include "kernels/kernels.h"
#include "refractory.h"
#include "rng.h"

namespace {

alignas(64) const float zeros[NE_BLOCK] = {0};

enum { FRAME_AHEAD = 64, FLUSH_EVERY = 1024 };

// parameters that the code around the kernels reads (their order: neurons/*.h)
enum { REST = 0, THETA = 1, RESET = 2, FRAME_GAIN = 3, LIF_DROP = 3, LIF_GAIN = 4, LIF_STEP_A = 7, LIF_PAIRS = 8,
       ADEX_B = 10, ADEX_PAIRS = 14, IZHIKEVICH_D = 5, IZHIKEVICH_PAIRS = 7 };

// one population in one tick
struct Turn {
  const ne_plan* p;
  ne_state* s;
  ne_call* call;
  const ne_kernels* k;
  int64_t pop, tick, step;  // tick: absolute; step: within this run
  int64_t lane, lanes;
  const float* param;
  float *v, *u, *held;
  float m;

  Turn(const ne_plan* p, ne_state* s, ne_call* call, const ne_kernels* k, int64_t pop, int64_t tick, int64_t step)
      : p(p), s(s), call(call), k(k), pop(pop), tick(tick), step(step), lane(p->pop_lane[pop]),
        lanes(p->pop_lanes[pop]), param(p->params + p->pop_param[pop]), v(s->v + lane), u(s->u + lane),
        held(s->held + lane), m(1.0f) {}

  float parameter(int64_t index, uint32_t neuron) const {
    return p->pop_stride[pop] ? param[index * lanes + neuron] : param[index];
  }
  float* slot(int32_t channel) const {
    return s->ring + p->pop_ring[pop] + ((int64_t)channel * p->pop_depth[pop] + s->slot[pop]) * lanes;
  }
  uint8_t& hit(int32_t channel) const {
    return s->hit[p->pop_hit[pop] + (int64_t)channel * p->pop_depth[pop] + s->slot[pop]];
  }
  ne_arrivals arrivals(int32_t channel) const {
    return hit(channel) ? ne_arrivals{slot(channel), 1} : ne_arrivals{zeros, 0};
  }
  void consume(int32_t channel) const {
    if (!hit(channel)) return;
    memset(slot(channel), 0, lanes * sizeof(float));
    hit(channel) = 0;
  }
  const float* current() const {
    const float* base = (const float*)(uintptr_t)call->current[pop];
    return base ? base + step * call->current_tick[pop] : nullptr;
  }
  uint32_t* spikes() const { return s->spike + lane; }
};

// a current acts like an arrival of I·(1 − decay) at the tick's end
void add_current(const Turn& t, int64_t gain) {
  const float* current = t.current();
  if (!current) return;
  float* in = t.slot(0);
  const int64_t n = t.p->pop_n[t.pop], stride = t.call->current_neuron[t.pop];
  for (int64_t i = 0; i < n; i++) in[i] += current[i * stride] * t.parameter(gain, (uint32_t)i);
  t.hit(0) = 1;
}

// given spikes lift their neurons over any threshold, unless these are refractory
void force(const Turn& t) {
  const int32_t* ticks = (const int32_t*)(uintptr_t)t.call->event_tick[t.pop];
  const uint32_t* neurons = (const uint32_t*)(uintptr_t)t.call->event_neuron[t.pop];
  int64_t at = t.call->event_next[t.pop], n = t.call->event_n[t.pop];
  for (; at < n && ticks[at] == t.step; at++) {
    if (t.s->release[t.lane + neurons[at]] >= t.tick) continue;
    t.slot(0)[neurons[at]] = __builtin_inff();
    t.hit(0) = 1;
  }
  t.call->event_next[t.pop] = at;
}

void source_turn(Turn& t) {
  const uint32_t* chance = (const uint32_t*)(uintptr_t)t.call->chance[t.pop];
  if (chance) {
    uint64_t key = ne_tick_key(t.p->pop_key[t.pop], t.s->clock[1], t.tick);
    t.s->spike_n[t.pop] = t.k->poisson(key, chance, t.p->pop_n[t.pop], t.spikes());
    return;
  }
  // given spikes are delivered from where they are; spike_n is their number from event_next on
  const int32_t* ticks = (const int32_t*)(uintptr_t)t.call->event_tick[t.pop];
  int64_t at = t.call->event_next[t.pop], n = t.call->event_n[t.pop], end = at;
  while (end < n && ticks[end] == t.step) end++;
  t.s->spike_n[t.pop] = (int32_t)(end - at);
}

void frame_reset(Turn& t, int32_t n) {
  const bool subtract = t.p->pop_subtract[t.pop];
  for (int32_t j = 0; j < n; j++) {
    uint32_t i = t.spikes()[j];
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
  add_current(t, FRAME_GAIN);
  force(t);
  int32_t n = 0;
  // without arrivals nobody can cross: the threshold of the frame grows, the state stands
  if (t.hit(0) || t.s->awake[t.pop]) {
    t.s->awake[t.pop] = 0;
    const float* theta = t.param + (t.p->pop_stride[t.pop] ? THETA * t.lanes : THETA);
    n = t.k->frame(t.v, t.slot(0), t.m, theta, t.p->pop_stride[t.pop], t.lanes, t.spikes());
    t.hit(0) = 0;
    frame_reset(t, n);
  }
  t.s->spike_n[t.pop] = n;
  ne_queue_release(t.p, t.s, t.pop, t.tick, [&](uint32_t i) {
    t.v[i] = t.held[i] * t.m;
    t.s->awake[t.pop] |= (uint8_t)t.p->pop_subtract[t.pop];
  });
}

void lif_reset(Turn& t, int32_t n) {
  const bool subtract = t.p->pop_subtract[t.pop], adapts = t.p->pop_adapts[t.pop];
  for (int32_t j = 0; j < n; j++) {
    uint32_t i = t.spikes()[j];
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
  add_current(t, LIF_GAIN);
  force(t);
  const int32_t receptors = t.p->pop_receptors[t.pop];
  float* syn = t.s->syn + t.p->pop_syn[t.pop];
  const bool adapts = t.p->pop_adapts[t.pop];
  if (t.tick % FLUSH_EVERY == 0) {
    t.k->flush(t.v, t.lanes);
    t.k->flush(syn, receptors * t.lanes);
    if (adapts) t.k->flush(t.u, t.lanes);
  }
  ne_lif_args args = {t.v, adapts ? t.u : nullptr, syn, t.param, {}, t.lanes, receptors, t.p->pop_stride[t.pop]};
  for (int32_t c = 0; c <= receptors; c++) args.in[c] = t.arrivals(c);
  int32_t n = t.k->lif(&args, t.spikes());
  for (int32_t c = 0; c <= receptors; c++) t.consume(c);
  lif_reset(t, n);
  t.s->spike_n[t.pop] = n;
  ne_queue_release(t.p, t.s, t.pop, t.tick, [&](uint32_t i) { t.v[i] = t.held[i]; });
}

// AdEx and Izhikevich: the current of the tick's start, then the cell
void cell_drive(Turn& t, int64_t pairs) {
  float* drive = t.s->drive + t.lane;
  const float* current = t.current();
  const int64_t n = t.p->pop_n[t.pop], each = t.p->pop_stride[t.pop];
  for (int64_t i = 0; i < n; i++) drive[i] = current ? current[i * t.call->current_neuron[t.pop]] : 0.0f;
  const int32_t receptors = t.p->pop_receptors[t.pop];
  float* syn = t.s->syn + t.p->pop_syn[t.pop];
  if (t.tick % FLUSH_EVERY == 0) t.k->flush(syn, receptors * t.lanes);
  for (int32_t r = 0; r < receptors; r++) {
    const float* decay = t.param + (pairs + 2 * r + 1) * (each ? t.lanes : 1);
    t.k->current(drive, syn + r * t.lanes, decay, (int32_t)each, t.arrivals(1 + r), t.lanes);
    t.consume(1 + r);
  }
}

void cell_turn(Turn& t, bool adex) {
  cell_drive(t, adex ? ADEX_PAIRS : IZHIKEVICH_PAIRS);
  force(t);
  ne_cell_args args = {t.v, t.u, t.held, t.s->drive + t.lane, t.param, t.arrivals(0), t.lanes,
                       t.p->pop_substeps[t.pop], t.p->pop_stride[t.pop]};
  int32_t n = adex ? t.k->adex(&args, t.spikes()) : t.k->izhikevich(&args, t.spikes());
  t.consume(0);
  for (int32_t j = 0; j < n; j++) {
    uint32_t i = t.spikes()[j];
    t.v[i] = t.parameter(RESET, i);
    t.u[i] += t.parameter(adex ? ADEX_B : IZHIKEVICH_D, i);
    if (ne_hold(t.p, t.s, t.pop, i, t.tick) >= 0) t.held[i] = 1.0f;
  }
  t.s->spike_n[t.pop] = n;
  ne_queue_release(t.p, t.s, t.pop, t.tick, [&](uint32_t i) { t.held[i] = 0.0f; });
}

// potentials after the tick, in mV
void trace(const Turn& t) {
  float* out = (float*)(uintptr_t)t.call->trace[t.pop];
  if (!out) return;
  const int32_t n = t.p->pop_n[t.pop], kind = t.p->pop_kind[t.pop];
  out += t.step * n;
  for (int32_t i = 0; i < n; i++) {
    float x = kind == NE_FRAME ? t.v[i] / t.m : t.v[i];
    // a refractory LIF neuron is at -inf and has its potential in `held`
    if (x == -__builtin_inff()) x = t.held[i];
    out[i] = t.parameter(REST, i) + x;
  }
}

void write_down(const Turn& t) {
  const int32_t n = t.s->spike_n[t.pop];
  const uint32_t* spike = t.spikes();
  uint32_t* counts = t.call->counts + t.lane;
  for (int32_t j = 0; j < n; j++) counts[spike[j]]++;
  if (!t.call->record[t.pop]) return;
  int32_t* ticks = t.call->spike_tick + t.call->spikes;
  uint32_t* lanes = t.call->spike_lane + t.call->spikes;
  for (int32_t j = 0; j < n; j++) {
    ticks[j] = (int32_t)t.step;
    lanes[j] = (uint32_t)t.lane + spike[j];
  }
  t.call->spikes += n;
}

void take_turn(Turn& t) {
  switch (t.p->pop_kind[t.pop]) {
    case NE_SOURCE: source_turn(t); break;
    case NE_FRAME: frame_turn(t); break;
    case NE_LIF: lif_turn(t); break;
    default: cell_turn(t, t.p->pop_kind[t.pop] == NE_ADEX);
  }
  // given spikes need no writing down: the caller has them
  if (t.p->pop_kind[t.pop] == NE_SOURCE && !t.call->chance[t.pop]) return;
  if (t.s->spike_n[t.pop]) write_down(t);
  if (t.call->trace[t.pop]) trace(t);
}

void deliver_all(const ne_plan* p, ne_state* s, ne_call* call, const ne_kernels* k) {
  for (int64_t q = 0; q < p->projs; q++) {
    const int32_t pre = p->proj_pre[q], post = p->proj_post[q], n = s->spike_n[pre];
    if (!n) continue;
    const uint32_t* spike = s->spike + p->pop_lane[pre];
    if (p->pop_kind[pre] == NE_SOURCE && !call->chance[pre])
      spike = (const uint32_t*)(uintptr_t)call->event_neuron[pre] + call->event_next[pre];
    const int64_t channel = (int64_t)p->proj_channel[q] * p->pop_depth[post];
    ne_target to = {s->ring + p->pop_ring[post] + channel * p->pop_lanes[post], s->hit + p->pop_hit[post] + channel,
                    p->pop_lanes[post], p->pop_depth[post], s->slot[post]};
    call->events += ne_deliver(k, p, q, to, spike, n);
  }
}

void end_tick(const ne_plan* p, ne_state* s, ne_call* call) {
  for (int64_t pop = 0; pop < p->pops; pop++) {
    if (p->pop_kind[pop] == NE_SOURCE && !call->chance[pop]) call->event_next[pop] += s->spike_n[pop];
    s->slot[pop] = s->slot[pop] + 1 == p->pop_depth[pop] ? 0 : s->slot[pop] + 1;
  }
  s->clock[0]++;
}

// growth of each frame at the end of the ticks from `tick` to the next multiple of FRAME_AHEAD
void fill_frames(const ne_plan* p, ne_state* s, int64_t tick, int64_t ticks) {
  int64_t first = tick % FRAME_AHEAD, last = first + ticks < FRAME_AHEAD ? first + ticks : (int64_t)FRAME_AHEAD;
  for (int64_t f = 0; f < p->frames; f++)
    for (int64_t j = first; j < last; j++) {
      int64_t at = f * FRAME_AHEAD + j;
      s->frame_e[at] = ne_growth(p->frame_rate[f], tick - first + j + 1, s->frame_m + at);
    }
}

}  // namespace

extern "C" int64_t ne_frame_at(double rate, int64_t t, float* m) { return ne_growth(rate, t, m); }

extern "C" int32_t ne_check_neurons(const uint32_t* neuron, int64_t n, uint32_t limit) {
  int32_t fault = 0;
  for (int64_t i = 0; i < n; i++) {
    if (neuron[i] >= limit) return 2;
    if (i && neuron[i] < neuron[i - 1]) fault = 1;
  }
  return fault;
}

extern "C" int64_t ne_run(const ne_plan* p, ne_state* s, ne_call* call, int64_t ticks) {
  const ne_kernels* k = ne_kernels_in_use();
  for (int64_t pop = 0; pop < p->pops; pop++) s->slot[pop] = (int32_t)(s->clock[0] % p->pop_depth[pop]);
  for (int64_t done = 0; done < ticks; done++) {
    const int64_t tick = s->clock[0];
    if (call->capacity - call->spikes < p->lanes) return done;
    if (done == 0 || tick % FRAME_AHEAD == 0) fill_frames(p, s, tick, ticks - done);
    for (int64_t pop = 0; pop < p->pops; pop++) {
      Turn turn(p, s, call, k, pop, tick, call->first + done);
      take_turn(turn);
    }
    deliver_all(p, s, call, k);
    end_tick(p, s, call);
  }
  return ticks;
}

// learning: samples run tick by tick as `clock.cpp` runs them, and each tick adds to the gradient (the online rule OTTT,
// Xiao et al. 2022, arXiv:2210.04195). Twin: learning/online.py, which holds the equations
#include <stdlib.h>
#include <string.h>

#include "run.h"
#include "threads.h"

namespace {

enum { STEEP, UNIT, GAIN, SOFT, HEAT };

// one thread at work
struct Pupil {
  const ne_plan* p;
  ne_state* s;
  ne_call* call;
  ne_learn* l;
  const ne_batch* batch;
  const ne_kernels* k;
  Turn* turns;
  ne_route* routes;
  float* grad;
  int64_t sample, tick, frames_end, events, spikes;
  ne_part part;
  Run run;

  int64_t slot(int64_t tick) const { return tick & (l->slots - 1); }
  int64_t ticks() const { return l->shown + l->travel; }
  int64_t taught_lanes(int64_t a) const { return p->pop_lanes[l->taught_pop[a]]; }
  // of population `a` in the ring of deltas or slopes
  float* at(float* ring, int64_t tick, int64_t pop) const { return ring + slot(tick) * p->lanes + p->pop_lane[pop]; }
  const float* weight(int64_t q) const { return p->weight + p->proj_weight[q]; }
};

int64_t dense_stride(const ne_plan* p, int64_t q) { return (p->pop_n[p->proj_post[q]] + 15) & ~15; }

// values of a sample into the lanes of the populations that take it
void present(Pupil& u) {
  ne_learn* l = u.l;
  const float* from = u.batch->input + u.sample * u.batch->features;
  for (int64_t i = 0; i < l->values; i++) l->level[i] = 0.5f;
  for (int64_t k = 0; k < l->inputs; k++) {
    const int64_t n = u.p->pop_n[l->input_pop[k]];
    memcpy(l->value + l->input_first[k], from, (size_t)n * sizeof(float));
    from += n;
  }
}

void begin(Pupil& u) {
  ne_learn* l = u.l;
  memcpy(l->block, l->start, (size_t)l->block_bytes);
  u.part = part_of(u.s, u.call, 0, 1);
  u.run = {u.p, u.s, u.call, u.k, &u.part, u.turns, u.routes, nullptr};
  begin_run(u.run);
  u.tick = u.frames_end = 0;
  for (int64_t k = 0; k < l->inputs; k++) {
    Turn& t = u.turns[l->input_pop[k]];
    if (t.kind != NE_SOURCE) t.act = any_turn;
    t.event_tick = l->event_tick;
    t.event_neuron = l->event_neuron + l->input_first[k];
  }
  memset(l->trace, 0, (size_t)l->traces * sizeof(float));
  memset(l->current, 0, (size_t)l->traces * sizeof(float));
  memset(l->sum, 0, (size_t)u.taught_lanes(0) * sizeof(float));
  present(u);
}

// spikes of the inputs in this tick
void encode(Pupil& u) {
  ne_learn* l = u.l;
  for (int64_t k = 0; k < l->inputs; k++) {
    Turn& t = u.turns[l->input_pop[k]];
    const int64_t first = l->input_first[k];
    t.event_at = t.step = 0;
    t.event_n = 0;
    if (u.tick < l->shown) t.event_n = u.k->encode(l->level + first, l->value + first, t.pitch, l->event_neuron + first);
  }
}

// what the way back needs of the populations as they stand before this tick's resets
void watch_taught(Pupil& u) {
  for (int64_t a = 0; a < u.l->taught; a++) {
    const int64_t pop = u.l->taught_pop[a];
    if (a == 0 && !u.l->spiking) continue;
    u.turns[pop].slope = u.at(u.l->slope, u.tick, pop);
    u.turns[pop].steep = u.batch->knobs[STEEP];
    u.turns[pop].act = any_turn;
  }
}

void run_one_tick(Pupil& u) {
  if (u.tick >= u.frames_end) {
    const int64_t n = to_stretch_end(u.tick, u.ticks() - u.tick);
    fill_frames(u.p, u.part, u.k, u.tick, n);
    u.frames_end = u.tick + n;
  }
  int64_t dropped = 0;
  u.part.spikes = 0;
  run_tick<false>(u.run, &u.events, &dropped);
  for (int64_t pop = 0; pop < u.p->pops; pop++) u.spikes += u.turns[pop].spikes_now;
}

void remember_spikes(Pupil& u) {
  ne_learn* l = u.l;
  const int64_t slot = u.slot(u.tick);
  for (int64_t pop = 0; pop < u.p->pops; pop++) {
    const Turn& t = u.turns[pop];
    l->fired_n[slot * u.p->pops + pop] = t.spikes_now;
    memcpy(l->fired + slot * u.p->lanes + t.lane, t.spike, (size_t)t.spikes_now * sizeof(uint32_t));
  }
}

// what the spikes of each source have left behind at the target, per mV of weight
void follow_traces(Pupil& u) {
  ne_learn* l = u.l;
  const int64_t slot = u.slot(u.tick);
  float* past = l->past + slot * l->traces;
  for (int64_t k = 0; k < l->learned; k++) {
    const int64_t q = l->proj[k], pre = u.p->proj_pre[q], lanes = u.p->pop_lanes[pre], from = u.tick - u.p->proj_delay[q];
    float *trace = l->trace + l->proj_trace[k], *current = l->current + l->proj_trace[k], *reached = trace;
    if (u.p->proj_channel[q]) {
      u.k->follow(trace, current, l->decay[k], l->gain_current[k], lanes);
      u.k->fade(current, l->decay_current[k], lanes);
      reached = current;
    } else {
      u.k->fade(trace, l->decay[k], lanes);
    }
    if (from >= 0) {
      const uint32_t* fired = l->fired + u.slot(from) * u.p->lanes + u.p->pop_lane[pre];
      const int32_t n = l->fired_n[u.slot(from) * u.p->pops + pre];
      for (int32_t j = 0; j < n; j++) reached[fired[j]] += 1.0f;
    }
    // before they can become denormal
    if (u.tick % 64 == 63) {
      u.k->flush(trace, lanes);
      u.k->flush(current, lanes);
    }
    memcpy(past + l->proj_trace[k], trace, (size_t)lanes * sizeof(float));
  }
}

void read_output(Pupil& u) {
  const Turn& t = u.turns[u.l->taught_pop[0]];
  if (u.l->spiking) {
    for (int32_t j = 0; j < t.spikes_now; j++) u.l->sum[t.spike[j]] += 1.0f;
    return;
  }
  for (int64_t i = 0; i < t.n; i++) u.l->sum[i] += above_rest(t, i);
}

// chances of the classes by the mean of what the output gave so far, exp(factor·sum)/Σ
void chances(const Pupil& u, float factor, float* chance) {
  const int64_t n = u.batch->classes, lanes = u.taught_lanes(0);
  float top = u.l->sum[0], all = 0.0f;
  for (int64_t i = 1; i < n; i++) top = u.l->sum[i] > top ? u.l->sum[i] : top;
  for (int64_t i = 0; i < lanes; i++) chance[i] = i < n ? (u.l->sum[i] - top) * factor : 0.0f;
  u.k->exp(chance, chance, lanes);
  for (int64_t i = 0; i < n; i++) all += chance[i];
  for (int64_t i = 0; i < n; i++) chance[i] /= all;
}

// slope of the loss by each output, of this tick's share of it
void judge(Pupil& u) {
  const ne_batch* b = u.batch;
  ne_learn* l = u.l;
  const int32_t label = b->label[u.sample];
  const float* soft = (const float*)(uintptr_t)b->soft[0];
  const float share = soft ? b->knobs[SOFT] : 0.0f, heat = b->knobs[HEAT];
  const float mean = b->knobs[GAIN] / (b->knobs[UNIT] * (float)(u.tick - l->travel + 1));
  const float per_tick = b->knobs[GAIN] / (b->knobs[UNIT] * (float)l->shown);
  memset(l->error, 0, (size_t)u.taught_lanes(0) * sizeof(float));
  if (label >= 0 && share < 1.0f) {
    chances(u, mean, l->chance);
    for (int64_t i = 0; i < b->classes; i++) l->error[i] = (1.0f - share) * (l->chance[i] - (i == label ? 1.0f : 0.0f));
  }
  if (share > 0.0f) {
    chances(u, mean / heat, l->chance);
    const float* wanted = soft + u.sample * b->classes;
    for (int64_t i = 0; i < b->classes; i++) l->error[i] += share * heat * (l->chance[i] - wanted[i]);
  }
  for (int64_t i = 0; i < b->classes; i++) l->error[i] *= per_tick;
}

// errors of sources through the rows of their synapses
void back_rows(const Pupil& u, int64_t q, const float* delta, float* out) {
  const ne_plan* p = u.p;
  const int64_t sources = p->pop_n[p->proj_pre[q]];
  const float* w = u.weight(q);
  const uint32_t* row = p->row + ne_runs_at(p, q);
  const bool blocks = p->proj_storage[q] == NE_BLOCK8, wide = p->proj_storage[q] == NE_ROWS32;
  const uint16_t* near = p->target16 + (wide ? 0 : p->proj_syn[q]);
  const uint32_t* far = p->target32 + (wide ? p->proj_syn[q] : 0);
  for (int64_t j = 0; j < sources; j++) {
    float part[8] = {0};
    for (uint32_t k = row[j]; k < row[j + 1]; k++) {
      if (blocks)
        for (int i = 0; i < 8; i++) part[i] += w[(int64_t)k * 8 + i] * delta[near[k] * 8 + i];
      else part[(k - row[j]) & 7] += w[k] * delta[wide ? far[k] : near[k]];
    }
    out[j] += ((part[0] + part[4]) + (part[2] + part[6])) + ((part[1] + part[5]) + (part[3] + part[7]));
  }
}

// slope of the loss by the potentials of population `a`, `lag` ticks ago: what its spikes of then have done by now
void send_back(Pupil& u, int64_t a) {
  ne_learn* l = u.l;
  const int64_t pop = l->taught_pop[a], then = u.tick - l->taught_lag[a], lanes = u.taught_lanes(a);
  if (then < 0) return;
  float* out = u.at(l->delta, then, pop);
  memset(out, 0, (size_t)lanes * sizeof(float));
  for (int64_t k = 0; k < l->learned; k++) {
    const int64_t q = l->proj[k];
    if (!l->proj_back[k] || u.p->proj_pre[q] != pop) continue;
    const int64_t post = u.p->proj_post[q];
    const float* delta = u.at(l->delta, then + u.p->proj_delay[q], post);
    if (l->proj_turned[k] >= 0)
      u.k->back_dense(out, l->turned + l->proj_turned[k], lanes, delta, u.p->pop_n[post], lanes);
    else back_rows(u, q, delta, out);
  }
  const float* slope = u.at(l->slope, then, pop);
  for (int64_t i = 0; i < lanes; i++) out[i] *= slope[i];
}

void send_errors(Pupil& u) {
  ne_learn* l = u.l;
  const int64_t pop = l->taught_pop[0], lanes = u.taught_lanes(0);
  float* out = u.at(l->delta, u.tick, pop);
  // before the first input can have reached the output, nothing is its fault
  if (u.tick < l->travel) {
    memset(out, 0, (size_t)lanes * sizeof(float));
  } else {
    judge(u);
    memcpy(out, l->error, (size_t)lanes * sizeof(float));
    const float* slope = u.at(l->slope, u.tick, pop);
    for (int64_t i = 0; l->spiking && i < lanes; i++) out[i] *= slope[i];
  }
  for (int64_t a = 1; a < l->taught; a++) send_back(u, a);
}

// traces of source j over the ticks of a chunk; false where it has never spiked
bool traces_of(const Pupil& u, int64_t k, int64_t j, int64_t first, int32_t n, float* x) {
  const ne_learn* l = u.l;
  const float* past = l->past + u.slot(first) * l->traces + l->proj_trace[k] + j;
  bool any = false;
  for (int32_t b = 0; b < NE_CHUNK; b++) {
    x[b] = b < n ? past[b * l->traces] : 0.0f;
    any |= x[b] != 0.0f;
  }
  return any;
}

// the gradient of a projection over some ticks, Σ_b delta_i[b]·x_j[b]
void add_gradient(const Pupil& u, int64_t k, int64_t first, int32_t n) {
  const ne_plan* p = u.p;
  const int64_t q = u.l->proj[k], sources = p->pop_n[p->proj_pre[q]], stride = dense_stride(p, q);
  const float* delta = u.at(u.l->delta, first, p->proj_post[q]);
  float* grad = u.grad + p->proj_weight[q];
  const uint32_t* row = p->row + ne_runs_at(p, q);
  const uint16_t* near = p->target16 + p->proj_syn[q];
  for (int64_t j = 0; j < sources; j++) {
    alignas(64) float x[NE_CHUNK];
    const int32_t storage = p->proj_storage[q];
    if ((storage != NE_DENSE && row[j] == row[j + 1]) || !traces_of(u, k, j, first, n, x)) continue;
    if (storage == NE_DENSE)
      u.k->outer_dense(grad + j * stride, delta, p->lanes, x, n, stride);
    else if (storage == NE_BLOCK8)
      u.k->outer_blocks(grad + (int64_t)row[j] * 8, near + row[j], row[j + 1] - row[j], delta, p->lanes, x, n);
    else u.k->outer_rows(grad + row[j], near + row[j], row[j + 1] - row[j], u.l->chunk, x);
  }
}

// deltas of a chunk by target, for single synapses
void turn_chunk(const Pupil& u, int64_t pop, int64_t first, int32_t n) {
  const float* delta = u.at(u.l->delta, first, pop);
  for (int64_t i = 0; i < u.p->pop_n[pop]; i++)
    for (int32_t b = 0; b < NE_CHUNK; b++) u.l->chunk[i * NE_CHUNK + b] = b < n ? delta[b * u.p->lanes + i] : 0.0f;
}

// gradients are added some ticks at once, which costs a fraction of adding them one by one
void add_gradients(const Pupil& u, bool last) {
  const ne_learn* l = u.l;
  for (int64_t a = 0; a < l->taught; a++) {
    const int64_t then = u.tick - l->taught_lag[a], first = then & ~(int64_t)(NE_CHUNK - 1);
    if (then < 0 || !(last || then % NE_CHUNK == NE_CHUNK - 1)) continue;
    const int32_t n = (int32_t)(then - first + 1);
    bool turned = false;
    for (int64_t k = 0; k < l->learned; k++) {
      if (l->proj_taught[k] != a) continue;
      const int32_t storage = u.p->proj_storage[l->proj[k]];
      if (storage != NE_DENSE && storage != NE_BLOCK8 && !turned) {
        turn_chunk(u, l->taught_pop[a], first, n);
        turned = true;
      }
      add_gradient(u, k, first, n);
    }
  }
}

void answer(Pupil& u) {
  const Turn& t = u.turns[u.l->taught_pop[0]];
  const int64_t at = u.sample * u.batch->classes;
  for (int64_t i = 0; i < u.batch->classes; i++) {
    u.batch->score[at + i] = u.l->sum[i];
    u.batch->last[at + i] = above_rest(t, i);
  }
}

void work_on(Pupil& u, int64_t sample) {
  u.sample = sample;
  begin(u);
  for (const int64_t ticks = u.ticks(); u.tick < ticks; u.tick++) {
    encode(u);
    if (u.batch->teaches) watch_taught(u);
    run_one_tick(u);
    read_output(u);
    if (!u.batch->teaches) continue;
    remember_spikes(u);
    follow_traces(u);
    send_errors(u);
    add_gradients(u, u.tick + 1 == ticks);
  }
  answer(u);
}

struct School {
  const ne_plan* p;
  ne_state* const* s;
  ne_call* const* call;
  ne_learn* const* l;
  ne_batch* batch;
  Pupil* pupils;
  int32_t threads;
};

// shard after shard, whoever works on it: the sums of a shard are the same for any number of threads
void attend(void* school_of, int32_t index) {
  School& school = *(School*)school_of;
  const ne_batch* b = school.batch;
  Pupil& u = school.pupils[index];
  for (int64_t shard = index; shard < NE_SHARDS; shard += school.threads) {
    u.grad = (float*)(uintptr_t)b->shard[shard];
    const int64_t from = b->samples * shard / NE_SHARDS, to = b->samples * (shard + 1) / NE_SHARDS;
    for (int64_t k = from; k < to; k++) work_on(u, b->order[k]);
  }
}

// weights of dense projections by target, so that errors go back along rows
void turn_weights(const ne_plan* p, const ne_learn* l) {
  for (int64_t k = 0; k < l->learned; k++) {
    if (l->proj_turned[k] < 0) continue;
    const int64_t q = l->proj[k], pre = p->proj_pre[q], n_pre = p->pop_n[pre], lanes = p->pop_lanes[pre];
    const int64_t stride = dense_stride(p, q);
    float* out = l->turned + l->proj_turned[k];
    for (int64_t i = 0; i < p->pop_n[p->proj_post[q]]; i++)
      for (int64_t j = 0; j < n_pre; j++) out[i * lanes + j] = p->weight[p->proj_weight[q] + j * stride + i];
  }
}

}  // namespace

extern "C" int64_t ne_learn_batch(const ne_plan* p, ne_state* const* s, ne_call* const* call, ne_learn* const* l,
                                  ne_batch* batch, int64_t threads) {
  if (threads < 1 || threads > NE_SHARDS) return -1;
  const size_t turns = (size_t)p->pops * sizeof(Turn), routes = (size_t)(p->projs + 1) * sizeof(ne_route);
  char* room = (char*)malloc((size_t)threads * (sizeof(Pupil) + turns + routes) + 64);
  if (!room) return -1;
  Pupil* pupils = (Pupil*)(void*)room;
  char* rest = room + threads * sizeof(Pupil);
  for (int64_t t = 0; t < threads; t++, rest += turns + routes) {
    Pupil& u = pupils[t];
    memset((void*)&u, 0, sizeof u);
    u.p = p;
    u.s = s[t];
    u.call = call[t];
    u.l = l[t];
    u.batch = batch;
    u.k = ne_kernels_in_use();
    u.turns = (Turn*)(void*)rest;
    u.routes = (ne_route*)(void*)(rest + turns);
  }
  if (batch->teaches) turn_weights(p, l[0]);
  School school = {p, s, call, l, batch, pupils, (int32_t)threads};
  const int failed = ne_threads_run((int32_t)threads, attend, &school);
  for (int64_t t = 0; t < threads; t++) {
    batch->events += pupils[t].events;
    batch->spikes += pupils[t].spikes;
  }
  free(room);
  return failed ? -1 : batch->samples;
}

extern "C" void ne_adam(const ne_adam_args* args, int64_t first, int64_t end) {
  ne_kernels_in_use()->adam(args, first, end);
}

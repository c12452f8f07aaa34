// one population in one run, or one thread's share of it: what does not change from tick to tick is looked up once
#ifndef NEUROEDGE_TURN_H
#define NEUROEDGE_TURN_H

#include "kernels/kernels.h"
#include "refractory.h"

// what the threads of a run do not share: the arrays of the state itself where there is one thread
typedef struct ne_part {
  int32_t index, count;
  uint8_t* hit;
  uint8_t* awake;
  int64_t* exponent;
  int64_t* syn_exponent;
  float* frame_m;
  int64_t* frame_e;
  int32_t* spike_tick;  // room for spikes written down
  uint32_t* spike_lane;
  int64_t spikes, room;
  uint32_t* spike;      // spikes of the present tick, one entry for each lane of the network
} ne_part;

// neurons of a population that a part steps: whole blocks
static inline int64_t ne_part_begin(const ne_plan* p, int64_t pop, int64_t index, int64_t count) {
  return p->pop_lanes[pop] / NE_BLOCK * index / count * NE_BLOCK;
}

// parameters that the code around the kernels reads (their order: neurons/*.h)
enum { REST = 0, THETA = 1, RESET = 2, FRAME_GAIN = 3, LIF_DROP = 3, LIF_GAIN = 4, LIF_STEP_A = 7, FIXED_UNIT = 1, FIXED_GAIN = 2, ADEX_B = 10,
       ADEX_CURRENTS = 14, IZHIKEVICH_D = 5, IZHIKEVICH_CURRENTS = 7 };

// never written to: where `step` is 0 nothing is cleared
alignas(64) static float ne_zeros[NE_BLOCK] = {0};

struct Turn {
  const ne_plan* p;
  ne_state* s;
  ne_call* call;
  const ne_kernels* k;
  ne_part* part;
  int64_t pop, tick, step;       // tick: absolute; step: within this run
  int64_t first, n, lanes;       // neurons of this share, without and with padding
  int64_t lane, pitch;           // of the whole population
  const float* param;
  float *v, *u, *held, *ring, *syn;
  const float* scale;            // what a code stands for, where arrivals are sums of codes; else null
  int64_t* release;
  uint8_t* hits;
  const int32_t* event_tick;
  const uint32_t* event_neuron;
  const uint32_t* chance;
  const float* currents;
  float* traces;
  int64_t event_at, event_n, current_tick, current_neuron;
  int32_t kind, depth, slot_now, spikes_now;
  void (*act)(Turn& t);          // what it does in one tick
  uint32_t* spike;
  ne_queue queue;
  float m;
  bool record, each, subtract, adapts;
  bool plain;   // all neurons go to one value at a spike, and none is refractory
  bool sparse;  // event-driven: arrivals come with a list of whom they reach
  uint32_t* touched;
  uint32_t* touched_n;
  int64_t touched_room;
  bool framed;  // currents in growing frames, arrivals of which are listed where one thread steps all
  float syn_m[NE_RECEPTORS];     // their growth at the start of the tick
  float* slope;   // where learning wants to know how readily each neuron spikes, by its potential before reset; else null
  float steep;
  const int32_t* syn_frame;
  int64_t* syn_exponent;

  Turn(const ne_plan* p, ne_state* s, ne_call* call, const ne_kernels* k, ne_part* part, int64_t pop);

  float parameter(int64_t index, uint32_t neuron) const { return each ? param[index * pitch + neuron] : param[index]; }
  // coefficient `index` of this share's first neuron
  const float* parameters(int64_t index) const { return each ? param + index * pitch : param + index; }
  float* slot(int32_t channel) const { return ring + ((int64_t)channel * depth + slot_now) * pitch; }
  uint8_t& hit(int32_t channel) const { return hits[(int64_t)channel * depth + slot_now]; }
  // what arrives now; the kernel that takes it clears it
  ne_arrivals arrivals(int32_t channel) const {
    if (!hit(channel)) return {ne_zeros, 0};
    hit(channel) = 0;
    return {slot(channel), 1};
  }
  const float* current() const {
    return currents ? currents + step * current_tick + first * current_neuron : nullptr;
  }
  bool given_now() const { return event_at < event_n && event_tick[event_at] == step; }
  // given spikes of a source are delivered from where they lie
  bool passes_on() const { return kind == NE_SOURCE && !chance; }
};

inline Turn::Turn(const ne_plan* p, ne_state* s, ne_call* call, const ne_kernels* k, ne_part* part, int64_t pop)
    : p(p), s(s), call(call), k(k), part(part), pop(pop), tick(s->clock[0]), step(call->first),
      first(ne_part_begin(p, pop, part->index, part->count)), n(p->pop_n[pop] - first),
      lanes(ne_part_begin(p, pop, part->index + 1, part->count) - first), lane(p->pop_lane[pop]),
      pitch(p->pop_lanes[pop]), param(p->params + p->pop_param[pop] + (p->pop_stride[pop] ? first : 0)),
      v(s->v + lane + first), u(s->u + lane + first), held(s->held + lane + first),
      ring(s->ring + p->pop_ring[pop] + first), syn(s->syn + p->pop_syn[pop] + first),
      scale(p->pop_scale[pop] >= 0 ? p->scale + p->pop_scale[pop] + first : nullptr),
      release(s->release + lane + first), hits(part->hit + p->pop_hit[pop]),
      event_tick((const int32_t*)(uintptr_t)call->event_tick[pop]),
      event_neuron((const uint32_t*)(uintptr_t)call->event_neuron[pop]),
      chance((const uint32_t*)(uintptr_t)call->chance[pop]), currents((const float*)(uintptr_t)call->current[pop]),
      traces((float*)(uintptr_t)call->trace[pop]), event_at(call->event_next[pop]), event_n(call->event_n[pop]),
      current_tick(call->current_tick[pop]), current_neuron(call->current_neuron[pop]), kind(p->pop_kind[pop]),
      depth(p->pop_depth[pop]), slot_now((int32_t)(s->clock[0] % depth)), spikes_now(0),
      spike(part->spike + lane + first), queue(ne_queue_of(p, s, pop, part->index, first, lanes)), m(1.0f),
      record(call->record[pop]), each(p->pop_stride[pop]), subtract(p->pop_subtract[pop]),
      adapts(p->pop_adapts[pop]), plain(!each && !subtract && p->pop_refractory[pop] == 0),
      sparse(call->sparse[pop] && part->count == 1), touched(s->touched + p->pop_touched[pop]),
      touched_n(s->touched_n + p->pop_hit[pop]), touched_room(p->pop_room[pop]),
      framed(p->pop_framed[pop]), syn_m{}, slope(nullptr), steep(0.0f), syn_frame(p->syn_frame + p->pop_syn_frame[pop]),
      syn_exponent(part->syn_exponent + p->pop_syn_frame[pop]) {
  for (int32_t r = 0; framed && r < p->pop_receptors[pop]; r++) {
    int64_t exponent;
    k->growth(p->frame_rate[syn_frame[r]], tick, 1, &syn_m[r], &exponent);
  }
  if (n > lanes) n = lanes;
  if (n < 0) n = 0;
}

#endif

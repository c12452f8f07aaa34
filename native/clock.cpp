// runs: tick by tick every population, then every projection; by one thread, or by several that share the neurons
#include <stdlib.h>
#include <string.h>

#include "run.h"
#include "threads.h"

namespace {

enum { STACK_BYTES = 1 << 16 };

// ticks of silence may be passed over where nothing acts in every tick
bool all_event_driven(const Turn* turns, int64_t pops) {
  for (int64_t pop = 0; pop < pops; pop++) {
    const Turn& t = turns[pop];
    if (t.traces || (t.kind == NE_SOURCE ? t.chance != nullptr : !t.sparse)) return false;
  }
  return true;
}

int64_t quiet_ticks(const Turn* turns, int64_t pops, int64_t most) {
  for (int64_t pop = 0; pop < pops && most > 0; pop++) {
    const int64_t wait = ne_quiet(turns[pop]);
    if (wait < most) most = wait;
  }
  return most;
}

// Learns: some projection does, which looks at every tick
template <bool Learns>
int64_t run_alone(const Run& r, int64_t ticks) {
  const ne_plan* p = r.p;
  const bool may_pass = !Learns && all_event_driven(r.turns, p->pops);
  int64_t done = 0, events = 0, dropped = 0, frames_end = 0, tick = r.s->clock[0];
  while (done < ticks) {
    if (may_pass) {
      const int64_t quiet = quiet_ticks(r.turns, p->pops, ticks - done);
      if (quiet > 0) {
        for (int64_t pop = 0; pop < p->pops; pop++) ne_pass_over(r.turns[pop], quiet);
        done += quiet;
        tick += quiet;
        continue;
      }
    }
    // a tick starts only with room for a spike of every lane
    if (r.part->room - r.part->spikes < p->lanes) break;
    if (tick >= frames_end) {
      const int64_t n = to_stretch_end(tick, ticks - done);
      fill_frames(p, *r.part, r.k, tick, n);
      frames_end = tick + n;
    }
    run_tick<Learns>(r, &events, &dropped);
    done++;
    tick++;
    if (events > r.call->budget) break;
  }
  r.s->clock[0] = tick;
  r.call->events += events;
  r.call->dropped += dropped;
  return done;
}

// what the threads of a run show one another: spikes of one tick
struct Shown {
  const uint32_t* spike;
  int64_t n;
};

struct Crew {
  Run* runs;
  Shown* shown[2];      // [span][threads][pops], of even and odd rounds
  uint32_t* spikes[2];  // [span][lanes]
  int32_t* full[2];     // [threads] 1: this round is the last
  int64_t *events, *dropped;
  int64_t ticks, done, span;
  ne_barrier barrier;
};

// spikes of the tick that was `ago` ticks before the one that the turns stand at
void deliver_all(const Run& r, const Shown* shown, int64_t ago, int64_t* events, int64_t* dropped) {
  const ne_plan* p = r.p;
  for (int64_t q = 0; q < p->projs; q++)
    for (int32_t j = 0; j < r.part->count; j++) {
      const Shown& from = shown[j * p->pops + p->proj_pre[q]];
      const ne_route& to = r.routes[q];
      if (!from.n) continue;
      const int64_t depth = to.depth, slot = ((to.post->slot_now - ago) % depth + depth) % depth;
      *events += to.deliver(to, (int32_t)slot, from.spike, (int32_t)from.n);
      if (to.counts) *dropped += ne_dropped(to, from.spike, (int32_t)from.n);
    }
}

// every population of this share in one tick; what it has to show goes to `shown`
void step_share(const Run& r, uint32_t* spikes, Shown* shown) {
  for (int64_t pop = 0; pop < r.p->pops; pop++) {
    Turn& t = r.turns[pop];
    t.spike = spikes + t.lane + t.first;
    t.spikes_now = 0;
    if (t.lanes || t.passes_on()) t.act(t);
    shown[pop] = {t.spike, t.spikes_now};
    end_tick(t);
  }
}

// as many ticks as the shortest delay has are stepped before anybody needs the spikes of another thread. Spikes of even
// and odd rounds lie in different arrays, so one barrier a round is enough: who is ahead fills the one while the others
// still read the other
void run_share(void* crew_of, int32_t index) {
  Crew& crew = *(Crew*)crew_of;
  const Run& r = crew.runs[index];
  const ne_plan* p = r.p;
  const int64_t shown_a_tick = r.part->count * p->pops;
  int64_t events = 0, dropped = 0, done = 0, tick = r.s->clock[0], frames_end = 0;
  bool full = false;
  for (int odd = 0; done < crew.ticks && !full; odd ^= 1) {
    const int64_t n = crew.ticks - done < crew.span ? crew.ticks - done : crew.span;
    for (int64_t k = 0; k < n; k++, tick++) {
      if (tick >= frames_end) {
        frames_end = tick + to_stretch_end(tick, crew.ticks - done - k);
        fill_frames(p, *r.part, r.k, tick, frames_end - tick);
      }
      step_share(r, crew.spikes[odd] + k * p->lanes, crew.shown[odd] + k * shown_a_tick + index * p->pops);
    }
    // what this thread has passed in the rounds before is enough for now, or there is no room for another round
    crew.full[odd][index] = events > r.call->budget || r.part->room - r.part->spikes < crew.span * p->lanes;
    ne_barrier_wait(&crew.barrier);
    for (int32_t j = 0; j < r.part->count; j++) full |= crew.full[odd][j] != 0;
    for (int64_t k = 0; k < n; k++) deliver_all(r, crew.shown[odd] + k * shown_a_tick, n - k, &events, &dropped);
    done += n;
  }
  crew.events[index] = events;
  crew.dropped[index] = dropped;
  if (index == 0) crew.done = done;
}

// ticks of one round: the shortest delay, as far as there is room for their spikes
int64_t span_of(const ne_plan* p, int64_t room) {
  int64_t span = room / p->lanes < FRAME_AHEAD ? room / p->lanes : (int64_t)FRAME_AHEAD;
  for (int64_t q = 0; q < p->projs; q++) {
    const int64_t segments = p->proj_segmented[q] ? p->row[p->proj_row[q] + p->pop_n[p->proj_pre[q]]] : 0;
    if (!p->proj_segmented[q] && p->proj_delay[q] < span) span = p->proj_delay[q];
    for (int64_t g = 0; g < segments; g++) {
      const int32_t delay = p->segment_delay[p->proj_segment[q] + g];
      if (delay < span) span = delay;
    }
  }
  return span > 1 ? span : 1;
}

void finish(const Run* runs, int64_t parts) {
  const ne_plan* p = runs->p;
  ne_call* call = runs->call;
  call->spikes = 0;
  for (int64_t j = 0; j < parts; j++) {
    const Run& r = runs[j];
    for (int64_t pop = 0; pop < p->pops; pop++) end_run(r.turns[pop]);
    call->part_spikes[j] = r.part->spikes;
    call->spikes += r.part->spikes;
  }
}

int64_t run_one(const ne_plan* p, ne_state* s, ne_call* call, int64_t ticks) {
  const size_t bytes = (size_t)p->pops * sizeof(Turn) + (size_t)p->projs * sizeof(ne_route) +
                       (size_t)p->learners * sizeof(ne_plastic) + 64;
  // on the stack, which is quicker, unless it could be too small
  char* heap = bytes > STACK_BYTES ? (char*)malloc(bytes) : nullptr;
  if (bytes > STACK_BYTES && !heap) return -1;
  Turn* turns = (Turn*)(void*)(heap ? heap : (char*)__builtin_alloca(bytes));
  ne_route* routes = (ne_route*)(void*)(turns + p->pops);
  ne_part part = part_of(s, call, 0, 1);
  Run r = {p, s, call, ne_kernels_in_use(), &part, turns, routes, (ne_plastic*)(void*)(routes + p->projs)};
  begin_run(r);
  const int64_t done = p->learners ? run_alone<true>(r, ticks) : run_alone<false>(r, ticks);
  finish(&r, 1);
  for (int64_t pop = 0; pop < p->pops; pop++) s->spike_n[pop] = turns[pop].passes_on() ? 0 : turns[pop].spikes_now;
  free(heap);
  return done;
}

// memory of the threads of one run, freed with it
struct Room {
  char* base = nullptr;
  int64_t at = 0;

  template <class T>
  T* take(int64_t n) {
    T* from = (T*)(void*)(base + at);
    at += (n * (int64_t)sizeof(T) + 63) & ~(int64_t)63;
    return base ? from : nullptr;
  }
};

// what one thread of a run does not share with the others, as the state has it
void take_share(Room& room, const ne_plan* p, const ne_state* s, ne_part& part) {
  part.hit = room.take<uint8_t>(p->hits);
  part.awake = room.take<uint8_t>(p->pops);
  part.exponent = room.take<int64_t>(p->pops);
  part.syn_exponent = room.take<int64_t>(p->syn_frames);
  part.frame_m = room.take<float>((p->frames + 1) * FRAME_AHEAD);
  part.frame_e = room.take<int64_t>((p->frames + 1) * FRAME_AHEAD);
  if (!room.base) return;
  memcpy(part.hit, s->hit, (size_t)p->hits);
  memcpy(part.awake, s->awake, (size_t)p->pops);
  memcpy(part.exponent, s->exponent, (size_t)p->pops * sizeof(int64_t));
  memcpy(part.syn_exponent, s->syn_exponent, (size_t)p->syn_frames * sizeof(int64_t));
}

void take_all(Room& room, const ne_plan* p, ne_state* s, ne_call* call, int64_t parts, Crew& crew, ne_part* part) {
  room.at = 0;
  for (int64_t j = 0; j < parts; j++) {
    if (room.base) part[j] = part_of(s, call, j, parts);
    take_share(room, p, s, part[j]);
    crew.runs[j].turns = room.take<Turn>(p->pops);
    crew.runs[j].routes = room.take<ne_route>(p->projs + 1);
  }
  for (int odd = 0; odd < 2; odd++) {
    crew.shown[odd] = room.take<Shown>(crew.span * parts * p->pops);
    crew.spikes[odd] = room.take<uint32_t>(crew.span * p->lanes);
    crew.full[odd] = room.take<int32_t>(parts);
  }
  crew.events = room.take<int64_t>(parts);
  crew.dropped = room.take<int64_t>(parts);
}

// marks of a population are those of all shares that have neurons of it
void join_marks(const ne_plan* p, ne_state* s, const ne_part* part, int64_t parts, int64_t pop) {
  const int64_t first = p->pop_hit[pop], slots = (int64_t)p->pop_depth[pop] * (1 + p->pop_receptors[pop]);
  memset(s->hit + first, 0, (size_t)slots);
  s->awake[pop] = 0;
  for (int64_t j = 0; j < parts; j++) {
    if (ne_part_begin(p, pop, j, parts) == ne_part_begin(p, pop, j + 1, parts)) continue;
    for (int64_t i = first; i < first + slots; i++) s->hit[i] |= part[j].hit[i];
    s->awake[pop] |= part[j].awake[pop];
  }
}

int64_t run_several(const ne_plan* p, ne_state* s, ne_call* call, int64_t ticks, int64_t parts) {
  Run runs[NE_MAX_THREADS];
  ne_part part[NE_MAX_THREADS] = {};
  Crew crew = {};
  Room room;
  crew.runs = runs;
  crew.span = span_of(p, call->capacity / parts);
  take_all(room, p, s, call, parts, crew, part);
  room.base = (char*)aligned_alloc(64, (size_t)room.at);
  if (!room.base) return -1;
  take_all(room, p, s, call, parts, crew, part);
  bool full = false;
  for (int64_t j = 0; j < parts; j++) {
    runs[j] = {p, s, call, ne_kernels_in_use(), &part[j], runs[j].turns, runs[j].routes, nullptr};
    begin_run(runs[j]);
    full |= part[j].room - part[j].spikes < crew.span * p->lanes;
  }
  crew.ticks = full ? 0 : ticks;
  crew.barrier.threads = (int32_t)parts;
  const int failed = ne_threads_run((int32_t)parts, run_share, &crew);
  if (!failed) {
    finish(runs, parts);
    s->clock[0] += crew.done;
    for (int64_t j = 0; j < parts; j++) {
      call->events += crew.events[j];
      call->dropped += crew.dropped[j];
    }
    for (int64_t pop = 0; pop < p->pops; pop++) join_marks(p, s, part, parts, pop);
    // a share without lanes of a population does not follow its frame: the one with the last block always has some
    memcpy(s->exponent, part[parts - 1].exponent, (size_t)p->pops * sizeof(int64_t));
    memcpy(s->syn_exponent, part[parts - 1].syn_exponent, (size_t)p->syn_frames * sizeof(int64_t));
  }
  free(room.base);
  return failed ? -1 : crew.done;
}

}  // namespace

extern "C" int64_t ne_frame_at(double rate, int64_t t, float* m) {
  int64_t e;
  ne_kernels_in_use()->growth(rate, t, 1, m, &e);
  return e;
}

extern "C" int64_t ne_run(const ne_plan* p, ne_state* s, ne_call* call, int64_t ticks) {
  if (p->pops > NE_MAX_PARTS || p->projs > NE_MAX_PARTS || call->parts < 1 || call->parts > NE_MAX_THREADS) return -1;
  if (p->learners && call->parts > 1) return -1;
  return call->parts == 1 ? run_one(p, s, call, ticks) : run_several(p, s, call, ticks, call->parts);
}

extern "C" int64_t ne_step(const ne_plan* p, ne_state* s, ne_call* call) {
  for (int64_t pop = 0; pop < p->pops; pop++) {
    const uint32_t* neuron = (const uint32_t*)(uintptr_t)call->event_neuron[pop];
    for (int64_t i = 0; i < call->event_n[pop]; i++)
      if (neuron[i] >= (uint32_t)p->pop_n[pop] || (i && neuron[i] < neuron[i - 1])) return -2 - pop;
  }
  call->first = call->spikes = call->part_spikes[0] = 0;
  int64_t done = ne_run(p, s, call, 1);
  for (int64_t pop = 0; pop < p->pops; pop++) call->event_n[pop] = call->event_next[pop] = 0;
  return done;
}

extern "C" void ne_cut(const ne_plan* p, int64_t parts, uint32_t* cuts) {
  for (int64_t border = 1; border < parts; border++, cuts += p->rows + p->segments)
    for (int64_t q = 0; q < p->projs; q++)
      if (p->proj_storage[q] != NE_DENSE) ne_cut_projection(p, q, border, parts, cuts);
}

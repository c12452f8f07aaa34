// runs a dumped network (src/neuroedge/engines/dump.py) without Python: for sanitizers, callgrind and other machines
//   neuroedge_driver FILE [--simd LEVEL]
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "neuroedge.h"

namespace {

struct Array {
  void* data;
  int64_t bytes;
};

enum { MOST_STATE_ARRAYS = 64 };

const char* path = "";
FILE* file = nullptr;
int64_t left = 0;

ne_plan plan;
ne_state state;
ne_call call;
Array state_arrays[MOST_STATE_ARRAYS];
int32_t state_count = 0;
Array* blobs = nullptr;
int64_t blob_count = 0;

[[noreturn]] void fail(const char* what, const char* why) {
  fprintf(stderr, "neuroedge_driver: %s: %s %s\n", path, what, why);
  exit(1);
}

void take(void* into, int64_t bytes, const char* what) {
  if (bytes > left || fread(into, 1, (size_t)bytes, file) != (size_t)bytes) fail(what, "is cut off");
  left -= bytes;
}

template <class T>
T number(const char* what) {
  T x;
  take(&x, sizeof x, what);
  return x;
}

// each array in memory of its own, so that a sanitizer sees a step beyond its end
Array array(int64_t unit, const char* what) {
  const int64_t bytes = number<int64_t>(what);
  if (bytes < 0 || bytes % unit) fail(what, "has an impossible size");
  if (bytes > left) fail(what, "is cut off");
  void* data = malloc(bytes ? (size_t)bytes : 1);
  if (!data) fail(what, "does not fit into memory");
  take(data, bytes, what);
  return {data, bytes};
}

bool begins(const char* text, const char* start) { return !strncmp(text, start, strlen(start)); }

bool per_lane(const char* name) {
  static const char* const names[] = {"refractory", "v_start", "u_start", "held_start", "v",      "held", "u",
                                      "release",    "queue",   "spike",   "drive",      "counts"};
  for (const char* each : names)
    if (!strcmp(name, each)) return true;
  return false;
}

// arrays of LIF in integers have next to no entries in other plans
bool per_integer_lane(const char* name) {
  static const char* const names[] = {"decay16",   "shift16",      "right16", "theta16", "reset16",
                                      "v16_start", "held16_start", "v16",     "held16"};
  for (const char* each : names)
    if (!strcmp(name, each)) return true;
  return false;
}

bool has_integers() {
  for (int64_t k = 0; k < plan.pops; k++)
    if (plan.pop_kind[k] == NE_FIXED) return true;
  return false;
}

// an array of the field table; what runs over populations, projections or lanes must have that many entries
template <class T>
T* field(const char* name, bool of_call) {
  const Array a = array(sizeof(T), name);
  const int64_t n = a.bytes / (int64_t)sizeof(T);
  if ((!strcmp(name, "hit") || !strcmp(name, "touched_n")) && n != plan.hits) fail(name, "has another size");
  if ((!strcmp(name, "row") && n != plan.rows) || (!strcmp(name, "segment") && n != plan.segments))
    fail(name, "has another size");
  if (begins(name, "pop_") && n != plan.pops) fail(name, "does not have an entry for each population");
  if (begins(name, "learn_") && n < plan.learners) fail(name, "does not have an entry for each that learns");
  if (begins(name, "proj_") && n < plan.projs) fail(name, "does not have an entry for each projection");
  if ((per_lane(name) || (per_integer_lane(name) && has_integers())) && n != plan.lanes)
    fail(name, "does not have an entry for each lane");
  if (!strcmp(name, "part_spikes") && n != NE_MAX_THREADS) fail(name, "does not have an entry for each thread");
  const bool other = per_lane(name) || begins(name, "spike_") || !strcmp(name, "part_spikes") || !strcmp(name, "cuts");
  if (of_call && !other && n != plan.pops)
    fail(name, "does not have an entry for each population");
  if (of_call && begins(name, "spike_")) call.capacity = n;
  return (T*)a.data;
}

template <class T>
T* state_field(const char* name) {
  if (state_count == MOST_STATE_ARRAYS) fail(name, "is one array too many");
  const int64_t before = left;
  T* data = field<T>(name, false);
  state_arrays[state_count++] = {data, before - left - (int64_t)sizeof(int64_t)};
  return data;
}

// only pointers are uint64_t in a call
template <class T>
void resolve(T*, const char*) {}
void resolve(uint64_t* pointer, const char* name) {
  for (int64_t k = 0; k < plan.pops; k++) {
    if (pointer[k] > (uint64_t)blob_count) fail(name, "points beyond the data");
    if (pointer[k]) pointer[k] = (uint64_t)(uintptr_t)blobs[pointer[k] - 1].data;
  }
}

int64_t bytes_at(uint64_t pointer) {
  for (int64_t k = 0; k < blob_count; k++)
    if (pointer == (uint64_t)(uintptr_t)blobs[k].data) return blobs[k].bytes;
  return 0;
}

// what is given must be as long as the run reads it
void check_call(int64_t ticks) {
  for (int64_t k = 0; k < plan.pops; k++) {
    const int64_t n = plan.pop_n[k], events = call.event_n[k];
    if (call.chance[k] && bytes_at(call.chance[k]) != 4 * n) fail("chance", "is of another size");
    if (events < 0 || bytes_at(call.event_tick[k]) < 4 * events || bytes_at(call.event_neuron[k]) < 4 * events)
      fail("event_n", "is more than there are events");
    for (int64_t j = 0; j < events; j++)
      if (((const uint32_t*)(uintptr_t)call.event_neuron[k])[j] >= (uint32_t)n) fail("event_neuron", "is out of range");
    const int64_t last = (ticks - 1) * call.current_tick[k] + (n - 1) * call.current_neuron[k];
    if (call.current[k] && (last < 0 || bytes_at(call.current[k]) < 4 * (last + 1))) fail("current", "is too short");
  }
}

// returns the ticks to run; the number of state arrays to hash goes to `persistent`
int64_t load(int32_t* persistent) {
  file = fopen(path, "rb");
  if (!file) fail("file", "does not open");
  fseek(file, 0, SEEK_END);
  left = ftell(file);
  rewind(file);
  char magic[8];
  take(magic, sizeof magic, "file");
  if (memcmp(magic, "NEDUMP1\n", sizeof magic)) fail("file", "is no dump of a network");
  if (number<uint32_t>("layout") != ne_layout()) fail("file", "belongs to another version of the core");
  *persistent = (int32_t)number<uint32_t>("head");
  const int64_t ticks = number<int64_t>("head");
  call.parts = number<int64_t>("head");
  plan.pops = number<int64_t>("head");
  plan.projs = number<int64_t>("head");
  plan.frames = number<int64_t>("head");
  plan.lanes = number<int64_t>("head");
  plan.rows = number<int64_t>("head");
  plan.segments = number<int64_t>("head");
  plan.hits = number<int64_t>("head");
  plan.syn_frames = number<int64_t>("head");
  plan.learners = number<int64_t>("head");
  if (call.parts < 1 || call.parts > NE_MAX_THREADS || plan.rows < 1 || plan.segments < 1 || plan.hits < 1)
    fail("head", "is impossible");
  if (ticks < 0 || plan.pops < 1 || plan.projs < 0 || plan.frames < 0 || plan.learners < 0 || plan.lanes < 1)
    fail("head", "is impossible");
#define NE_TAKE(type, name) plan.name = field<type>(#name, false);
  NE_PLAN_FIELDS(NE_TAKE)
#undef NE_TAKE
#define NE_TAKE(type, name) state.name = state_field<type>(#name);
  NE_STATE_FIELDS(NE_TAKE)
#undef NE_TAKE
#define NE_TAKE(type, name) call.name = field<type>(#name, true);
  NE_CALL_FIELDS(NE_TAKE)
#undef NE_TAKE
  blob_count = number<int64_t>("data");
  if (blob_count < 0 || blob_count > left / (int64_t)sizeof(int64_t)) fail("data", "is cut off");
  blobs = (Array*)calloc((size_t)blob_count + 1, sizeof(Array));
  if (!blobs) fail("data", "does not fit into memory");
  for (int64_t k = 0; k < blob_count; k++) blobs[k] = array(4, "data");
#define NE_RESOLVE(type, name) resolve(call.name, #name);
  NE_CALL_FIELDS(NE_RESOLVE)
#undef NE_RESOLVE
  if (left) fail("file", "goes on after its end");
  if (*persistent < 1 || *persistent > state_count) fail("head", "is impossible");
  fclose(file);
  check_call(ticks);
  return ticks;
}

void run(int64_t ticks) {
  const size_t cuts = (size_t)((call.parts - 1) * (plan.rows + plan.segments)) * sizeof(uint32_t);
  call.budget = INT64_MAX;
  free(call.cuts);
  call.cuts = (uint32_t*)malloc(cuts + 1);
  if (!call.cuts) fail("cuts", "do not fit into memory");
  ne_cut(&plan, call.parts, call.cuts);
  for (int64_t done = 0; done < ticks;) {
    call.spikes = 0;
    memset(call.part_spikes, 0, NE_MAX_THREADS * sizeof(int64_t));
    call.first = done;
    const int64_t ran = ne_run(&plan, &state, &call, ticks - done);
    if (ran <= 0) fail("run", "stopped");
    done += ran;
  }
}

// FNV-1a
uint64_t hash(int32_t arrays) {
  uint64_t value = 0xcbf29ce484222325u;
  for (int32_t k = 0; k < arrays; k++)
    for (int64_t i = 0; i < state_arrays[k].bytes; i++)
      value = (value ^ ((const uint8_t*)state_arrays[k].data)[i]) * 0x100000001b3u;
  return value;
}

}  // namespace

int main(int argc, char** argv) {
  const char* level = nullptr;
  for (int k = 1; k < argc; k++) {
    if (!strcmp(argv[k], "--simd") && k + 1 < argc) level = argv[++k];
    else path = argv[k];
  }
  if (!*path) {
    fprintf(stderr, "usage: neuroedge_driver FILE [--simd LEVEL]\n");
    return 1;
  }
  if (level && ne_simd_set(level) != 0) {
    fprintf(stderr, "neuroedge_driver: no level %s on this machine (it has: %s)\n", level, ne_simd_levels());
    return 1;
  }
  int32_t persistent = 0;
  const int64_t ticks = load(&persistent);
  run(ticks);
  int64_t spikes = 0;
  for (int64_t i = 0; i < plan.lanes; i++) spikes += call.counts[i];
  printf("simd=%s threads=%lld ticks=%lld spikes=%lld events=%lld dropped=%lld state=%016llx\n", ne_simd(),
         (long long)call.parts, (long long)ticks, (long long)spikes, (long long)call.events, (long long)call.dropped,
         (unsigned long long)hash(persistent));
  return 0;
}

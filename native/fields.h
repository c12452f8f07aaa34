// printed by `python src/neuroedge/plan/fields.py` from the field table; a test holds the two equal
#ifndef NEUROEDGE_FIELDS_H
#define NEUROEDGE_FIELDS_H

#include <stdint.h>

#define NE_LAYOUT 0x9297cae1u

typedef struct ne_plan {
  int64_t pops;
  int64_t projs;
  int64_t frames;
  int64_t lanes;
  int64_t rows;
  int64_t segments;
  int64_t hits;
  int64_t syn_frames;
  int64_t learners;
  const int32_t* pop_kind;  // [pops] 0 source, 1 LIF in a growing frame, 2 per tick, 3 AdEx, 4 Izhikevich, 5 integers
  const int32_t* pop_n;  // [pops] neurons
  const int32_t* pop_lane;  // [pops] first lane in the state arrays
  const int32_t* pop_lanes;  // [pops] neurons rounded up to 64
  const int32_t* pop_receptors;  // [pops] currents that synapses raise
  const int32_t* pop_coupled;  // [pops] 1: some of them feed others (alpha synapses)
  const int32_t* pop_framed;  // [pops] 1: currents are kept in growing frames, as potentials are
  const int64_t* pop_syn_frame;  // [pops] first entry in syn_frame
  const int32_t* pop_depth;  // [pops] slots of the arrival ring: the longest delay into it, in ticks
  const int32_t* pop_frame;  // [pops] index into frame_rate, -1 if none
  const int32_t* pop_refractory;  // [pops] refractory ticks, -1 if they differ between neurons
  const int32_t* pop_subtract;  // [pops] 1: reset by subtraction
  const int32_t* pop_adapts;  // [pops] 1: adaptive threshold
  const int32_t* pop_stride;  // [pops] 0: one value per parameter, 1: one per lane
  const int32_t* pop_substeps;  // [pops] integration steps inside a tick
  const int64_t* pop_param;  // [pops] first entry in params
  const int64_t* pop_ring;  // [pops] first entry in ring
  const int64_t* pop_syn;  // [pops] first entry in syn
  const int64_t* pop_hit;  // [pops] first entry in hit
  const int64_t* pop_touched;  // [pops] first entry in touched
  const int64_t* pop_room;  // [pops] entries of touched for each slot of the arrival ring
  const int64_t* pop_scale;  // [pops] first entry in scale, -1 where arrivals are no sums of int8 codes
  const int32_t* pop_most_v;  // [pops] LIF in integers of fewer bits: the largest potential; 0: 16 bits and all sums
  const int32_t* pop_most_sum;  // [pops] and the largest sum after its shift to the right
  const uint64_t* pop_key;  // [pops] key of its random numbers
  const int32_t* refractory;  // [lanes] refractory ticks of each neuron
  const float* v_start;  // [lanes] potential at reset, relative to rest; in padding a value that never fires
  const float* u_start;  // [lanes] second variable at reset (adaptation, recovery)
  const float* held_start;  // [lanes] `held` at reset: 1 in padding of AdEx and Izhikevich, which never fires
  const int16_t* decay16;  // [shorts] LIF in integers: decay of the membrane over a tick, of 2^15
  const int16_t* shift16;  // [shorts] how far the sum of the codes is shifted to the left
  const int16_t* right16;  // [shorts] and before that to the right, rounded, where pop_most_v says so
  const int16_t* theta16;  // [shorts] threshold, 32767 in padding
  const int16_t* reset16;  // [shorts] where a spike sets the potential
  const int16_t* v16_start;  // [shorts] potential at reset
  const int16_t* held16_start;  // [shorts] `held16` at reset: -1 in padding, which never fires
  const float* scale;  // [scales] what one code stands for, for each lane of each channel
  const float* params;  // [params] coefficients, in the order of the model's kernel
  const int32_t* syn_frame;  // [syn_frames] index into frame_rate of each current in a frame
  const double* frame_rate;  // [frames] growth of a frame in powers of two per tick
  const int32_t* proj_pre;  // [projs] source population
  const int32_t* proj_post;  // [projs] target population
  const int32_t* proj_channel;  // [projs] 0: added to the potential, r: to exponential current r - 1
  const int32_t* proj_storage;  // [projs] 0 rows of 16-bit targets, 1 of 32-bit, 2 dense, 3 of blocks, 4 of 16-bit from ba
  const int32_t* proj_half;  // [projs] 1: weights stored in half precision
  const int32_t* proj_segmented;  // [projs] 1: delays differ, and rows consist of segments of one delay each
  const int64_t* proj_row;  // [projs] first entry in row
  const int64_t* proj_syn;  // [projs] first entry in target16 or target32
  const int64_t* proj_weight;  // [projs] first entry in weight or weight16
  const int64_t* proj_segment;  // [projs] first entry in segment and segment_delay
  const int64_t* proj_base;  // [projs] first entry in segment_base
  const int32_t* proj_delay;  // [projs] delay in ticks where all are equal
  const int64_t* proj_small;  // [projs] first entry in small, -1 if all its events are delivered
  const uint32_t* row;  // [rows] first synapse of each source, or its first segment; then the first block, if any
  const uint32_t* segment;  // [segments] first synapse of each segment
  const int32_t* segment_delay;  // [segments] its delay in ticks
  const uint32_t* segment_base;  // [bases] what the targets of a segment count from
  const uint16_t* target16;  // [short_targets] target in its population or from its base; of a block, target / 8
  const uint32_t* target32;  // [long_targets] target in its population, beyond 65,536
  const float* weight;  // [weights] synaptic weights
  const uint16_t* weight16;  // [halves] synaptic weights in IEEE half precision
  const uint32_t* small;  // [smalls] synapses of each source that are below the event threshold: counted, not stored
  const int8_t* weight8;  // [codes] synaptic weights as codes -127 to 127
  const int32_t* learn_proj;  // [learners] projection that learns
  const int32_t* learn_rule;  // [learners] 0 additive STDP, 1 multiplicative, 2 eligibility and rewards, 3 dopamine
  const int32_t* learn_nearest;  // [learners] 1: a spike sets its trace to 1, 0: it adds 1
  const int32_t* learn_depth;  // [learners] ticks for which spikes are kept: the longest delay
  const int64_t* learn_syn;  // [learners] first entry in learned, in_syn and in_run
  const int64_t* learn_eligible;  // [learners] first entry in eligible
  const int64_t* learn_run;  // [learners] first entry in trace_pre
  const int64_t* learn_post;  // [learners] first entry in trace_post
  const int64_t* learn_kept;  // [learners] first entry in kept and kept_times
  const int64_t* learn_slot;  // [learners] first entry in kept_n
  const int64_t* learn_in;  // [learners] first entry in in_row
  const int64_t* learn_lag;  // [learners] first entry in lag
  const int32_t* learn_lags;  // [learners] how many delays differ
  const int32_t* learn_frame;  // [learn_frames] index into frame_rate of x, y, eligibility and dopamine, -1 if none
  const float* learn_param;  // [learn_params] coefficients of each rule (plan/plastic.py)
  const int32_t* lag;  // [lags] delays in ticks, the longest first
  const uint32_t* in_row;  // [in_rows] first synapse of each target in in_syn
  const uint32_t* in_syn;  // [learned] synapses by target
  const uint32_t* in_run;  // [learned] the run of one source and delay that each of them is in
  const float* learned_start;  // [learned] weights at the start
  const uint32_t* learn_order;  // [learned] index of each synapse among those described
} ne_plan;

typedef struct ne_state {
  int64_t* clock;  // [two] tick, random epoch
  float* v;  // [lanes] potential relative to rest, in its frame; -inf while refractory (LIF)
  float* held;  // [lanes] potential held while refractory (LIF); 1 while refractory (AdEx, Izhikevich)
  float* u;  // [lanes] adaptation or recovery
  int64_t* release;  // [lanes] last refractory tick, -1 before the first spike
  int64_t* exponent;  // [pops] exponent of the population's frame
  int64_t* syn_exponent;  // [syn_frames] exponent of the frame of each current
  uint8_t* awake;  // [pops] 1: some neuron may be above threshold without input
  float* syn;  // [syn] currents, in their frames where they have one
  float* ring;  // [ring] arrivals of the ticks to come; with a scale, int32 sums of codes
  uint8_t* hit;  // [hits] 1: the slot holds arrivals
  int16_t* v16;  // [shorts] LIF in integers: potential relative to rest
  int16_t* held16;  // [shorts] -1 while refractory
  float* learned;  // [learned] weights that learn; under dopamine, what they will be when it is gone
  float* eligible;  // [eligibles] eligibility of each synapse, in its frame
  float* trace_pre;  // [runs] x of each run of one source and delay, in its frame
  float* trace_post;  // [posts] y of each target, in its frame
  float* dopamine;  // [learners] n of each projection, in its frame
  int64_t* learn_exponent;  // [learn_frames] exponents of the frames of x, y, eligibility and dopamine
  uint32_t* kept;  // [kept] sources that fired, for each of the last ticks
  uint32_t* kept_times;  // [kept] how often: given spikes may repeat
  uint32_t* kept_n;  // [kept_slots] their number
  uint32_t* queue;  // [lanes] refractory neurons
  int32_t* queue_head;  // [queues] first entry in queue, for each thread and population
  int32_t* queue_size;  // [queues] entries in queue
  uint32_t* touched;  // [touched] event-driven: whom the arrivals of a slot reach
  uint32_t* touched_n;  // [hits] their number; more than there is room for: the list is not complete
  uint32_t* spike;  // [lanes] spikes of the present tick
  int32_t* spike_n;  // [pops] their number
  float* drive;  // [lanes] current of the present tick (AdEx, Izhikevich)
  float* frame_m;  // [frame_table] growth of each frame over the next ticks
  int64_t* frame_e;  // [frame_table] and its exponent
} ne_state;

typedef struct ne_call {
  int64_t capacity;
  int64_t spikes;
  int64_t events;
  int64_t dropped;
  int64_t first;
  int64_t parts;
  int64_t budget;
  uint64_t* event_tick;  // [pops] int32 ticks of given spikes, ascending
  uint64_t* event_neuron;  // [pops] uint32 neurons of given spikes
  int64_t* event_n;  // [pops] their number
  int64_t* event_next;  // [pops] how many are used
  uint64_t* current;  // [pops] float32 currents
  int64_t* current_tick;  // [pops] entries from one tick to the next
  int64_t* current_neuron;  // [pops] entries from one neuron to the next
  uint64_t* chance;  // [pops] uint32 chance to fire in a tick, of 2^32
  uint64_t* trace;  // [pops] float32 potentials, one row of pop_n a tick
  uint8_t* record;  // [pops] 1: spikes are written down
  uint8_t* sparse;  // [pops] 1: event-driven
  uint32_t* cuts;  // [cuts] where rows cross the borders between the shares of threads
  int64_t* part_spikes;  // [threads] spikes that each thread has written down
  uint32_t* counts;  // [lanes] spikes of each neuron
  int32_t* spike_tick;  // [capacity] tick of each spike written down
  uint32_t* spike_lane;  // [capacity] its lane
} ne_call;

typedef struct ne_learn {
  int64_t inputs;
  int64_t taught;
  int64_t learned;
  int64_t slots;
  int64_t traces;
  int64_t values;
  int64_t shown;
  int64_t travel;
  int64_t spiking;
  int64_t block_bytes;
  int32_t* input_pop;  // [inputs] populations that take a sample
  int64_t* input_first;  // [inputs] first entry of each in level, value and event_neuron
  float* level;  // [values] of the encoder of each input
  float* value;  // [values] of the present sample
  int32_t* event_tick;  // [values] 0
  uint32_t* event_neuron;  // [values] inputs that fire in the present tick
  int32_t* taught_pop;  // [taught] populations that learn, the output first, each before those that feed it
  int32_t* taught_lag;  // [taught] ticks from a spike of each to the output
  int32_t* origin;  // [pops] tick from which the potentials of each population count for the loss
  float* slope;  // [history] how readily each neuron spikes, per mV [slots, lanes]
  float* delta;  // [history] slope of the loss by each potential, per mV [slots, lanes]
  uint32_t* fired;  // [history] spikes of each population [slots, lanes]
  int32_t* fired_n;  // [marks] their number [slots, pops]
  float* chunk;  // [chunks] deltas of one population [lanes, ticks added at once]
  int32_t* proj;  // [learned] projections that learn
  int32_t* proj_back;  // [learned] 1: errors go back along it
  int32_t* proj_taught;  // [learned] entry of its target in taught_pop
  int64_t* proj_trace;  // [learned] first entry in trace
  int64_t* proj_turned;  // [learned] first entry in turned, -1 where its rows are read as they are
  float* decay;  // [learned] of the potential that a spike leaves behind, per tick
  float* decay_current;  // [learned] of the current that it raises; 0 for delta synapses
  float* gain_current;  // [learned] of that potential by that current, per tick
  float* trace;  // [traces] potential that the spikes of each source have left behind, per mV of weight
  float* current;  // [traces] and the current
  float* past;  // [rings] trace in the last ticks [slots, traces]
  float* turned;  // [turned] weights of dense projections [post, pre], for the way back
  float* sum;  // [classes] of what the output gave
  float* error;  // [classes] slope of the loss by each output
  float* chance;  // [classes] of each class
  uint8_t* block;  // [block] the state, as one piece
  uint8_t* start;  // [block] and what it starts from
} ne_learn;

typedef struct ne_batch {
  int64_t samples;
  int64_t features;
  int64_t classes;
  int64_t teaches;
  int64_t spikes;
  int64_t events;
  float* input;  // [inputs] values in 0 … 1 [all, features]
  int64_t* order;  // [samples] which of them
  int32_t* label;  // [all] class of each, -1 for none
  uint64_t* soft;  // [one] what another network answered, as chances at `heat` [all, classes], or 0
  float* score;  // [answers] sum of what the output gave over the run [all, classes]
  float* last;  // [answers] its potentials at the end, mV above rest [all, classes]
  uint64_t* shard;  // [shards] gradients of each shard, as the plan's weights lie
  float* knobs;  // [knobs] steep, unit of the output (mV), gain of chances by it, share of soft, heat
} ne_batch;

#define NE_PLAN_FIELDS(X) \
  X(int32_t, pop_kind) \
  X(int32_t, pop_n) \
  X(int32_t, pop_lane) \
  X(int32_t, pop_lanes) \
  X(int32_t, pop_receptors) \
  X(int32_t, pop_coupled) \
  X(int32_t, pop_framed) \
  X(int64_t, pop_syn_frame) \
  X(int32_t, pop_depth) \
  X(int32_t, pop_frame) \
  X(int32_t, pop_refractory) \
  X(int32_t, pop_subtract) \
  X(int32_t, pop_adapts) \
  X(int32_t, pop_stride) \
  X(int32_t, pop_substeps) \
  X(int64_t, pop_param) \
  X(int64_t, pop_ring) \
  X(int64_t, pop_syn) \
  X(int64_t, pop_hit) \
  X(int64_t, pop_touched) \
  X(int64_t, pop_room) \
  X(int64_t, pop_scale) \
  X(int32_t, pop_most_v) \
  X(int32_t, pop_most_sum) \
  X(uint64_t, pop_key) \
  X(int32_t, refractory) \
  X(float, v_start) \
  X(float, u_start) \
  X(float, held_start) \
  X(int16_t, decay16) \
  X(int16_t, shift16) \
  X(int16_t, right16) \
  X(int16_t, theta16) \
  X(int16_t, reset16) \
  X(int16_t, v16_start) \
  X(int16_t, held16_start) \
  X(float, scale) \
  X(float, params) \
  X(int32_t, syn_frame) \
  X(double, frame_rate) \
  X(int32_t, proj_pre) \
  X(int32_t, proj_post) \
  X(int32_t, proj_channel) \
  X(int32_t, proj_storage) \
  X(int32_t, proj_half) \
  X(int32_t, proj_segmented) \
  X(int64_t, proj_row) \
  X(int64_t, proj_syn) \
  X(int64_t, proj_weight) \
  X(int64_t, proj_segment) \
  X(int64_t, proj_base) \
  X(int32_t, proj_delay) \
  X(int64_t, proj_small) \
  X(uint32_t, row) \
  X(uint32_t, segment) \
  X(int32_t, segment_delay) \
  X(uint32_t, segment_base) \
  X(uint16_t, target16) \
  X(uint32_t, target32) \
  X(float, weight) \
  X(uint16_t, weight16) \
  X(uint32_t, small) \
  X(int8_t, weight8) \
  X(int32_t, learn_proj) \
  X(int32_t, learn_rule) \
  X(int32_t, learn_nearest) \
  X(int32_t, learn_depth) \
  X(int64_t, learn_syn) \
  X(int64_t, learn_eligible) \
  X(int64_t, learn_run) \
  X(int64_t, learn_post) \
  X(int64_t, learn_kept) \
  X(int64_t, learn_slot) \
  X(int64_t, learn_in) \
  X(int64_t, learn_lag) \
  X(int32_t, learn_lags) \
  X(int32_t, learn_frame) \
  X(float, learn_param) \
  X(int32_t, lag) \
  X(uint32_t, in_row) \
  X(uint32_t, in_syn) \
  X(uint32_t, in_run) \
  X(float, learned_start) \
  X(uint32_t, learn_order) \

#define NE_STATE_FIELDS(X) \
  X(int64_t, clock) \
  X(float, v) \
  X(float, held) \
  X(float, u) \
  X(int64_t, release) \
  X(int64_t, exponent) \
  X(int64_t, syn_exponent) \
  X(uint8_t, awake) \
  X(float, syn) \
  X(float, ring) \
  X(uint8_t, hit) \
  X(int16_t, v16) \
  X(int16_t, held16) \
  X(float, learned) \
  X(float, eligible) \
  X(float, trace_pre) \
  X(float, trace_post) \
  X(float, dopamine) \
  X(int64_t, learn_exponent) \
  X(uint32_t, kept) \
  X(uint32_t, kept_times) \
  X(uint32_t, kept_n) \
  X(uint32_t, queue) \
  X(int32_t, queue_head) \
  X(int32_t, queue_size) \
  X(uint32_t, touched) \
  X(uint32_t, touched_n) \
  X(uint32_t, spike) \
  X(int32_t, spike_n) \
  X(float, drive) \
  X(float, frame_m) \
  X(int64_t, frame_e) \

#define NE_CALL_FIELDS(X) \
  X(uint64_t, event_tick) \
  X(uint64_t, event_neuron) \
  X(int64_t, event_n) \
  X(int64_t, event_next) \
  X(uint64_t, current) \
  X(int64_t, current_tick) \
  X(int64_t, current_neuron) \
  X(uint64_t, chance) \
  X(uint64_t, trace) \
  X(uint8_t, record) \
  X(uint8_t, sparse) \
  X(uint32_t, cuts) \
  X(int64_t, part_spikes) \
  X(uint32_t, counts) \
  X(int32_t, spike_tick) \
  X(uint32_t, spike_lane) \

#define NE_LEARN_FIELDS(X) \
  X(int32_t, input_pop) \
  X(int64_t, input_first) \
  X(float, level) \
  X(float, value) \
  X(int32_t, event_tick) \
  X(uint32_t, event_neuron) \
  X(int32_t, taught_pop) \
  X(int32_t, taught_lag) \
  X(int32_t, origin) \
  X(float, slope) \
  X(float, delta) \
  X(uint32_t, fired) \
  X(int32_t, fired_n) \
  X(float, chunk) \
  X(int32_t, proj) \
  X(int32_t, proj_back) \
  X(int32_t, proj_taught) \
  X(int64_t, proj_trace) \
  X(int64_t, proj_turned) \
  X(float, decay) \
  X(float, decay_current) \
  X(float, gain_current) \
  X(float, trace) \
  X(float, current) \
  X(float, past) \
  X(float, turned) \
  X(float, sum) \
  X(float, error) \
  X(float, chance) \
  X(uint8_t, block) \
  X(uint8_t, start) \

#define NE_BATCH_FIELDS(X) \
  X(float, input) \
  X(int64_t, order) \
  X(int32_t, label) \
  X(uint64_t, soft) \
  X(float, score) \
  X(float, last) \
  X(uint64_t, shard) \
  X(float, knobs) \

#endif

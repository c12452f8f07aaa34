"""The one table of every array that a plan, a state and a call consist of.

It drives allocation, binding to the native core (native/fields.h is printed from it), saving and the memory
report. Adding an array is one line here; `python src/neuroedge/plan/fields.py > native/fields.h` prints the header.
"""

import sys
import zlib
from typing import Dict, List, NamedTuple, Tuple

import numpy as np

__all__ = ["BATCH", "CALL", "Field", "LEARN", "PLAN", "SCALARS", "STATE", "header", "layout_id"]


class Field(NamedTuple):
    name: str
    dtype: str
    shape: str
    meaning: str

    def numpy(self, precision: str) -> np.dtype:
        """NumPy dtype; `real` is float32, or float64 for the reference engine's double precision."""
        if self.dtype == "real":
            return np.dtype(np.float64 if precision == "float64" else np.float32)
        return np.dtype("uint64" if self.dtype == "pointer" else self.dtype)


def _rows(text: str) -> Tuple[Field, ...]:
    rows: List[Field] = []
    for line in text.strip().splitlines():
        name, dtype, shape, meaning = (part.strip() for part in line.split("|"))
        rows.append(Field(name, dtype, shape, meaning))
    return tuple(rows)


# whole numbers at the head of each native struct
SCALARS: Dict[str, Tuple[str, ...]] = {
    "plan": ("pops", "projs", "frames", "lanes", "rows", "segments", "hits", "syn_frames", "learners"),
    "state": (),
    "call": ("capacity", "spikes", "events", "dropped", "first", "parts", "budget"),
    "learn": ("inputs", "taught", "learned", "slots", "traces", "values", "shown", "travel", "spiking", "block_bytes"),
    "batch": ("samples", "features", "classes", "teaches", "spikes", "events"),
}

PLAN = _rows("""
    pop_kind       | int32  | pops   | 0 source, 1 LIF in a growing frame, 2 per tick, 3 AdEx, 4 Izhikevich, 5 integers
    pop_n          | int32  | pops   | neurons
    pop_lane       | int32  | pops   | first lane in the state arrays
    pop_lanes      | int32  | pops   | neurons rounded up to 64
    pop_receptors  | int32  | pops   | currents that synapses raise
    pop_coupled    | int32  | pops   | 1: some of them feed others (alpha synapses)
    pop_framed     | int32  | pops   | 1: currents are kept in growing frames, as potentials are
    pop_syn_frame  | int64  | pops   | first entry in syn_frame
    pop_depth      | int32  | pops   | slots of the arrival ring: the longest delay into it, in ticks
    pop_frame      | int32  | pops   | index into frame_rate, -1 if none
    pop_refractory | int32  | pops   | refractory ticks, -1 if they differ between neurons
    pop_subtract   | int32  | pops   | 1: reset by subtraction
    pop_adapts     | int32  | pops   | 1: adaptive threshold
    pop_stride     | int32  | pops   | 0: one value per parameter, 1: one per lane
    pop_substeps   | int32  | pops   | integration steps inside a tick
    pop_param      | int64  | pops   | first entry in params
    pop_ring       | int64  | pops   | first entry in ring
    pop_syn        | int64  | pops   | first entry in syn
    pop_hit        | int64  | pops   | first entry in hit
    pop_touched    | int64  | pops   | first entry in touched
    pop_room       | int64  | pops   | entries of touched for each slot of the arrival ring
    pop_scale      | int64  | pops   | first entry in scale, -1 where arrivals are no sums of int8 codes
    pop_most_v     | int32  | pops   | LIF in integers of fewer bits: the largest potential; 0: 16 bits and all sums
    pop_most_sum   | int32  | pops   | and the largest sum after its shift to the right
    pop_key        | uint64 | pops   | key of its random numbers
    refractory     | int32  | lanes  | refractory ticks of each neuron
    v_start        | real   | lanes  | potential at reset, relative to rest; in padding a value that never fires
    u_start        | real   | lanes  | second variable at reset (adaptation, recovery)
    held_start     | real   | lanes  | `held` at reset: 1 in padding of AdEx and Izhikevich, which never fires
    decay16        | int16  | shorts | LIF in integers: decay of the membrane over a tick, of 2^15
    shift16        | int16  | shorts | how far the sum of the codes is shifted to the left
    right16        | int16  | shorts | and before that to the right, rounded, where pop_most_v says so
    theta16        | int16  | shorts | threshold, 32767 in padding
    reset16        | int16  | shorts | where a spike sets the potential
    v16_start      | int16  | shorts | potential at reset
    held16_start   | int16  | shorts | `held16` at reset: -1 in padding, which never fires
    scale          | real   | scales | what one code stands for, for each lane of each channel
    params         | real   | params | coefficients, in the order of the model's kernel
    syn_frame      | int32  | syn_frames | index into frame_rate of each current in a frame
    frame_rate     | float64 | frames | growth of a frame in powers of two per tick
    proj_pre       | int32  | projs  | source population
    proj_post      | int32  | projs  | target population
    proj_channel   | int32  | projs  | 0: added to the potential, r: to exponential current r - 1
    proj_storage   | int32  | projs  | 0 rows of 16-bit targets, 1 of 32-bit, 2 dense, 3 of blocks, 4 of 16-bit from ba
    proj_half      | int32  | projs  | 1: weights stored in half precision
    proj_segmented | int32  | projs  | 1: delays differ, and rows consist of segments of one delay each
    proj_row       | int64  | projs  | first entry in row
    proj_syn       | int64  | projs  | first entry in target16 or target32
    proj_weight    | int64  | projs  | first entry in weight or weight16
    proj_segment   | int64  | projs  | first entry in segment and segment_delay
    proj_base      | int64  | projs  | first entry in segment_base
    proj_delay     | int32  | projs  | delay in ticks where all are equal
    proj_small     | int64  | projs  | first entry in small, -1 if all its events are delivered
    row            | uint32 | rows   | first synapse of each source, or its first segment; then the first block, if any
    segment        | uint32 | segments | first synapse of each segment
    segment_delay  | int32  | segments | its delay in ticks
    segment_base   | uint32 | bases  | what the targets of a segment count from
    target16       | uint16 | short_targets | target in its population or from its base; of a block, target / 8
    target32       | uint32 | long_targets  | target in its population, beyond 65,536
    weight         | real   | weights | synaptic weights
    weight16       | uint16 | halves  | synaptic weights in IEEE half precision
    small          | uint32 | smalls  | synapses of each source that are below the event threshold: counted, not stored
    weight8        | int8   | codes   | synaptic weights as codes -127 to 127
    learn_proj     | int32  | learners | projection that learns
    learn_rule     | int32  | learners | 0 additive STDP, 1 multiplicative, 2 eligibility and rewards, 3 dopamine
    learn_nearest  | int32  | learners | 1: a spike sets its trace to 1, 0: it adds 1
    learn_depth    | int32  | learners | ticks for which spikes are kept: the longest delay
    learn_syn      | int64  | learners | first entry in learned, in_syn and in_run
    learn_eligible | int64  | learners | first entry in eligible
    learn_run      | int64  | learners | first entry in trace_pre
    learn_post     | int64  | learners | first entry in trace_post
    learn_kept     | int64  | learners | first entry in kept and kept_times
    learn_slot     | int64  | learners | first entry in kept_n
    learn_in       | int64  | learners | first entry in in_row
    learn_lag      | int64  | learners | first entry in lag
    learn_lags     | int32  | learners | how many delays differ
    learn_frame    | int32  | learn_frames | index into frame_rate of x, y, eligibility and dopamine, -1 if none
    learn_param    | real   | learn_params | coefficients of each rule (plan/plastic.py)
    lag            | int32  | lags    | delays in ticks, the longest first
    in_row         | uint32 | in_rows | first synapse of each target in in_syn
    in_syn         | uint32 | learned | synapses by target
    in_run         | uint32 | learned | the run of one source and delay that each of them is in
    learned_start  | real   | learned | weights at the start
    learn_order    | uint32 | learned | index of each synapse among those described
""")

STATE = _rows("""
    clock          | int64  | two    | tick, random epoch
    v              | real   | lanes  | potential relative to rest, in its frame; -inf while refractory (LIF)
    held           | real   | lanes  | potential held while refractory (LIF); 1 while refractory (AdEx, Izhikevich)
    u              | real   | lanes  | adaptation or recovery
    release        | int64  | lanes  | last refractory tick, -1 before the first spike
    exponent       | int64  | pops   | exponent of the population's frame
    syn_exponent   | int64  | syn_frames | exponent of the frame of each current
    awake          | uint8  | pops   | 1: some neuron may be above threshold without input
    syn            | real   | syn    | currents, in their frames where they have one
    ring           | real   | ring   | arrivals of the ticks to come; with a scale, int32 sums of codes
    hit            | uint8  | hits   | 1: the slot holds arrivals
    v16            | int16  | shorts | LIF in integers: potential relative to rest
    held16         | int16  | shorts | -1 while refractory
    learned        | real   | learned | weights that learn; under dopamine, what they will be when it is gone
    eligible       | real   | eligibles | eligibility of each synapse, in its frame
    trace_pre      | real   | runs   | x of each run of one source and delay, in its frame
    trace_post     | real   | posts  | y of each target, in its frame
    dopamine       | real   | learners | n of each projection, in its frame
    learn_exponent | int64  | learn_frames | exponents of the frames of x, y, eligibility and dopamine
    kept           | uint32 | kept   | sources that fired, for each of the last ticks
    kept_times     | uint32 | kept   | how often: given spikes may repeat
    kept_n         | uint32 | kept_slots | their number
    queue          | uint32 | lanes  | refractory neurons
    queue_head     | int32  | queues | first entry in queue, for each thread and population
    queue_size     | int32  | queues | entries in queue
    touched        | uint32 | touched | event-driven: whom the arrivals of a slot reach
    touched_n      | uint32 | hits   | their number; more than there is room for: the list is not complete
    spike          | uint32 | lanes  | spikes of the present tick
    spike_n        | int32  | pops   | their number
    drive          | real   | lanes  | current of the present tick (AdEx, Izhikevich)
    frame_m        | real   | frame_table | growth of each frame over the next ticks
    frame_e        | int64  | frame_table | and its exponent
""")

# what a state is, apart from room to work in
PERSISTENT = (
    "clock", "v", "held", "u", "release", "exponent", "syn_exponent", "awake", "syn", "ring", "hit", "v16", "held16",
    "learned", "eligible", "trace_pre", "trace_post", "dopamine", "learn_exponent", "kept", "kept_times", "kept_n",
)  # fmt: skip

CALL = _rows("""
    event_tick     | pointer | pops  | int32 ticks of given spikes, ascending
    event_neuron   | pointer | pops  | uint32 neurons of given spikes
    event_n        | int64   | pops  | their number
    event_next     | int64   | pops  | how many are used
    current        | pointer | pops  | float32 currents
    current_tick   | int64   | pops  | entries from one tick to the next
    current_neuron | int64   | pops  | entries from one neuron to the next
    chance         | pointer | pops  | uint32 chance to fire in a tick, of 2^32
    trace          | pointer | pops  | float32 potentials, one row of pop_n a tick
    record         | uint8   | pops  | 1: spikes are written down
    sparse         | uint8   | pops  | 1: event-driven
    cuts           | uint32  | cuts  | where rows cross the borders between the shares of threads
    part_spikes    | int64   | threads | spikes that each thread has written down
    counts         | uint32  | lanes | spikes of each neuron
    spike_tick     | int32   | capacity | tick of each spike written down
    spike_lane     | uint32  | capacity | its lane
""")

# what one thread needs to learn, besides a state; rings hold the last `slots` ticks
LEARN = _rows("""
    input_pop      | int32   | inputs  | populations that take a sample
    input_first    | int64   | inputs  | first entry of each in level, value and event_neuron
    level          | real    | values  | of the encoder of each input
    value          | real    | values  | of the present sample
    event_tick     | int32   | values  | 0
    event_neuron   | uint32  | values  | inputs that fire in the present tick
    taught_pop     | int32   | taught  | populations that learn, the output first, each before those that feed it
    taught_lag     | int32   | taught  | ticks from a spike of each to the output
    origin         | int32   | pops    | tick from which the potentials of each population count for the loss
    slope          | real    | history | how readily each neuron spikes, per mV [slots, lanes]
    delta          | real    | history | slope of the loss by each potential, per mV [slots, lanes]
    fired          | uint32  | history | spikes of each population [slots, lanes]
    fired_n        | int32   | marks   | their number [slots, pops]
    chunk          | real    | chunks  | deltas of one population [lanes, ticks added at once]
    proj           | int32   | learned | projections that learn
    proj_back      | int32   | learned | 1: errors go back along it
    proj_taught    | int32   | learned | entry of its target in taught_pop
    proj_trace     | int64   | learned | first entry in trace
    proj_turned    | int64   | learned | first entry in turned, -1 where its rows are read as they are
    decay          | real    | learned | of the potential that a spike leaves behind, per tick
    decay_current  | real    | learned | of the current that it raises; 0 for delta synapses
    gain_current   | real    | learned | of that potential by that current, per tick
    trace          | real    | traces  | potential that the spikes of each source have left behind, per mV of weight
    current        | real    | traces  | and the current
    past           | real    | rings   | trace in the last ticks [slots, traces]
    turned         | real    | turned  | weights of dense projections [post, pre], for the way back
    sum            | real    | classes | of what the output gave
    error          | real    | classes | slope of the loss by each output
    chance         | real    | classes | of each class
    block          | uint8   | block   | the state, as one piece
    start          | uint8   | block   | and what it starts from
""")

# samples that are worked on in one call
BATCH = _rows("""
    input          | real    | inputs  | values in 0 … 1 [all, features]
    order          | int64   | samples | which of them
    label          | int32   | all     | class of each, -1 for none
    soft           | pointer | one     | what another network answered, as chances at `heat` [all, classes], or 0
    score          | real    | answers | sum of what the output gave over the run [all, classes]
    last           | real    | answers | its potentials at the end, mV above rest [all, classes]
    shard          | pointer | shards  | gradients of each shard, as the plan's weights lie
    knobs          | real    | knobs   | steep, unit of the output (mV), gain of chances by it, share of soft, heat
""")

_TABLES = {"plan": PLAN, "state": STATE, "call": CALL, "learn": LEARN, "batch": BATCH}
_C = {
    "int8": "int8_t", "int16": "int16_t",
    "int32": "int32_t", "int64": "int64_t", "uint8": "uint8_t", "uint16": "uint16_t", "uint32": "uint32_t",
    "uint64": "uint64_t", "float64": "double", "real": "float", "pointer": "uint64_t",
}  # fmt: skip


def _body() -> str:
    lines: List[str] = []
    for table, rows in _TABLES.items():
        const = "const " if table == "plan" else ""
        lines.append(f"typedef struct ne_{table} {{")
        lines += [f"  int64_t {name};" for name in SCALARS[table]]
        lines += [f"  {const}{_C[f.dtype]}* {f.name};  // [{f.shape}] {f.meaning}" for f in rows]
        lines += [f"}} ne_{table};", ""]
    for table, rows in _TABLES.items():
        lines.append(f"#define NE_{table.upper()}_FIELDS(X) \\")
        lines += [f"  X({_C[f.dtype]}, {f.name}) \\" for f in rows]
        lines.append("")
    return "\n".join(lines)


def layout_id() -> int:
    """A number that changes with the table; the native core must carry the same."""
    return zlib.crc32(_body().encode())


def header() -> str:
    """Text of native/fields.h."""
    return (
        "// printed by `python src/neuroedge/plan/fields.py` from the field table; a test holds the two equal\n"
        "#ifndef NEUROEDGE_FIELDS_H\n#define NEUROEDGE_FIELDS_H\n\n#include <stdint.h>\n\n"
        f"#define NE_LAYOUT 0x{layout_id():08x}u\n\n{_body()}\n#endif\n"
    )


if __name__ == "__main__":
    sys.stdout.write(header())

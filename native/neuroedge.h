// the C interface of the native core: plain structs of arrays, no ownership, no allocation
#ifndef NEUROEDGE_H
#define NEUROEDGE_H

#include "fields.h"

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32)
#define NE_API
#else
#define NE_API __attribute__((visibility("default")))
#endif

// lanes of a population are a multiple of this
enum { NE_BLOCK = 64 };

// populations, and projections, of one network
enum { NE_MAX_PARTS = 4096 };

// threads of one run
enum { NE_MAX_THREADS = 16 };

// pop_kind
enum { NE_SOURCE = 0, NE_FRAME = 1, NE_LIF = 2, NE_ADEX = 3, NE_IZHIKEVICH = 4, NE_FIXED = 5 };

// proj_storage
enum { NE_ROWS16 = 0, NE_ROWS32 = 1, NE_DENSE = 2, NE_BLOCK8 = 3, NE_LOCAL16 = 4 };

// ticks whose gradients are added at once
enum { NE_CHUNK = 8, NE_SHARDS = 4 };

// one step of Adam for weights with the gradients of all shards, which are cleared
typedef struct ne_adam_args {
  float* weight;
  float* shard[NE_SHARDS];
  float* first;            // moments
  float* second;
  const float* living;     // 1, or 0 where there is no synapse
  float share;             // of a sample in the gradient
  float keep_first, keep_second;
  float step;              // rate / (1 - keep_first^t), in mV
  float scale_second;      // 1 / (1 - keep_second^t)
  float least;             // of the root, so that nothing is divided by 0
  float keep;              // share of each weight that stays (decoupled decay: Loshchilov & Hutter 2019, arXiv:1711.05101)
} ne_adam_args;

// what fields.h this core was built with; a caller with another layout must not go on
NE_API uint32_t ne_layout(void);

// names of the instruction sets that this machine can run, best first, separated by spaces
NE_API const char* ne_simd_levels(void);

// choose one of them for all later runs; 0, or -1 if this machine does not have it
NE_API int ne_simd_set(const char* level);

// the level in use
NE_API const char* ne_simd(void);

// advance by up to `ticks` ticks; returns how many were done: fewer only if the spike buffer is full or, after one tick at
// least, more synaptic events have passed than call->budget; -1 for
// more than NE_MAX_PARTS populations or projections, and for several threads where something learns.
// call->first is the run's tick at which this call begins: given spikes, currents and traces count from the run's first
NE_API int64_t ne_run(const ne_plan* plan, ne_state* state, ne_call* call, int64_t ticks);

// one tick with the spikes given in call, which are used up; nothing is done, and -2 - pop returned, if those of a
// population do not ascend or are out of range
NE_API int64_t ne_step(const ne_plan* plan, ne_state* state, ne_call* call);

// where rows cross the borders between the shares of `parts` threads, for call->cuts: (parts - 1)·(rows + segments)
NE_API void ne_cut(const ne_plan* plan, int64_t parts, uint32_t* cuts);

// what a population of n neurons costs here, ns: [0] each neuron stepped with all, [1] each stepped because something
// reaches it; 0, or -1 without memory
NE_API int ne_costs(int64_t n, double* ns);

// n given spikes on the grid: writes the tick of each, 0 … ticks - 1, for times in ms and `per_ms` ticks a ms; returns 1
// if (tick, neuron) ascends, else 0
NE_API int64_t ne_grid(const double* time, const uint32_t* neuron, int64_t n, double per_ms, int64_t ticks,
                       int32_t* tick);

// run the samples of a batch, each from the start of its thread's state, and write down what the output gave; where the
// batch teaches, add their gradients. Of each kind of struct one a thread, at most NE_SHARDS; p->weight may be changed
// between calls. Returns the samples, or -1 without memory or threads
NE_API int64_t ne_learn_batch(const ne_plan* plan, ne_state* const* state, ne_call* const* call,
                              ne_learn* const* learn, ne_batch* batch, int64_t threads);

// one step of Adam (Kingma & Ba 2015, arXiv:1412.6980) for weights first to end - 1
NE_API void ne_adam(const ne_adam_args* args, int64_t first, int64_t end);

// growth of a frame at absolute tick t (time t·dt): writes m in [1, 2], returns the exponent
NE_API int64_t ne_frame_at(double rate, int64_t t, float* m);

// our exp, as the kernels of the chosen level compute it, for n values, n a multiple of 16
NE_API void ne_exp(const float* x, float* y, int64_t n);

#ifdef __cplusplus
}
#endif
#endif

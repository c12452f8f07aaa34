// what every instruction set offers: one table of functions, the same bits from each
#ifndef NEUROEDGE_KERNELS_H
#define NEUROEDGE_KERNELS_H

#include <stdint.h>

#include "../neuroedge.h"

// arrivals of one tick, cleared by whoever takes them: `step` is 1, or 0 where none came and p is a block of zeros
typedef struct ne_arrivals {
  float* p;
  int64_t step;
} ne_arrivals;

enum { NE_RECEPTORS = 4 };

// bytes of the next row that are asked for while this one is added; from there the hardware follows
enum { NE_PREFETCH_BYTES = 512 };

template <class T>
static inline void ne_prefetch(const T* from, int64_t n) {
  const int64_t bytes = n * (int64_t)sizeof(T);
  for (int64_t at = 0; at < bytes && at < NE_PREFETCH_BYTES; at += 64) __builtin_prefetch((const char*)from + at);
}

typedef struct ne_lif_args {
  float* v;
  float* u;                // adaptation, null without
  float* syn;              // currents, one array each
  const float* param;      // see neurons/lif.h
  ne_arrivals in[1 + NE_RECEPTORS];
  int64_t lanes;
  int64_t pitch;           // from one array of currents or parameters to the next
  int32_t receptors;
  int32_t framed;          // 1: currents stand in frames and are only read
  float growth[NE_RECEPTORS];  // of their frames
  int32_t coupled;         // 1: currents are also fed by the next one
  int32_t stride;          // 0 one value per parameter, 1 one per lane
} ne_lif_args;

typedef struct ne_cell_args {
  float* v;
  float* u;
  const float* held;       // 1 while refractory
  const float* drive;      // current over this tick
  const float* param;      // see neurons/adex.h, neurons/izhikevich.h
  ne_arrivals in;
  int64_t lanes;
  int64_t pitch;           // from one array of parameters to the next
  int32_t substeps;
  int32_t stride;
} ne_cell_args;

// LIF in integers: see fixed.h
typedef struct ne_fixed_args {
  int16_t* v;
  int32_t* sum;            // arrivals in codes, cleared
  const int32_t* drive;    // injected current over this tick in units of v, null without
  const int16_t* held;     // -1 while refractory
  const int16_t* decay;
  const int16_t* shift;
  const int16_t* theta;
  int64_t lanes;
  const int16_t* right;    // for fewer bits than 16
  int32_t most_v;          // 0 without
  int32_t most_sum;
} ne_fixed_args;

typedef struct ne_kernels {
  const char* name;
  // adds in·m to v, clears in, writes the lanes with v >= theta·m; theta has `stride` 0 or 1
  int32_t (*frame)(float* v, float* in, float m, const float* theta, int32_t stride, int64_t lanes, uint32_t* spike);
  int32_t (*lif)(const ne_lif_args* args, uint32_t* spike);
  int32_t (*adex)(const ne_cell_args* args, uint32_t* spike);
  int32_t (*izhikevich)(const ne_cell_args* args, uint32_t* spike);
  int32_t (*fixed)(const ne_fixed_args* args, uint32_t* spike);
  // sums of codes, int32, become float in place, times what a code stands for
  void (*to_real)(float* in, const float* scale, int64_t lanes);
  // drive <- drive + syn, then syn <- syn·decay [+ next·couple] + in; next is null where nothing feeds it
  void (*current)(float* drive, float* syn, const float* next, const float* decay, const float* couple, int32_t stride,
                  ne_arrivals in, int64_t lanes);
  // syn <- syn + in·m, clears in
  void (*arrive)(float* syn, float* in, float m, int64_t lanes);
  // v <- v·scale, to +0 below 2^-60
  void (*rescale)(float* v, float scale, int64_t lanes);
  // |x| < 1e-30 to +0
  void (*flush)(float* x, int64_t n);
  // into += row after row of those that spike; width is a multiple of 16
  void (*dense)(float* into, const float* weight, int64_t stride, const uint32_t* spike, int32_t n, int64_t width);
  void (*dense_half)(float* into, const uint16_t* weight, int64_t stride, const uint32_t* spike, int32_t n,
                     int64_t width);
  void (*dense_codes)(int32_t* into, const int8_t* weight, int64_t stride, const uint32_t* spike, int32_t n,
                      int64_t width);
  // into += the blocks of 8 targets in the rows of those that spike: blocks begin[i] to end[i], weights end to end
  void (*block)(float* into, const uint16_t* block, const float* weight, const uint32_t* begin, const uint32_t* end,
                const uint32_t* spike, int32_t n);
  void (*block_half)(float* into, const uint16_t* block, const uint16_t* weight, const uint32_t* begin,
                     const uint32_t* end, const uint32_t* spike, int32_t n);
  void (*block_codes)(int32_t* into, const uint16_t* block, const int8_t* weight, const uint32_t* begin,
                      const uint32_t* end, const uint32_t* spike, int32_t n);
  // neurons from `first` to `end` whose random number of this tick is below their chance
  int32_t (*poisson)(uint64_t key, const uint32_t* chance, int64_t first, int64_t end, uint32_t* spike);
  void (*exp)(const float* x, float* y, int64_t n);
  // growth of a frame at ticks t … t + n - 1
  void (*growth)(double rate, int64_t t, int64_t n, float* m, int64_t* e);
  // ticks of n given spikes; 1 if (tick, neuron) ascends
  int32_t (*grid)(const double* time, const uint32_t* neuron, int64_t n, double per_ms, int64_t ticks, int32_t* tick);

  // learning (learn.h)
  // regular spikes: level += value, and whoever is at 1 or above fires and is lowered by 1; n a multiple of NE_BLOCK
  int32_t (*encode)(float* level, const float* value, int64_t n, uint32_t* spike);
  // x <- x·decay
  void (*fade)(float* x, float decay, int64_t n);
  // x <- x·decay + from·gain
  void (*follow)(float* x, const float* from, float decay, float gain, int64_t n);
  // slope of a spike by the distance of v/m from its threshold theta + u, per mV:
  // out <- 1/(theta·(1 + steep·|v/m − theta − u|/theta)^2); theta and u have strides 0 or 1
  void (*slope)(float* out, const float* v, float m, const float* theta, int32_t stride, const float* u, int32_t adapts,
                float steep, int64_t n);
  // sum[i] += Σ_b x[b]·delta[b·pitch + i], b = 0 … n - 1 in order
  void (*outer_dense)(float* sum, const float* delta, int64_t pitch, const float* x, int32_t n, int64_t width);
  // the same for the blocks of 8 targets of one row
  void (*outer_blocks)(float* sum, const uint16_t* block, int64_t blocks, const float* delta, int64_t pitch,
                       const float* x, int32_t n);
  // and for single targets; delta is [target][NE_CHUNK] here
  void (*outer_rows)(float* sum, const uint16_t* target, int64_t synapses, const float* delta, const float* x);
  // out[j] += Σ_i delta[i]·turned[i·pitch + j], i = 0 … n - 1 in order
  void (*back_dense)(float* out, const float* turned, int64_t pitch, const float* delta, int64_t n, int64_t width);
  void (*adam)(const ne_adam_args* args, int64_t first, int64_t end);
} ne_kernels;

extern "C" {
extern const ne_kernels ne_kernels_portable;
extern const ne_kernels ne_kernels_neon;
extern const ne_kernels ne_kernels_avx2;
extern const ne_kernels ne_kernels_avx512;
}

#endif

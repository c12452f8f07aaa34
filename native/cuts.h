// where rows cross the borders between the shares of threads: targets ascend within a row, or within a segment of it
#ifndef NEUROEDGE_CUTS_H
#define NEUROEDGE_CUTS_H

#include "turn.h"

template <class Index>
static inline uint32_t ne_cut_row(const Index* target, uint32_t begin, uint32_t end, uint32_t border) {
  while (begin < end) {
    const uint32_t middle = begin + (end - begin) / 2;
    if (target[middle] < border) begin = middle + 1;
    else end = middle;
  }
  return begin;
}

// where the runs of a projection begin, in segment or in row: segments, or the blocks or synapses of a source
static inline int64_t ne_runs_at(const ne_plan* p, int64_t q) {
  if (p->proj_segmented[q]) return p->proj_segment[q];
  return p->proj_row[q] + (p->proj_storage[q] == NE_BLOCK8 ? p->pop_n[p->proj_pre[q]] + 1 : 0);
}

// entries of this projection in the part of `cuts` that belongs to one border
static inline void ne_cut_projection(const ne_plan* p, int64_t q, int64_t border, int64_t parts, uint32_t* cuts) {
  const bool segmented = p->proj_segmented[q];
  const int64_t n_pre = p->pop_n[p->proj_pre[q]], first = ne_runs_at(p, q);
  const int64_t rows = segmented ? p->row[p->proj_row[q] + n_pre] : n_pre;
  const uint32_t* row = (segmented ? p->segment : p->row) + first;
  const uint32_t lane = (uint32_t)ne_part_begin(p, p->proj_post[q], border, parts);
  uint32_t* cut = cuts + (segmented ? p->rows : 0) + first;
  const uint16_t* near = p->target16 + p->proj_syn[q];
  const uint32_t* base = p->segment_base + p->proj_base[q];
  for (int64_t k = 0; k < rows; k++) switch (p->proj_storage[q]) {
      case NE_ROWS16: cut[k] = ne_cut_row(near, row[k], row[k + 1], lane); break;
      // borders are multiples of 64, so none goes through a block
      case NE_BLOCK8: cut[k] = ne_cut_row(near, row[k], row[k + 1], lane / 8); break;
      case NE_LOCAL16: cut[k] = ne_cut_row(near, row[k], row[k + 1], lane > base[k] ? lane - base[k] : 0); break;
      default: cut[k] = ne_cut_row(p->target32 + p->proj_syn[q], row[k], row[k + 1], lane);
    }
}

#endif

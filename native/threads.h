// threads for the length of one run, and a barrier that spins a while before it yields
#ifndef NEUROEDGE_THREADS_H
#define NEUROEDGE_THREADS_H

#include <stdint.h>

typedef struct ne_barrier {
  int32_t threads;
  int32_t waiting;
  int32_t round;
} ne_barrier;

void ne_barrier_wait(ne_barrier* barrier);

// work(argument, index) for each index below `threads`, 0 in the caller; 0, or -1 if no thread could be made
int ne_threads_run(int32_t threads, void (*work)(void*, int32_t), void* argument);

#endif

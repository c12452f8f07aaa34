// threads by pthreads: the core needs no C++ runtime
#include "threads.h"

#include <pthread.h>
#include <sched.h>

#include "neuroedge.h"

// glibc 2.34 gave these another version when it moved them; the old one is in every glibc, so that a library built here
// loads on a board with an older system
#if defined(NE_OLD_GLIBC) && defined(__GLIBC__) && defined(__x86_64__)
__asm__(".symver pthread_create,pthread_create@GLIBC_2.2.5");
__asm__(".symver pthread_join,pthread_join@GLIBC_2.2.5");
#elif defined(NE_OLD_GLIBC) && defined(__GLIBC__) && defined(__aarch64__)
__asm__(".symver pthread_create,pthread_create@GLIBC_2.17");
__asm__(".symver pthread_join,pthread_join@GLIBC_2.17");
#endif

namespace {

enum { SPINS = 1000 };

void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("yield");
#endif
}

struct Task {
  void (*work)(void*, int32_t);
  void* argument;
  int32_t index;
  // 0 waits, 1 goes, 2 goes home
  int32_t* start;
};

void* enter(void* given) {
  const Task* task = (const Task*)given;
  int32_t start;
  while ((start = __atomic_load_n(task->start, __ATOMIC_ACQUIRE)) == 0) sched_yield();
  if (start == 1) task->work(task->argument, task->index);
  return nullptr;
}

}  // namespace

void ne_barrier_wait(ne_barrier* b) {
  const int32_t round = __atomic_load_n(&b->round, __ATOMIC_RELAXED);
  if (__atomic_add_fetch(&b->waiting, 1, __ATOMIC_ACQ_REL) == b->threads) {
    __atomic_store_n(&b->waiting, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&b->round, round + 1, __ATOMIC_RELEASE);
    return;
  }
  for (int32_t spins = 0; __atomic_load_n(&b->round, __ATOMIC_ACQUIRE) == round; spins++) {
    if (spins < SPINS) relax();
    else sched_yield();
  }
}

int ne_threads_run(int32_t threads, void (*work)(void*, int32_t), void* argument) {
  pthread_t id[NE_MAX_THREADS];
  Task task[NE_MAX_THREADS];
  int32_t start = 0, made = 1;
  // nobody starts before all are there: a barrier that waits for one that could not be made would wait for ever
  for (; made < threads; made++) {
    task[made] = {work, argument, made, &start};
    if (pthread_create(&id[made], nullptr, enter, &task[made])) break;
  }
  __atomic_store_n(&start, made == threads ? 1 : 2, __ATOMIC_RELEASE);
  if (made == threads) work(argument, 0);
  for (int32_t k = 1; k < made; k++) pthread_join(id[k], nullptr);
  return made == threads ? 0 : -1;
}

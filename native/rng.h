// counter-based random numbers: a key and an index give the number, so any engine may draw any of them
#ifndef NEUROEDGE_RNG_H
#define NEUROEDGE_RNG_H

#include <stdint.h>

// splitmix64 (Steele, Lea, Flood 2014)
static inline uint64_t ne_mix64(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// key of one tick of one source
static inline uint64_t ne_tick_key(uint64_t key, int64_t epoch, int64_t tick) {
  return ne_mix64(ne_mix64(key ^ (uint64_t)epoch) + (uint64_t)tick);
}

// 32-bit finalizer with low bias (Wellons 2018), twice, with one half of the key before each
static inline uint32_t ne_draw(uint64_t key, uint32_t i) {
  uint32_t x = i * 0x9e3779b9u + (uint32_t)key;
  x = (x ^ (x >> 16)) * 0x7feb352du;
  x = (x ^ (x >> 15)) * 0x846ca68bu;
  x ^= (x >> 16) ^ (uint32_t)(key >> 32);
  x = (x ^ (x >> 16)) * 0x7feb352du;
  x = (x ^ (x >> 15)) * 0x846ca68bu;
  return x ^ (x >> 16);
}

#endif

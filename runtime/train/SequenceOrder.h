//===- SequenceOrder.h - Which data comes when ------------------*- C++ -*-===//
//
// Training data is drawn by a pure function of the seed and the index of the
// sequence, so that a run resumes anywhere and any other program can follow it.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TRAIN_SEQUENCEORDER_H
#define ANEC_RUNTIME_TRAIN_SEQUENCEORDER_H

#include <cstdint>

namespace anec::rt {

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): its output for state `z`.
inline uint64_t splitMix64(uint64_t z) {
  z += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

/// A position in [0, count) for the sequence with global index `index`:
///
///   high 64 bits of splitMix64(splitMix64(seed) + index) * count
///
/// with wrapping addition. Row b of micro-step m of update u (all from 0) is
/// the sequence with index (u * accum + m) * batch + b. For token data of n
/// tokens and sequences of S, count is n - S: the inputs are the tokens from
/// position p on, the targets those from p + 1 on. Data of N separate sequences
/// has count N. test/runtime/train/reference/sequence_order.py is the same
/// function in Python.
inline int64_t drawPosition(uint64_t seed, uint64_t index, uint64_t count) {
  uint64_t hash = splitMix64(splitMix64(seed) + index);
  return int64_t(
      uint64_t((static_cast<unsigned __int128>(hash) * count) >> 64));
}

} // namespace anec::rt

#endif // ANEC_RUNTIME_TRAIN_SEQUENCEORDER_H

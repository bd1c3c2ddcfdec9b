//===- Random.h - Counter-based random numbers ------------------*- C++ -*-===//
//
// A number is a pure function of seed, stream and index: nothing to save in a
// checkpoint, the same values for any number of threads.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_SUPPORT_RANDOM_H
#define ANEC_RUNTIME_SUPPORT_RANDOM_H

#include "runtime/support/Span.h"

#include <array>
#include <cstdint>

namespace anec::rt {

/// Philox4x32-10 (Salmon et al., SC 2011): one block of four words.
std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter,
                               std::array<uint32_t, 2> key);

/// The sequence of one seed and one stream; streams are independent.
class RandomStream {
public:
  explicit RandomStream(uint64_t seed, uint64_t stream = 0)
      : seed(seed), stream(stream) {}

  uint32_t bits(uint64_t index) const;
  /// In [0, 1), a multiple of 2^-53.
  double uniform(uint64_t index) const;
  /// In [0, bound); `bound` is at least 1.
  uint64_t below(uint64_t index, uint64_t bound) const;
  /// Mean 0, variance 1, by Box and Muller: numbers 2 i and 2 i + 1 are
  /// sqrt(-2 log(1 - a)) times cos(2 pi b) and sin(2 pi b), with a and b the
  /// two halves of block i.
  double normal(uint64_t index) const;
  /// normal(first), normal(first + 1), ... many at a time.
  void normals(uint64_t first, Span<float> values) const;
  void normals(uint64_t first, Span<double> values) const;

private:
  uint64_t tagged(uint32_t kind) const;
  std::array<uint32_t, 4> block(uint64_t index, uint32_t kind) const;
  template <typename T> void fill(uint64_t first, Span<T> values) const;

  uint64_t seed, stream;
};

} // namespace anec::rt

#endif // ANEC_RUNTIME_SUPPORT_RANDOM_H

//===- Dice.h - Choices that a seed decides ---------------------*- C++ -*-===//
//
// The same seed makes the same choices on every machine.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TEST_RUNTIME_MIL_RANDOM_DICE_H
#define ANEC_TEST_RUNTIME_MIL_RANDOM_DICE_H

#include "runtime/support/Random.h"
#include "runtime/support/Sanitizer.h"

#include <vector>

namespace anec::rt::mil::random {

class Dice {
public:
  explicit Dice(uint64_t seed) : stream(seed) {}

  /// In [0, bound).
  int64_t below(int64_t bound) {
    return static_cast<int64_t>(
        stream.below(next++, static_cast<uint64_t>(bound)));
  }
  /// In [first, last].
  int64_t between(int64_t first, int64_t last) {
    return first + below(last - first + 1);
  }
  bool chance(double probability) {
    return stream.uniform(next++) < probability;
  }
  double uniform(double low, double high) {
    return low + (high - low) * stream.uniform(next++);
  }
  template <typename T> T pick(std::initializer_list<T> choices) {
    return *(choices.begin() + below(static_cast<int64_t>(choices.size())));
  }
  template <typename T> const T &pick(const std::vector<T> &choices) {
    return choices[static_cast<size_t>(
        below(static_cast<int64_t>(choices.size())))];
  }
  template <typename T> void shuffle(std::vector<T> &items) {
    for (size_t i = items.size(); i > 1; --i)
      std::swap(items[i - 1],
                items[static_cast<size_t>(below(static_cast<int64_t>(i)))]);
  }

private:
  RandomStream stream;
  uint64_t next = 0;
};

} // namespace anec::rt::mil::random

#endif // ANEC_TEST_RUNTIME_MIL_RANDOM_DICE_H

//===- Stopwatch.h - How long a scope takes ---------------------*- C++ -*-===//
//
// Counters of time are kept where work is done, always: they cost less than a
// microsecond a piece.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_SUPPORT_STOPWATCH_H
#define ANEC_RUNTIME_SUPPORT_STOPWATCH_H

#include <chrono>

namespace anec::rt {

/// Adds the time of its life to `seconds`.
class Stopwatch {
public:
  explicit Stopwatch(double &seconds) : seconds(seconds) {}
  ~Stopwatch() {
    seconds +=
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
            .count();
  }

private:
  double &seconds;
  std::chrono::steady_clock::time_point start =
      std::chrono::steady_clock::now();
};

} // namespace anec::rt

#endif // ANEC_RUNTIME_SUPPORT_STOPWATCH_H

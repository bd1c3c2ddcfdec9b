//===- CompileBudget.h - Compiles that a process may do ---------*- C++ -*-===//
//
// After about 119 compiles a process gets failures without a reason (rule
// compile-budget). Attempts are counted, whether they worked or not.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_ANE_COMPILEBUDGET_H
#define ANEC_RUNTIME_DEVICE_ANE_COMPILEBUDGET_H

#include <atomic>
#include <cstdint>

namespace anec::rt::ane {

class CompileBudget {
public:
  explicit CompileBudget(int64_t limit) : most(limit) {}

  /// The one that all devices of this process share.
  static CompileBudget &process();

  /// Counts one attempt; false when none is left.
  bool take() {
    if (attempts.fetch_add(1) < most)
      return true;
    attempts.fetch_sub(1);
    return false;
  }
  int64_t used() const { return attempts; }
  int64_t limit() const { return most; }

private:
  const int64_t most;
  std::atomic<int64_t> attempts{0};
};

} // namespace anec::rt::ane

#endif // ANEC_RUNTIME_DEVICE_ANE_COMPILEBUDGET_H

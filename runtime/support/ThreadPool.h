//===- ThreadPool.h - The one pool of threads -------------------*- C++ -*-===//
//
// Everything parallel in the runtime runs here. Work is cut into pieces whose
// size never depends on the number of threads, so results do not either.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_SUPPORT_THREADPOOL_H
#define ANEC_RUNTIME_SUPPORT_THREADPOOL_H

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace anec::rt {

/// A fixed number of threads, the caller's among them. Idle threads sleep.
class ThreadPool {
public:
  /// `threads` counts the caller; below 1 means one per hardware thread.
  explicit ThreadPool(int threads = 0);
  ~ThreadPool();
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;

  int size() const { return static_cast<int>(workers.size()) + 1; }

  /// Calls `body(i)` once for each i in [0, count), in any order, on any
  /// thread, and returns when all calls have. `body` must not throw. A call
  /// from inside a body, or while another thread uses the pool, runs on the
  /// calling thread alone.
  void parallelFor(int64_t count, const std::function<void(int64_t)> &body);

  /// Calls `body(begin, end)` for consecutive tiles of [0, count), each `tile`
  /// long but the last.
  void parallelTiles(int64_t count, int64_t tile,
                     const std::function<void(int64_t, int64_t)> &body);

private:
  struct Job;
  void work();

  std::vector<std::thread> workers;
  std::mutex mutex;
  std::condition_variable jobArrived, jobDone;
  /// The running job; null when idle. Guarded by `mutex`.
  Job *job = nullptr;
  uint64_t generation = 0;
  bool busy = false;
  bool stopping = false;
};

} // namespace anec::rt

#endif // ANEC_RUNTIME_SUPPORT_THREADPOOL_H

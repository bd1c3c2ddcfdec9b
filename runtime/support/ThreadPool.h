//===- ThreadPool.h - The one pool of threads -------------------*- C++ -*-===//
//
// Everything parallel in the runtime runs here. Work is cut into pieces whose
// size never depends on the number of threads, so results do not either.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_SUPPORT_THREADPOOL_H
#define ANEC_RUNTIME_SUPPORT_THREADPOOL_H

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace anec::rt {

/// A fixed number of threads, the caller's among them. Each begins with its own
/// share of a job, the same part of every job: what follows another job on the
/// same rows finds them in the caches of its core. Who is done takes from the
/// ends of the others' shares. A thread that runs out of work looks for more
/// for a tenth of a millisecond, because a training step is a thousand short
/// jobs and waking a thread takes as long as many of them; then it sleeps.
class ThreadPool {
public:
  using Body = std::function<void(int64_t)>;

  /// `threads` counts the caller; below 1 means one for each of
  /// `availableProcessors`.
  explicit ThreadPool(int threads = 0);
  ~ThreadPool();
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;

  int size() const { return static_cast<int>(workers.size()) + 1; }

  /// Calls `work(i)` once for each i in [0, pieces), in any order, on any
  /// thread, and returns when all calls have. `work` must not throw. A call
  /// from inside a body, or while another thread uses the pool, runs on the
  /// calling thread alone.
  void parallelFor(int64_t pieces, const Body &work);

  /// Calls `body(begin, end)` for consecutive tiles of [0, count), each `tile`
  /// long but the last.
  void parallelTiles(int64_t count, int64_t tile,
                     const std::function<void(int64_t, int64_t)> &body);

private:
  /// Indices that nobody has taken: the first in the lower half, the end in the
  /// upper. On a cache line of its own.
  struct alignas(64) Share {
    std::atomic<uint64_t> indices{0};
  };

  void work(size_t thread);
  void takePieces(size_t thread);
  void publish(int64_t pieces, const Body &work);
  void retire();

  std::vector<std::thread> workers;
  /// By thread, the caller's first.
  std::vector<Share> shares;
  /// The running job. A worker counts itself in `inside` before it looks
  /// whether the job it saw is still `open`; the caller closes the job before
  /// it waits for `inside` to be 0. So nobody is inside a job that is over.
  const Body *body = nullptr;
  /// Number of the job that may be entered, 0 for none.
  std::atomic<uint64_t> open{0};
  std::atomic<int> inside{0};
  uint64_t jobs = 0;
  /// True while a caller owns the pool.
  std::atomic<bool> busy{false};
  std::atomic<bool> stopping{false};

  /// For threads that gave up looking.
  std::mutex mutex;
  std::condition_variable jobArrived, jobDone;
  std::atomic<int> sleepers{0};
  std::atomic<bool> callerSleeps{false};
};

} // namespace anec::rt

#endif // ANEC_RUNTIME_SUPPORT_THREADPOOL_H

//===- BackgroundQueue.h - Work beside the calling thread -------*- C++ -*-===//
//
// Weight gradients wait for nobody, and nobody waits for them before the next
// update: with a device that leaves the CPU idle they run while it works.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TRAIN_BACKGROUNDQUEUE_H
#define ANEC_RUNTIME_TRAIN_BACKGROUNDQUEUE_H

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace anec::rt {

/// What ran beside the calling thread.
struct BackgroundWork {
  uint64_t ops = 0;
  /// Seconds they took, and of waiting for them.
  double seconds = 0, waited = 0;

  BackgroundWork &operator+=(const BackgroundWork &other) {
    ops += other.ops;
    seconds += other.seconds;
    waited += other.waited;
    return *this;
  }
};

/// One thread that runs jobs one after the other, in the order they came: what
/// they add to has one order of summation. All functions are for one thread,
/// the caller's.
class BackgroundQueue {
public:
  BackgroundQueue();
  /// Runs what is left first.
  ~BackgroundQueue();
  BackgroundQueue(const BackgroundQueue &) = delete;
  BackgroundQueue &operator=(const BackgroundQueue &) = delete;

  /// Adds a job, which must not throw; returns its number, from 1.
  uint64_t add(std::function<void()> job);
  /// Whether that job is over; true for 0.
  bool isDone(uint64_t job);
  /// Returns when that job is over, and with it all before it.
  void wait(uint64_t job);
  void waitForAll() { wait(added); }

  /// Seconds that jobs took so far, and that `wait` took.
  double busySeconds();
  double waitedSeconds() const { return waited; }
  /// All of it, with the number of jobs.
  BackgroundWork work() { return {added, busySeconds(), waited}; }

private:
  void runJobs();

  std::mutex mutex;
  std::condition_variable arrived, finished;
  std::deque<std::function<void()>> jobs;
  uint64_t added = 0, done = 0;
  double busy = 0, waited = 0;
  bool stopping = false;
  std::thread worker; ///< Last: it uses all of the above.
};

} // namespace anec::rt

#endif // ANEC_RUNTIME_TRAIN_BACKGROUNDQUEUE_H

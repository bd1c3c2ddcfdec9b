//===- ThreadPool.cpp - The one pool of threads ---------------------------===//
//
// One job at a time; threads take the next index from an atomic counter.
//
//===----------------------------------------------------------------------===//
#include "runtime/support/ThreadPool.h"

#include <algorithm>
#include <atomic>

namespace anec::rt {

struct ThreadPool::Job {
  const std::function<void(int64_t)> &body;
  int64_t count;
  std::atomic<int64_t> next{0};
  /// Workers inside the job. Guarded by the pool's mutex.
  int active = 0;

  void run() {
    for (int64_t i = next++; i < count; i = next++)
      body(i);
  }
};

ThreadPool::ThreadPool(int threads) {
  if (threads < 1)
    threads =
        std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  for (int i = 1; i < threads; ++i)
    workers.emplace_back([this] { work(); });
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard<std::mutex> lock(mutex);
    stopping = true;
  }
  jobArrived.notify_all();
  for (std::thread &worker : workers)
    worker.join();
}

void ThreadPool::work() {
  uint64_t seen = 0;
  std::unique_lock<std::mutex> lock(mutex);
  while (true) {
    jobArrived.wait(lock,
                    [&] { return stopping || (job && generation != seen); });
    if (stopping)
      return;
    seen = generation;
    Job *current = job;
    ++current->active;
    lock.unlock();
    current->run();
    lock.lock();
    if (--current->active == 0)
      jobDone.notify_one();
  }
}

void ThreadPool::parallelFor(int64_t count,
                             const std::function<void(int64_t)> &body) {
  bool alone = count < 2 || workers.empty();
  if (!alone) {
    std::lock_guard<std::mutex> lock(mutex);
    alone = busy;
    busy = true;
  }
  if (alone) {
    for (int64_t i = 0; i < count; ++i)
      body(i);
    return;
  }

  Job current{body, count};
  {
    std::lock_guard<std::mutex> lock(mutex);
    job = &current;
    ++generation;
  }
  jobArrived.notify_all();
  current.run();

  std::unique_lock<std::mutex> lock(mutex);
  // No worker can enter any more; wait for those inside.
  job = nullptr;
  jobDone.wait(lock, [&] { return current.active == 0; });
  busy = false;
}

void ThreadPool::parallelTiles(
    int64_t count, int64_t tile,
    const std::function<void(int64_t, int64_t)> &body) {
  if (count <= 0)
    return;
  parallelFor((count + tile - 1) / tile, [&](int64_t i) {
    body(i * tile, std::min(count, (i + 1) * tile));
  });
}

} // namespace anec::rt

//===- ThreadPool.cpp - The one pool of threads ---------------------------===//
//
// One job at a time; threads take indices from shares, each an atomic pair. All
// atomics are sequentially consistent: each side announces itself first and
// looks at the other's announcement second, so at least one sees the other.
//
//===----------------------------------------------------------------------===//
#include "runtime/support/ThreadPool.h"

#include "runtime/support/Processors.h"

#include <algorithm>
#include <chrono>

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

namespace anec::rt {
namespace {

/// Lets the other thread of a core, or the memory system, go first.
inline void relax() {
#if defined(__x86_64__) || defined(__i386__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// True as soon as `condition` is, false after a tenth of a millisecond.
template <typename Condition> bool waitBriefly(const Condition &condition) {
  using Clock = std::chrono::steady_clock;
  constexpr auto patience = std::chrono::microseconds(100);
  constexpr int looksBetweenTimes = 64;
  const Clock::time_point start = Clock::now();
  do {
    for (int i = 0; i < looksBetweenTimes; ++i) {
      if (condition())
        return true;
      relax();
    }
  } while (Clock::now() - start < patience);
  return condition();
}

constexpr int halfBits = 32;
constexpr int64_t maxPieces = (int64_t(1) << halfBits) - 1;

constexpr uint64_t share(uint64_t begin, uint64_t end) {
  return begin | end << halfBits;
}

constexpr int64_t none = -1;

/// Takes the first or the last index of a share.
int64_t takeFrom(std::atomic<uint64_t> &indices, bool first) {
  uint64_t known = indices;
  while (true) {
    const uint64_t begin = known & uint64_t(maxPieces), end = known >> halfBits;
    if (begin == end)
      return none;
    const uint64_t rest = first ? share(begin + 1, end) : share(begin, end - 1);
    if (indices.compare_exchange_weak(known, rest))
      return static_cast<int64_t>(first ? begin : end - 1);
  }
}

} // namespace

ThreadPool::ThreadPool(int threads) {
  if (threads < 1)
    threads = availableProcessors();
  shares = std::vector<Share>(static_cast<size_t>(threads));
  for (size_t i = 1; i < shares.size(); ++i)
    workers.emplace_back([this, i] { work(i); });
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

void ThreadPool::takePieces(size_t thread) {
  for (size_t i = 0; i < shares.size(); ++i) {
    std::atomic<uint64_t> &indices =
        shares[(thread + i) % shares.size()].indices;
    for (int64_t piece; (piece = takeFrom(indices, i == 0)) != none;)
      (*body)(piece);
  }
}

void ThreadPool::work(size_t thread) {
  uint64_t seen = 0;
  auto hasNews = [&] {
    const uint64_t job = open;
    return stopping || (job != 0 && job != seen);
  };
  while (true) {
    if (!waitBriefly(hasNews)) {
      std::unique_lock<std::mutex> lock(mutex);
      ++sleepers;
      jobArrived.wait(lock, hasNews);
      --sleepers;
    }
    if (stopping)
      return;
    const uint64_t job = open;
    ++inside;
    if (job != 0 && job == open) {
      seen = job;
      takePieces(thread);
    }
    if (--inside == 0 && callerSleeps) {
      std::lock_guard<std::mutex> lock(mutex);
      jobDone.notify_one();
    }
  }
}

void ThreadPool::publish(int64_t pieces, const Body &work) {
  body = &work;
  const uint64_t all = static_cast<uint64_t>(pieces), threads = shares.size();
  for (uint64_t i = 0; i < threads; ++i)
    shares[i].indices = share(i * all / threads, (i + 1) * all / threads);
  open = ++jobs;
  if (sleepers > 0) {
    std::lock_guard<std::mutex> lock(mutex);
    jobArrived.notify_all();
  }
}

/// Nobody can enter any more; waits for those inside.
void ThreadPool::retire() {
  open = 0;
  auto isEmpty = [&] { return inside == 0; };
  if (waitBriefly(isEmpty))
    return;
  std::unique_lock<std::mutex> lock(mutex);
  callerSleeps = true;
  jobDone.wait(lock, isEmpty);
  callerSleeps = false;
}

void ThreadPool::parallelFor(int64_t pieces, const Body &work) {
  if (pieces < 2 || pieces > maxPieces || workers.empty() ||
      busy.exchange(true)) {
    for (int64_t i = 0; i < pieces; ++i)
      work(i);
    return;
  }
  publish(pieces, work);
  takePieces(0);
  retire();
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

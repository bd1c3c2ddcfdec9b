//===- ThreadPoolTest.cpp - The pool of threads ---------------------------===//
//
// Every index once, whatever the number of threads, nesting and callers.
//
//===----------------------------------------------------------------------===//
#include "runtime/support/ThreadPool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

using namespace anec::rt;

namespace {

TEST(ThreadPool, CallsEveryIndexOnce) {
  for (int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.size(), threads);
    for (int64_t count : {0, 1, 2, 1000}) {
      std::vector<std::atomic<int>> calls(static_cast<size_t>(count));
      pool.parallelFor(count, [&](int64_t i) { ++calls[i]; });
      for (auto &number : calls)
        EXPECT_EQ(number, 1);
    }
  }
}

TEST(ThreadPool, WhoIsDoneTakesFromTheOthers) {
  ThreadPool pool(2);
  // The thread of the first or of the last index waits until the other has done
  // everything else: both ends of the shares are taken from.
  for (int64_t waiting : {0, 9}) {
    std::atomic<int> others{0};
    pool.parallelFor(10, [&](int64_t i) {
      if (i != waiting)
        ++others;
      else
        while (others < 9)
          std::this_thread::yield();
    });
    EXPECT_EQ(others, 9);
  }
}

TEST(ThreadPool, TilesCoverTheRange) {
  ThreadPool pool(3);
  std::vector<std::atomic<int>> calls(103);
  pool.parallelTiles(103, 10, [&](int64_t begin, int64_t end) {
    EXPECT_EQ(begin % 10, 0);
    for (int64_t i = begin; i < end; ++i)
      ++calls[i];
  });
  for (auto &number : calls)
    EXPECT_EQ(number, 1);
}

TEST(ThreadPool, NestedCallsRunInPlace) {
  ThreadPool pool(4);
  std::atomic<int> calls{0};
  pool.parallelFor(8, [&](int64_t) {
    std::thread::id outer = std::this_thread::get_id();
    pool.parallelFor(8, [&](int64_t) {
      EXPECT_EQ(std::this_thread::get_id(), outer);
      ++calls;
    });
  });
  EXPECT_EQ(calls, 64);
}

TEST(ThreadPool, TwoCallersAtOnce) {
  ThreadPool pool(2);
  std::atomic<int> calls{0};
  auto use = [&] {
    for (int repeat = 0; repeat < 200; ++repeat)
      pool.parallelFor(10, [&](int64_t) { ++calls; });
  };
  std::thread other(use);
  use();
  other.join();
  EXPECT_EQ(calls, 4000);
}

} // namespace

//===- BackgroundQueueTest.cpp - Work beside the calling thread -----------===//
#include "runtime/train/BackgroundQueue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <vector>

using namespace anec::rt;

namespace {

TEST(BackgroundQueue, RunsJobsInOrder) {
  std::vector<int> order;
  BackgroundQueue queue;
  for (int i = 0; i < 1000; ++i)
    EXPECT_EQ(queue.add([&order, i] { order.push_back(i); }), uint64_t(i + 1));
  queue.waitForAll();
  ASSERT_EQ(order.size(), 1000u);
  for (int i = 0; i < 1000; ++i)
    EXPECT_EQ(order[size_t(i)], i);
}

TEST(BackgroundQueue, KnowsWhatIsDone) {
  std::atomic<bool> go{false};
  BackgroundQueue queue;
  EXPECT_TRUE(queue.isDone(0));
  uint64_t first = queue.add([] {});
  uint64_t second = queue.add([&go] {
    while (!go)
      std::this_thread::yield();
  });
  queue.wait(first);
  EXPECT_TRUE(queue.isDone(first));
  EXPECT_FALSE(queue.isDone(second));
  go = true;
  queue.wait(second);
  EXPECT_TRUE(queue.isDone(second));
}

TEST(BackgroundQueue, TellsWorkFromWaiting) {
  BackgroundQueue queue;
  auto sleep = [] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  };
  uint64_t job = queue.add(sleep);
  while (!queue.isDone(job))
    std::this_thread::yield();
  queue.wait(job);
  // A sleep takes at least as long as asked; a wait for what is over does not.
  EXPECT_GE(queue.busySeconds(), 0.02);
  EXPECT_LT(queue.waitedSeconds(), 0.02);
  queue.wait(queue.add(sleep));
  EXPECT_GE(queue.busySeconds(), 0.04);
  EXPECT_GT(queue.waitedSeconds(), 0.0);
}

TEST(BackgroundQueue, FinishesItsJobsBeforeItGoes) {
  int done = 0;
  {
    BackgroundQueue queue;
    for (int i = 0; i < 10; ++i)
      queue.add([&done] { ++done; });
  }
  EXPECT_EQ(done, 10);
}

} // namespace

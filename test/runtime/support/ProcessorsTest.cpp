//===- ProcessorsTest.cpp -------------------------------------------------===//
#include "runtime/support/Processors.h"
#include "runtime/support/ThreadPool.h"

#include <gtest/gtest.h>

#include <thread>

#ifdef __linux__
#include <sched.h>
#endif

namespace anec::rt {
namespace {

TEST(Processors, NotMoreThanTheMachineHas) {
  EXPECT_GE(availableProcessors(), 1);
  EXPECT_LE(availableProcessors(),
            static_cast<int>(std::thread::hardware_concurrency()));
}

#ifdef __linux__
TEST(Processors, ThoseOfTheAffinityMask) {
  int available = 0, threads = 0;
  // On a thread of its own, whose mask is nobody else's.
  std::thread([&] {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
    available = availableProcessors();
    threads = ThreadPool().size();
  }).join();
  EXPECT_EQ(available, 1);
  EXPECT_EQ(threads, 1);
}
#endif

} // namespace
} // namespace anec::rt

//===- SimDeviceTest.cpp - How the driver copes ---------------------------===//
//
// Retries, the budget, and doubts about zeros.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/sim/SimDevice.h"

#include "runtime/support/ThreadPool.h"
#include "test/conformance/Programs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace anec::rt;
using namespace anec::rt::sim;
using testing::AllOf;
using testing::HasSubstr;

namespace {

using conformance::channels;
using conformance::width;

class Driver : public testing::Test {
protected:
  Driver() : pool(1) {}

  void start(const std::vector<std::string> &faults = {}) {
    SimOptions options;
    for (const std::string &text : faults)
      options.faults.push_back(*parseFault(text));
    device = makeSimDevice(*target::findProfile("strict"), options, pool);
  }

  Result<std::unique_ptr<Program>> load() {
    ProgramFiles files;
    files.name = "k";
    files.text = conformance::elementwise();
    return device->load(files);
  }

  std::unique_ptr<Surface> allocate(float value) {
    SurfaceSpec spec{"s", channels, width, {}};
    spec.regions.push_back(
        {"all", RegionKind::Activation, channels, width, 0, 0, channels, {}});
    auto surface = std::move(*device->allocate(spec));
    auto map = device->map(*surface, 0, Access::Write);
    std::fill_n(static_cast<half *>((*map)->data()), channels * width,
                static_cast<half>(value));
    return surface;
  }

  ThreadPool pool;
  std::unique_ptr<Device> device;
};

TEST_F(Driver, TriesFailedCompilesAgain) {
  start({"compile-failure,times=2"});
  auto program = load();
  ASSERT_TRUE(program) << program.error().message; // keeps compile-retry
  EXPECT_EQ(device->counters().compiles, 1U);
}

TEST_F(Driver, GivesUpOnACompilerThatNeverWorks) {
  start({"compile-failure,times=1000"});
  auto program = load();
  ASSERT_FALSE(program);
  EXPECT_EQ(program.error().code, ErrorCode::DeviceFailure);
  EXPECT_THAT(program.error().message, AllOf(HasSubstr("CompilationFailure"),
                                             HasSubstr("6 times in a row")));
  // breaks compile-retry
}

TEST_F(Driver, StopsBeforeTheBudgetIsSpent) {
  start();
  for (int i = 0; i < 119; ++i)
    ASSERT_TRUE(load()) << i;
  for (int i = 0; i < 2; ++i) {
    auto program = load();
    ASSERT_FALSE(program);
    EXPECT_EQ(program.error().code, ErrorCode::BudgetExhausted);
    EXPECT_THAT(program.error().message, HasSubstr("at most 119"));
  }
}

TEST_F(Driver, NoticesZerosThatAreNoResults) {
  start({"silent-zeros,after=1"});
  auto program = std::move(*load());
  auto in = allocate(3), zero = allocate(0), out = allocate(1);
  // A right zero.
  EXPECT_FALSE(device->run(*program, {zero.get()}, {out.get()}));
  auto error = device->run(*program, {in.get()}, {out.get()});
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::DeviceFailure);
  EXPECT_THAT(error->message, HasSubstr("only zeros"));
  EXPECT_FALSE(device->run(*program, {in.get()}, {out.get()}));
}

TEST_F(Driver, RunsOnlyUnlocked) {
  start();
  auto program = std::move(*load());
  auto in = allocate(3), out = allocate(1);
  auto map = device->map(*in, 0, Access::Read);
  auto error = device->run(*program, {in.get()}, {out.get()});
  ASSERT_TRUE(error);
  EXPECT_THAT(error->message, HasSubstr("io-lock"));
  map->reset();
  EXPECT_FALSE(device->run(*program, {in.get()}, {out.get()}));
}

} // namespace

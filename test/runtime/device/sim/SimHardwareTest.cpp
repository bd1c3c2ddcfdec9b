//===- SimHardwareTest.cpp - How the simulated engine fails ---------------===//
//
// What software sees that does not know the hardware: surfaces in the order of
// the text, sizes without padding, one compile too many.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/sim/SimHardware.h"

#include "runtime/support/ThreadPool.h"
#include "test/conformance/Programs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

using namespace anec::rt;
using namespace anec::rt::sim;
using testing::AllOf;
using testing::HasSubstr;

namespace {

constexpr int64_t channels = conformance::channels, width = conformance::width;

class Hardware : public testing::Test {
protected:
  Hardware() : rules(runtimeRules(*target::findProfile("m4"))), pool(1) {}

  void start(const std::vector<std::string> &faults = {}) {
    SimOptions options;
    for (const std::string &text : faults)
      options.faults.push_back(*parseFault(text));
    hardware.emplace(*target::findProfile("m4"), rules, options, pool);
  }

  Result<std::unique_ptr<SimProgram>> compile(const std::string &text) {
    ProgramFiles files;
    files.name = "k";
    files.text = text;
    return hardware->compile(files);
  }

  std::unique_ptr<SimSurface> allocate(float value, int64_t bytes = 0) {
    SurfaceSpec spec{"s", channels, width, {}};
    spec.regions.push_back(
        {"all", RegionKind::Activation, channels, width, 0, 0, channels, {}});
    auto memory = std::move(*hardware->cpu().allocate(spec));
    {
      auto map = hardware->cpu().map(*memory, 0, Access::Write);
      auto *data = static_cast<half *>((*map)->data());
      std::fill_n(data, channels * width, static_cast<half>(value));
    }
    return std::make_unique<SimSurface>(
        std::move(memory),
        bytes ? bytes : allocationBytes(rules, channels, width));
  }

  /// The first element.
  float read(SimSurface &surface) {
    auto map = hardware->cpu().map(*surface.memory, 0, Access::Read);
    return static_cast<float>(static_cast<half *>((*map)->data())[0]);
  }

  std::string complaint(SimProgram &program,
                        const std::vector<SimSurface *> &inputs,
                        const std::vector<SimSurface *> &outputs) {
    auto error = hardware->evaluate(program, inputs, outputs);
    return error ? error->message : "";
  }

  RuntimeRules rules;
  ThreadPool pool;
  std::optional<SimHardware> hardware;
};

TEST_F(Hardware, FailsTheCompileAfterTheLastOne) {
  start();
  for (int i = 0; i < 119; ++i)
    ASSERT_TRUE(compile(conformance::elementwise())) << i;
  auto last = compile(conformance::elementwise());
  ASSERT_FALSE(last);
  EXPECT_THAT(last.error().message,
              AllOf(HasSubstr("compile 120 of this process, at most 119"),
                    HasSubstr("compile-budget")));
}

TEST_F(Hardware, HoldsOnlySoManyPrograms) {
  rules.loadedPrograms = 3;
  start();
  std::vector<std::unique_ptr<SimProgram>> programs;
  for (int i = 0; i < 3; ++i)
    programs.push_back(std::move(*compile(conformance::elementwise())));
  auto more = compile(conformance::elementwise());
  ASSERT_FALSE(more);
  EXPECT_THAT(more.error().message, HasSubstr("program 4 at once"));
  programs.pop_back(); // unloads it
  EXPECT_TRUE(compile(conformance::elementwise()));
}

TEST_F(Hardware, RefusesWhatTheCompilerRefuses) {
  start();
  std::string text = conformance::elementwise();
  const std::string sum = "add(x = square, y = in)";
  text.replace(text.find(sum), sum.size(), "neg(x = square)");
  auto refused = compile(text);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::Unsupported);
  EXPECT_THAT(refused.error().message,
              AllOf(HasSubstr("k:6:"), HasSubstr("[op-neg]"),
                    HasSubstr("instead: mul by -1")));
}

/// (second, first) -> (zero, one): slots are first, second and one, zero.
TEST_F(Hardware, BindsSlotsByName) {
  start();
  auto program = std::move(*compile(conformance::severalSurfaces()));
  EXPECT_EQ(program->inputs[0].name, "first");
  EXPECT_EQ(program->inputs[1].position, 0U);
  EXPECT_EQ(program->outputs[0].name, "one");
  auto b = allocate(7), a = allocate(2), first = allocate(0),
       second = allocate(0);
  // In the order of the text everything is swapped, without an error.
  ASSERT_EQ(
      complaint(*program, {b.get(), a.get()}, {first.get(), second.get()}), "");
  EXPECT_EQ(read(*first), 14);
  EXPECT_EQ(read(*second), 2 - 7);
  ASSERT_EQ(
      complaint(*program, {a.get(), b.get()}, {second.get(), first.get()}), "");
  EXPECT_EQ(read(*first), 7 - 2);
  EXPECT_EQ(read(*second), 14);
}

TEST_F(Hardware, ComparesSizesWithBatchStride) {
  start();
  auto program = std::move(*compile(conformance::elementwise()));
  EXPECT_EQ(program->inputs[0].batchStride, channels * width * 2);
  auto in = allocate(1), out = allocate(1);
  auto small = allocate(1, channels * width * 2 - 16384);
  EXPECT_EQ(complaint(*program, {in.get()}, {out.get()}), "");
  for (const std::string &message :
       {complaint(*program, {small.get()}, {out.get()}),
        complaint(*program, {in.get()}, {small.get()})})
    EXPECT_THAT(message, AllOf(HasSubstr("status=0x1d"),
                               HasSubstr("expects 65536 bytes, but surface "
                                         "'s' has 49152")));
}

TEST_F(Hardware, WantsAMinimumSize) {
  rules.surfaceBytes = 131072;
  start();
  auto program = std::move(*compile(conformance::elementwise()));
  auto in = allocate(1), out = allocate(1), small = allocate(1, 65536);
  EXPECT_EQ(complaint(*program, {in.get()}, {out.get()}), "");
  EXPECT_THAT(complaint(*program, {small.get()}, {out.get()}),
              AllOf(HasSubstr("0x1d"), HasSubstr("131072")));
}

TEST_F(Hardware, WantsOneSizePerDirectionWhereTheProfileSaysSo) {
  start();
  auto program = std::move(*compile(conformance::severalSurfaces()));
  auto one = allocate(1), larger = allocate(1, 81920), y = allocate(0),
       z = allocate(0);
  EXPECT_EQ(complaint(*program, {one.get(), larger.get()}, {y.get(), z.get()}),
            "");
  rules.sameSizes = true;
  start();
  program = std::move(*compile(conformance::severalSurfaces()));
  EXPECT_THAT(
      complaint(*program, {one.get(), larger.get()}, {y.get(), z.get()}),
      AllOf(HasSubstr("0x1d"), HasSubstr("65536 and 81920 bytes")));
}

TEST_F(Hardware, WrongBindingsAreErrors) {
  start();
  auto program = std::move(*compile(conformance::elementwise()));
  auto in = allocate(1), out = allocate(1);
  EXPECT_THAT(complaint(*program, {}, {out.get()}), HasSubstr("0x1d"));
  EXPECT_THAT(complaint(*program, {in.get()}, {in.get()}), HasSubstr("0x9"));
  ++in->locks;
  EXPECT_THAT(complaint(*program, {in.get()}, {out.get()}),
              HasSubstr("io-lock"));
}

TEST_F(Hardware, ReadsOtherShapesAsFlatMemory) {
  start();
  auto program = std::move(*compile(conformance::elementwise()));
  auto out = allocate(0);
  // The same bytes as [channels / 2, width * 2].
  SurfaceSpec spec{"wide", channels / 2, width * 2, {}};
  spec.regions.push_back({"all",
                          RegionKind::Activation,
                          channels / 2,
                          width * 2,
                          0,
                          0,
                          channels / 2,
                          {}});
  auto memory = std::move(*hardware->cpu().allocate(spec));
  {
    auto map = hardware->cpu().map(*memory, 0, Access::Write);
    static_cast<half *>((*map)->data())[width + 1] = 3; // [1, 1] of the slot
  }
  SimSurface wide(std::move(memory), channels * width * 2);
  ASSERT_EQ(complaint(*program, {&wide}, {out.get()}), "");
  auto map = hardware->cpu().map(*out->memory, 0, Access::Read);
  EXPECT_EQ(static_cast<half *>((*map)->data())[width + 1], half(12));
}

TEST_F(Hardware, FailsOnRequest) {
  start({"eval-error,after=1", "silent-zeros,after=2", "poisoned,after=4"});
  auto program = std::move(*compile(conformance::elementwise()));
  auto in = allocate(3), out = allocate(1);
  EXPECT_EQ(complaint(*program, {in.get()}, {out.get()}), "");
  EXPECT_EQ(read(*out), 12);
  EXPECT_THAT(complaint(*program, {in.get()}, {out.get()}), HasSubstr("0x1d"));
  EXPECT_EQ(complaint(*program, {in.get()}, {out.get()}), "");
  EXPECT_EQ(read(*out), 0);
  EXPECT_EQ(complaint(*program, {in.get()}, {out.get()}), "");
  EXPECT_EQ(read(*out), 12);
  for (int i = 0; i < 3; ++i)
    EXPECT_THAT(complaint(*program, {in.get()}, {out.get()}),
                HasSubstr("every evaluation"));
}

TEST_F(Hardware, IsSlowOnRequestAndWatched) {
  using Clock = std::chrono::steady_clock;
  rules.watchdogSeconds = 0.05;
  start({"slow-service,ms=20,times=2", "slow-service,ms=100,after=2"});
  const auto begin = Clock::now();
  auto program = std::move(*compile(conformance::elementwise()));
  auto in = allocate(3), out = allocate(1);
  EXPECT_EQ(complaint(*program, {in.get()}, {out.get()}), "");
  EXPECT_GE(Clock::now() - begin, std::chrono::milliseconds(40));
  EXPECT_THAT(complaint(*program, {in.get()}, {out.get()}),
              HasSubstr("watchdog"));
}

} // namespace

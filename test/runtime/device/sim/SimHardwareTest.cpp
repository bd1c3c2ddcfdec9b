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

// `breaks` and `keeps` behind an expectation name the rule that it shows;
// test/lint/rule_tests.py looks for both.

using conformance::channels;
using conformance::width;

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
    ASSERT_TRUE(compile(conformance::elementwise()))
        << i; // keeps compile-budget
  auto last = compile(conformance::elementwise());
  ASSERT_FALSE(last);
  EXPECT_THAT(last.error().message,
              AllOf(HasSubstr("compile 120 of this process, at most 119"),
                    HasSubstr("compile-budget"))); // breaks compile-budget
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
  // breaks loaded-models
  programs.pop_back();                              // unloads it
  EXPECT_TRUE(compile(conformance::elementwise())); // keeps loaded-models
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
  EXPECT_EQ(read(*first), 14);     // breaks multi-out-order
  EXPECT_EQ(read(*second), 2 - 7); // breaks multi-in-order
  ASSERT_EQ(
      complaint(*program, {a.get(), b.get()}, {second.get(), first.get()}), "");
  EXPECT_EQ(read(*first), 7 - 2); // keeps multi-in-order
  EXPECT_EQ(read(*second), 14);   // keeps multi-out-order
}

TEST_F(Hardware, ComparesSizesWithBatchStride) {
  start();
  auto program = std::move(*compile(conformance::elementwise()));
  EXPECT_EQ(program->inputs[0].batchStride, channels * width * 2);
  auto in = allocate(1), out = allocate(1);
  auto small = allocate(1, channels * width * 2 - 16384);
  EXPECT_EQ(complaint(*program, {in.get()}, {out.get()}), "");
  // keeps io-min-bytes-hypothesis
  for (const std::string &message :
       {complaint(*program, {small.get()}, {out.get()}),
        complaint(*program, {in.get()}, {small.get()})})
    EXPECT_THAT(message, AllOf(HasSubstr("status=0x1d"),
                               HasSubstr("expects 65536 bytes, but surface "
                                         "'s' has 49152")));
  // breaks io-min-bytes-hypothesis
}

TEST_F(Hardware, WantsAMinimumSize) {
  rules.surfaceBytes = 131072;
  start();
  auto program = std::move(*compile(conformance::elementwise()));
  auto in = allocate(1), out = allocate(1), small = allocate(1, 65536);
  EXPECT_EQ(complaint(*program, {in.get()}, {out.get()}), "");
  // keeps io-min-bytes
  EXPECT_THAT(complaint(*program, {small.get()}, {out.get()}),
              AllOf(HasSubstr("0x1d"), HasSubstr("131072")));
  // breaks io-min-bytes
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
  // breaks multi-in-size
  EXPECT_THAT(
      complaint(*program, {y.get(), z.get()}, {one.get(), larger.get()}),
      AllOf(HasSubstr("0x1d"), HasSubstr("65536 and 81920 bytes")));
  // breaks multi-out-size
  auto equal = allocate(1);
  EXPECT_EQ(complaint(*program, {one.get(), equal.get()}, {y.get(), z.get()}),
            ""); // keeps multi-in-size, keeps multi-out-size
}

TEST_F(Hardware, WrongBindingsAreErrors) {
  rules.inPlace = false;
  start();
  auto program = std::move(*compile(conformance::elementwise()));
  auto in = allocate(1), out = allocate(1);
  EXPECT_THAT(complaint(*program, {}, {out.get()}), HasSubstr("0x1d"));
  EXPECT_THAT(complaint(*program, {in.get()}, {in.get()}),
              AllOf(HasSubstr("0x9"), HasSubstr("[io-in-place]")));
  // breaks io-in-place
  auto several = std::move(*compile(conformance::severalSurfaces()));
  auto other = allocate(1);
  EXPECT_THAT(
      complaint(*several, {in.get(), other.get()}, {out.get(), out.get()}),
      AllOf(HasSubstr("0x9"), HasSubstr("output twice")));
  // breaks io-bind-external
  ++in->locks;
  EXPECT_THAT(complaint(*program, {in.get()}, {out.get()}),
              HasSubstr("io-lock")); // breaks io-lock
  --in->locks;
  EXPECT_EQ(complaint(*program, {in.get()}, {out.get()}), "");
  // keeps io-lock, keeps io-bind-external
  rules.inPlace = true;
  start();
  program = std::move(*compile(conformance::elementwise()));
  EXPECT_EQ(complaint(*program, {in.get()}, {in.get()}), "");
  // keeps io-in-place
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
  // keeps watchdog
  EXPECT_THAT(complaint(*program, {in.get()}, {out.get()}),
              HasSubstr("watchdog")); // breaks watchdog
}

TEST_F(Hardware, CountsRowsInGranules) {
  start();
  auto program = std::move(*compile(conformance::elementwise()));
  auto in = allocate(1), out = allocate(1);
  EXPECT_EQ(complaint(*program, {in.get()}, {out.get()}), "");
  // keeps io-row-stride
  // Rows of 1024 bytes lie 2048 apart.
  const int64_t bytes = allocationBytes(rules, channels, width);
  rules.rowBytes = 2048;
  start();
  program = std::move(*compile(conformance::elementwise()));
  auto narrow = allocate(1, bytes);
  EXPECT_THAT(complaint(*program, {narrow.get()}, {out.get()}),
              AllOf(HasSubstr("0x1d"), HasSubstr("expects 131072 bytes")));
  // breaks io-row-stride
}

TEST_F(Hardware, HasSoManySlots) {
  rules.slots = 2;
  start();
  EXPECT_TRUE(compile(conformance::severalSurfaces())); // keeps io-slots-max
  rules.slots = 1;
  start();
  EXPECT_THAT(compile(conformance::severalSurfaces()).error().message,
              HasSubstr("[io-slots-max]")); // breaks io-slots-max
}

/// What a chip takes as fp32 it would not find in a surface of fp16.
TEST_F(Hardware, SurfacesHoldWhatTheSignatureSays) {
  start();
  std::string text = conformance::elementwise();
  EXPECT_TRUE(compile(text)); // keeps io-dtype-mismatch
  const std::string fp16 = "tensor<fp16, [1, 64, 1, 512]> in";
  ASSERT_NE(text.find(fp16), std::string::npos);
  text.replace(text.find(fp16), fp16.size(),
               "tensor<fp32, [1, 64, 1, 512]> wide");
  const std::string brace = "{\n";
  const size_t body = text.find(brace, text.find("wide"));
  text.insert(body + brace.size(),
              "string half = const()[name = string(\"half\"), val = "
              "string(\"fp16\")];\ntensor<fp16, [1, 64, 1, 512]> in = cast(x = "
              "wide, dtype = half)[name = string(\"in\")];\n");
  auto refused = compile(text);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message,
              HasSubstr("expected 'wide' to be a surface tensor<fp16"));
  // breaks io-dtype-mismatch
}

/// tile and convolutions of run-time weights are not taken, so that no process
/// is poisoned and no weight ignored, whatever a caller did before.
TEST_F(Hardware, TakesNoProgramThatBreaksTheNextOnes) {
  start();
  auto program = std::move(*compile(conformance::elementwise()));
  auto in = allocate(3), out = allocate(0);
  for (const auto &[rule, statement] :
       std::vector<std::pair<const char *, const char *>>{
           {"op-tile", "tile(x = square, reps = r)"},
           {"conv-runtime-weights", "conv(x = square, weight = square)"}}) {
    std::string text = conformance::elementwise();
    const std::string sum = "add(x = square, y = in)";
    text.replace(text.find(sum), sum.size(), statement);
    const size_t line = text.rfind('\n', text.find(statement));
    if (std::string(rule) == "op-tile")
      text.insert(line + 1, "tensor<int32, [4]> r = const()[name = "
                            "string(\"r\"), val = tensor<int32, [4]>([1, 1, "
                            "1, 1])];\n");
    auto refused = compile(text);
    ASSERT_FALSE(refused) << rule;
    EXPECT_THAT(refused.error().message, HasSubstr(rule));
    // breaks op-tile, breaks conv-runtime-weights
  }
  EXPECT_EQ(complaint(*program, {in.get()}, {out.get()}), "");
  EXPECT_EQ(read(*out), 12);
  // keeps op-tile, keeps conv-runtime-weights
}

/// ane-guide, maderix/ANE: no dispatch of an M4 takes less than 0.095 ms.
TEST_F(Hardware, EstimatesDispatchesAboveTheFloor) {
  start();
  auto program = std::move(*compile(conformance::elementwise()));
  const double floor =
      double(hardware->profile().limit(target::Rule::DispatchOverhead)) / 1000;
  EXPECT_EQ(floor, 0.095);
  // 0.0886 ms came out of the fit; the surfaces add the rest of it.
  EXPECT_GT(program->estimatedMs, 0.93 * floor); // keeps dispatch-overhead
  EXPECT_LT(program->estimatedMs, 1.2 * floor);  // breaks dispatch-overhead
}

} // namespace

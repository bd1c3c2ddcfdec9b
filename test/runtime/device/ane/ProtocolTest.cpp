//===- ProtocolTest.cpp - The device does what the protocol asks ----------===//
//
// Every test ends with the stand-in's books: no call out of order, no surface
// touched while it was not locked, nothing left.
//
//===----------------------------------------------------------------------===//
#include "test/runtime/device/ane/AneTest.h"

#include <thread>

using namespace anec::rt;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

std::vector<float> times(std::vector<float> values, float factor) {
  for (float &value : values)
    value *= factor;
  return values;
}

TEST_F(AneTest, RunsAKernelAndGivesEverythingBack) {
  open();
  auto program = load(doubling());
  auto x = allocate("x", 32, 32), y = allocate("y", 32, 32);
  write(*x, ramp(1024));
  EXPECT_EQ(run(*program, {x.get()}, {y.get()}), "");
  EXPECT_EQ(read(*y), times(ramp(1024), 2)); // keeps io-strides-query
  const DeviceCounters counters = device->counters();
  EXPECT_EQ(counters.compiles, 1u);
  EXPECT_EQ(counters.dispatches, 1u);
  EXPECT_EQ(counters.deviceBytes, 2u * 2 * 1024);
  EXPECT_EQ(standIn.calls("pthread_set_qos_class_self_np"), 1);
}

TEST_F(AneTest, MakesOneRequestForEachSetOfSurfaces) {
  open();
  auto program = load(doubling());
  auto x = allocate("x", 32, 32), y = allocate("y", 32, 32);
  auto z = allocate("z", 32, 32);
  write(*x, ramp(1024));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(run(*program, {x.get()}, {y.get()}), "");
    EXPECT_EQ(run(*program, {y.get()}, {z.get()}), "");
  }
  EXPECT_EQ(read(*z), times(ramp(1024), 4));
  EXPECT_EQ(standIn.calls("request"), 2);
  EXPECT_EQ(standIn.calls("evaluate"), 6);
  // Requests go with their surfaces.
  z.reset();
  EXPECT_EQ(standIn.alive()["_ANERequest"], 1);
}

/// b - a with names in reverse order: slots are alphabetical.
TEST_F(AneTest, BindsSurfacesByTheNamesOfSlots) {
  for (const bool declaredOrder : {false, true}) {
    standIn.configure({{"declaredOrder", declaredOrder}});
    open();
    ProgramFiles files;
    files.name = "order";
    files.text = programText("tensor<fp16, [1, 32, 1, 32]> b, tensor<fp16, [1, "
                             "32, 1, 32]> a",
                             R"(
        tensor<fp16, [1, 32, 1, 32]> z = sub(x = b, y = a)[name = string("z")];
        tensor<fp16, [1, 32, 1, 32]> y = add(x = b, y = a)[name = string("y")];
)",
                             "z, y");
    auto program = load(files);
    auto b = allocate("b", 32, 32), a = allocate("a", 32, 32);
    auto z = allocate("z", 32, 32), y = allocate("y", 32, 32);
    write(*b, times(ramp(1024), 2));
    write(*a, ramp(1024));
    EXPECT_EQ(run(*program, {b.get(), a.get()}, {z.get(), y.get()}), "");
    EXPECT_EQ(read(*z), ramp(1024));
    const std::vector<float> sum = read(*y);
    EXPECT_EQ(sum[100], 300);
  }
}

/// Rows of one element are 64 bytes apart on the device.
TEST_F(AneTest, PadsRowsAsTheProgramWantsThem) {
  open();
  ProgramFiles files;
  files.name = "broadcast";
  files.text = programText(
      "tensor<fp16, [1, 32, 1, 48]> x, tensor<fp16, [1, 32, 1, 1]> s", R"(
        tensor<fp16, [1, 32, 1, 48]> y = mul(x = x, y = s)[name = string("y")];
)",
      "y");
  auto program = load(files);
  auto x = allocate("x", 32, 48), s = allocate("s", 32, 1);
  auto y = allocate("y", 32, 48);
  write(*x, std::vector<float>(32 * 48, 3));
  write(*s, ramp(32));
  EXPECT_EQ(run(*program, {x.get(), s.get()}, {y.get()}), "");
  const std::vector<float> product = read(*y);
  for (size_t c = 0; c < 32; ++c)
    for (size_t w = 0; w < 48; ++w)
      EXPECT_EQ(product[c * 48 + w], 3 * static_cast<float>(c));
}

TEST_F(AneTest, StagesWeightsInOrder) {
  open();
  auto program = load(doubling());
  // A transposed [2, 3] matrix at channel 1, column 4.
  Region weight;
  weight.name = "w";
  weight.kind = RegionKind::Weight;
  weight.rows = weight.blockRows = 3;
  weight.columns = 2;
  weight.channel = 1;
  weight.column = 4;
  weight.order.transposed = true;
  auto surface = device->allocate({"x", 32, 32, {weight}});
  ASSERT_TRUE(surface);
  const std::vector<float> master = {1, 2, 3, 4, 5, 6};
  EXPECT_FALSE(device->stage(**surface, 0, Span<const float>(master)));
  auto y = allocate("y", 32, 32);
  EXPECT_EQ(run(*program, {surface->get()}, {y.get()}), "");
  const std::vector<float> doubled = read(*y);
  auto at = [&](size_t c, size_t w) { return doubled[c * 32 + w]; };
  EXPECT_THAT((std::vector<float>{at(1, 4), at(1, 5), at(2, 4), at(2, 5),
                                  at(3, 4), at(3, 5)}),
              ElementsAre(2, 8, 4, 10, 6, 12));
  EXPECT_EQ(device->counters().stagedBytes, 12u);
}

TEST_F(AneTest, BakedWeightsReachTheProgram) {
  open();
  auto program = load(scaling(0.5));
  auto x = allocate("x", 32, 32), y = allocate("y", 32, 32);
  write(*x, ramp(1024));
  EXPECT_EQ(run(*program, {x.get()}, {y.get()}), "");
  EXPECT_EQ(read(*y), times(ramp(1024), 0.5));
}

TEST_F(AneTest, EqualProgramsAreOne) {
  open();
  auto first = load(doubling()), second = load(doubling());
  EXPECT_EQ(standIn.calls("compile"), 1);
  EXPECT_EQ(standIn.loaded(), 1); // keeps hexid
  first.reset();
  auto x = allocate("x", 32, 32), y = allocate("y", 32, 32);
  write(*x, ramp(1024));
  EXPECT_EQ(run(*second, {x.get()}, {y.get()}), "");
}

/// Rule multi-in-size: every surface of one direction gets the same size.
TEST_F(AneTest, MakesSurfacesOfOneDirectionEquallyLong) {
  standIn.configure({{"uniformSizes", true}});
  ProgramFiles files;
  files.name = "sizes";
  files.text = programText(
      "tensor<fp16, [1, 256, 1, 256]> x, tensor<fp16, [1, 256, 1, 1]> s", R"(
        tensor<fp16, [1, 256, 1, 256]> y = mul(x = x, y = s)[name = string("y")];
)",
      "y");
  for (const bool uniform : {true, false}) {
    options.uniformSizes = uniform;
    open();
    auto program = load(files);
    auto x = allocate("x", 256, 256), s = allocate("s", 256, 1);
    auto y = allocate("y", 256, 256);
    write(*x, std::vector<float>(256 * 256, 2));
    write(*s, ramp(256));
    if (!uniform) {
      EXPECT_THAT(run(*program, {x.get(), s.get()}, {y.get()}),
                  HasSubstr("status=0x1d"));
      continue;
    }
    // What was written before it grew is still there.
    EXPECT_EQ(run(*program, {x.get(), s.get()}, {y.get()}), "");
    EXPECT_EQ(read(*y)[255 * 256 + 3], 510);
    EXPECT_EQ(read(*s), ramp(256));
    EXPECT_EQ(run(*program, {x.get(), s.get()}, {y.get()}), "");
    EXPECT_EQ(standIn.calls("request"), 1);
  }
}

/// A second set of kernels is compiled while the first one runs.
TEST_F(AneTest, LoadsOnAnotherThreadWhileItRuns) {
  open();
  auto program = load(doubling());
  auto x = allocate("x", 32, 32), y = allocate("y", 32, 32);
  write(*x, ramp(1024));
  for (int round = 0; round < 4; ++round) {
    std::vector<std::unique_ptr<Program>> next;
    std::thread compiler([&] {
      for (int i = 1; i <= 8; ++i)
        next.push_back(load(scaling(static_cast<float>(round * 8 + i))));
    });
    for (int i = 0; i < 50; ++i)
      EXPECT_EQ(run(*program, {x.get()}, {y.get()}), "");
    compiler.join();
    EXPECT_EQ(run(*next[2], {x.get()}, {y.get()}), "");
    EXPECT_EQ(read(*y)[7], 7 * static_cast<float>(round * 8 + 3));
    // The old set goes on the other thread as well.
    std::thread([&] { next.clear(); }).join();
  }
  EXPECT_EQ(device->counters().compiles, 33u);
}

/// One thread lets go of the last program of some text and weights while the
/// other loads the same again: its files are there, whoever comes first.
TEST_F(AneTest, LoadsWhatIsBeingReleased) {
  ane::CompileBudget large(1000);
  options.budget = &large;
  open();
  auto x = allocate("x", 32, 32), y = allocate("y", 32, 32);
  write(*x, ramp(1024));
  auto old = load(scaling(2));
  for (int round = 0; round < 200; ++round) {
    std::unique_ptr<Program> next;
    std::thread loader([&] { next = load(scaling(2)); });
    old.reset();
    loader.join();
    ASSERT_EQ(run(*next, {x.get()}, {y.get()}), "") << round;
    old = std::move(next);
  }
}

TEST_F(AneTest, RefusesASecondThreadForEvaluation) {
  open();
  auto program = load(doubling());
  auto x = allocate("x", 32, 32), y = allocate("y", 32, 32);
  EXPECT_EQ(run(*program, {x.get()}, {y.get()}), ""); // keeps eval-sync
  std::string other;
  std::thread([&] { other = run(*program, {x.get()}, {y.get()}); }).join();
  EXPECT_THAT(other, HasSubstr("one thread")); // breaks eval-sync
}

TEST_F(AneTest, RefusesSurfacesThatAreMappedOrOfAnotherShape) {
  open();
  auto program = load(doubling());
  auto x = allocate("x", 32, 32), y = allocate("y", 32, 32);
  auto wide = allocate("wide", 32, 64);
  {
    auto map = device->map(*x, 0, Access::Read);
    ASSERT_TRUE(map);
    EXPECT_THAT(run(*program, {x.get()}, {y.get()}),
                HasSubstr("surface 'x' is still mapped"));
  }
  EXPECT_EQ(run(*program, {wide.get()}, {y.get()}),
            "input 'a00_x': expected a surface [32, 32], found 'wide' [32, "
            "64]");
  EXPECT_THAT(run(*program, {x.get()}, {}), HasSubstr("expected 1 outputs"));
  EXPECT_EQ(standIn.calls("evaluate"), 0);
}

TEST_F(AneTest, SaysWhatTheMachineIs) {
  standIn.configure({{"architecture", "h14g"}});
  Result<ane::EngineInfo> info = aneEngineInfo(options);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->architecture, "h14g");
  EXPECT_EQ(info->cores, 16);
}

TEST(AneLibraries, OneErrorWhereThereIsNoEngine) {
  ThreadPool pool(1);
  AneOptions options;
  options.libraries = ane::LibraryPaths::single("/nowhere/library");
  Result<std::unique_ptr<Device>> device = makeAneDevice(options, pool);
  ASSERT_FALSE(device);
  EXPECT_EQ(device.error().code, ErrorCode::Unsupported);
  EXPECT_THAT(device.error().message,
              AllOf(HasSubstr("expects a Mac with Apple silicon"),
                    HasSubstr("/nowhere/library")));
}

} // namespace

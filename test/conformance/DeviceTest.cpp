//===- DeviceTest.cpp - What every device must do -------------------------===//
//
// Expected values follow from the definitions in Device.h and are small
// integers, so that every right arithmetic gives the same bits. All programs
// keep the rules of the strict target.
//
//===----------------------------------------------------------------------===//
#include "test/conformance/Devices.h"
#include "test/conformance/Programs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

using namespace anec::rt;
using testing::HasSubstr;

namespace {

constexpr int64_t channels = conformance::channels, width = conformance::width;

Region activation(int64_t regionChannels, int64_t column, int64_t columns) {
  return {"activation",
          RegionKind::Activation,
          regionChannels,
          columns,
          0,
          column,
          regionChannels,
          {}};
}

Region weight(int64_t rows, int64_t columns, int64_t column) {
  return {"weight", RegionKind::Weight, rows, columns, 0, column, rows, {}};
}

SurfaceSpec plain(const std::string &name, int64_t ofChannels = channels,
                  int64_t ofWidth = width) {
  return {name, ofChannels, ofWidth, {activation(ofChannels, 0, ofWidth)}};
}

/// Small integers that differ in every row and column.
double pattern(int64_t channel, int64_t column, int64_t seed = 0) {
  return static_cast<double>((channel * 7 + column * 3 + seed * 5) % 11 - 5);
}

class Conformance : public testing::TestWithParam<DeviceCase> {
protected:
  Conformance() : pool(2), device(GetParam().make(pool)) {}

  /// In the form that the device wants.
  ProgramFiles written(ProgramFiles files) const {
    if (GetParam().wantsOldForm)
      files.text = conformance::inOldForm(files.text);
    return files;
  }

  std::unique_ptr<Program> load(const std::string &text) {
    ProgramFiles files;
    files.name = "kernel";
    files.text = text;
    return load(files);
  }
  std::unique_ptr<Program> load(ProgramFiles files) {
    auto program = device->load(written(std::move(files)));
    EXPECT_TRUE(program) << program.error().message;
    return program ? std::move(*program) : nullptr;
  }

  std::unique_ptr<Surface> allocate(const SurfaceSpec &spec) {
    auto surface = device->allocate(spec);
    EXPECT_TRUE(surface) << surface.error().message;
    return surface ? std::move(*surface) : nullptr;
  }

  /// Calls `body(row, column, element)` for the matrix of a region.
  template <typename Body>
  void visit(Surface &surface, RegionId id, Access access, Body body) {
    auto map = device->map(surface, id, access);
    ASSERT_TRUE(map) << map.error().message;
    ASSERT_EQ((*map)->type(), ElementType::F16);
    const Region &region = (*map)->region();
    auto *data = static_cast<half *>((*map)->data());
    for (int64_t r = 0; r < region.rows; ++r)
      for (int64_t c = 0; c < region.columns; ++c)
        body(
            r, c,
            data[(region.channel + r % region.blockRows) * (*map)->rowStride() +
                 region.column + r / region.blockRows * region.columns + c]);
  }

  void fill(Surface &surface, int64_t seed = 0) {
    visit(surface, 0, Access::Write, [&](int64_t r, int64_t c, half &element) {
      element = static_cast<half>(pattern(r, c, seed));
    });
  }

  /// Region 0 holds `expected(row, column)`.
  template <typename Expected>
  void expect(Surface &surface, Expected expected) {
    int64_t wrong = 0;
    visit(surface, 0, Access::Read, [&](int64_t r, int64_t c, half &element) {
      const double found = static_cast<double>(element);
      if (found != expected(r, c) && ++wrong == 1)
        ADD_FAILURE() << "[" << r << ", " << c << "]: expected "
                      << expected(r, c) << ", found " << found;
    });
    EXPECT_EQ(wrong, 0);
  }

  void run(Program &program, const std::vector<Surface *> &inputs,
           const std::vector<Surface *> &outputs) {
    auto error = device->run(program, inputs, outputs);
    ASSERT_FALSE(error) << error->message;
  }

  ThreadPool pool;
  std::unique_ptr<Device> device;
};

TEST_P(Conformance, MemoryStartsAsZeros) {
  auto surface = allocate(plain("s"));
  expect(*surface, [](int64_t, int64_t) { return 0.0; });
}

TEST_P(Conformance, ElementwiseProgramsCompute) {
  auto program = load(conformance::elementwise());
  auto in = allocate(plain("in")), out = allocate(plain("out"));
  for (int64_t seed = 0; seed < 3; ++seed) {
    fill(*in, seed);
    run(*program, {in.get()}, {out.get()});
    expect(*out, [&](int64_t r, int64_t c) {
      const double x = pattern(r, c, seed);
      return x * x + x;
    });
    // What is read stays.
    expect(*in, [&](int64_t r, int64_t c) { return pattern(r, c, seed); });
  }
}

/// A sum that stays where it is.
TEST_P(Conformance, SurfacesAreUpdatedInPlace) {
  auto program = load(conformance::elementwise());
  auto surface = allocate(plain("s"));
  fill(*surface);
  if (!GetParam().takesSharedSurfaces) {
    EXPECT_TRUE(device->run(*program, {surface.get()}, {surface.get()}));
    return;
  }
  run(*program, {surface.get()}, {surface.get()});
  run(*program, {surface.get()}, {surface.get()});
  expect(*surface, [](int64_t r, int64_t c) {
    const double x = pattern(r, c), y = x * x + x;
    return y * y + y;
  });
}

TEST_P(Conformance, SumsOverChannels) {
  auto program = load(conformance::reduction());
  auto in = allocate(plain("in")), out = allocate(plain("out"));
  fill(*in);
  run(*program, {in.get()}, {out.get()});
  expect(*out, [](int64_t r, int64_t c) {
    double sum = 0;
    for (int64_t i = 0; i < channels; ++i)
      sum += pattern(i, c);
    return pattern(r, c) + sum;
  });
}

/// The weight that is staged: w[r][c].
double staged(int64_t r, int64_t c, double factor) {
  return factor * static_cast<double>((r * 3 + c * 5) % 4 - 1);
}

std::vector<float> master(int64_t rows, int64_t columns, double factor) {
  std::vector<float> values;
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c)
      values.push_back(static_cast<float>(staged(r, c, factor)));
  return values;
}

/// A packed input: activations in front, a weight behind.
SurfaceSpec packed(const MatrixOrder &order) {
  SurfaceSpec spec{
      "packed",
      channels,
      width + channels,
      {activation(channels, 0, width), weight(channels, channels, width)}};
  spec.regions[1].order = order;
  return spec;
}

TEST_P(Conformance, StagedWeightsMultiply) {
  auto program = load(conformance::packedLinear());
  MatrixOrder mixed;
  mixed.transposed = true;
  for (int64_t i = 0; i < channels; ++i) {
    mixed.rowOrder.push_back((i * 5 + 3) % channels);
    mixed.columnOrder.push_back(channels - 1 - i);
  }
  for (const MatrixOrder &order : {MatrixOrder{}, mixed})
    for (bool prepared : {false, true}) {
      auto in = allocate(packed(order)), out = allocate(plain("out"));
      if (prepared)
        device->prepare(*program, {in.get()});
      fill(*in);
      for (double factor : {1.0, 2.0}) {
        auto values = master(channels, channels, factor);
        auto error = device->stage(*in, 1, Span<const float>(values));
        ASSERT_FALSE(error) << error->message;
        run(*program, {in.get()}, {out.get()});
        // The stored matrix s is the staged one in its order; the program
        // computes the transposed s times x.
        expect(*out, [&](int64_t r, int64_t c) {
          double sum = 0;
          for (int64_t k = 0; k < channels; ++k) {
            const bool isMixed = order.transposed;
            const double s = isMixed ? staged((r * 5 + 3) % channels,
                                              channels - 1 - k, factor)
                                     : staged(k, r, factor);
            sum += s * pattern(k, c);
          }
          return sum;
        });
      }
    }
}

/// Weights are each surface's own, activations too unless they come in turn.
TEST_P(Conformance, SurfacesOfOneShapeKeepApart) {
  auto program = load(conformance::packedLinear());
  auto out = allocate(plain("out"));
  constexpr int64_t count = 3;
  for (bool inTurn : {false, true})
    for (bool prepared : {false, true}) {
      auto all = device->allocateAll(packed({}), count, inTurn);
      ASSERT_TRUE(all) << all.error().message;
      ASSERT_EQ(all->size(), size_t(count));
      for (int64_t i = 0; i < count; ++i) {
        Surface &in = *(*all)[size_t(i)];
        if (prepared)
          device->prepare(*program, {&in});
        auto values = master(channels, channels, double(1 + i));
        auto error = device->stage(in, 1, Span<const float>(values));
        ASSERT_FALSE(error) << error->message;
        if (!inTurn)
          fill(in, i);
      }
      for (int64_t i = 0; i < count; ++i) {
        Surface &in = *(*all)[size_t(i)];
        if (inTurn)
          fill(in, i);
        run(*program, {&in}, {out.get()});
        expect(*out, [&](int64_t r, int64_t c) {
          double sum = 0;
          for (int64_t k = 0; k < channels; ++k)
            sum += staged(k, r, double(1 + i)) * pattern(k, c, i);
          return sum;
        });
      }
    }
}

ProgramFiles bakedFiles(double factor) {
  ProgramFiles files;
  files.name = "baked";
  files.text = conformance::bakedLinear();
  BakedWeight baked;
  for (float value : master(channels, channels, factor)) {
    const half narrow = static_cast<half>(value);
    const auto *bytes = reinterpret_cast<const uint8_t *>(&narrow);
    baked.bytes.insert(baked.bytes.end(), bytes, bytes + sizeof narrow);
  }
  files.baked[conformance::bakedPath] = baked;
  return files;
}

/// w x for the weight of `factor`.
auto bakedProduct(double factor) {
  return [factor](int64_t r, int64_t c) {
    double sum = 0;
    for (int64_t k = 0; k < channels; ++k)
      sum += staged(r, k, factor) * pattern(k, c);
    return sum;
  };
}

TEST_P(Conformance, BakedWeightsAreThoseOfTheLoad) {
  auto in = allocate(plain("in")), out = allocate(plain("out"));
  fill(*in);
  ProgramFiles files = bakedFiles(1);
  auto first = load(files);
  files.baked = bakedFiles(3).baked; // the program keeps its own
  run(*first, {in.get()}, {out.get()});
  expect(*out, bakedProduct(1)); // breaks w-baked
  auto second = load(files);
  run(*second, {in.get()}, {out.get()});
  expect(*out, bakedProduct(3)); // keeps w-baked
  run(*first, {in.get()}, {out.get()});
  expect(*out, bakedProduct(1));
}

TEST_P(Conformance, PatchedWeightsReplaceTheOldOnes) {
  auto in = allocate(plain("in")), out = allocate(plain("out"));
  fill(*in);
  auto program = load(bakedFiles(1));
  const DeviceCounters before = device->counters();
  program.reset();
  ProgramFiles files = bakedFiles(2);
  files.isPatch = true;
  program = load(files);
  run(*program, {in.get()}, {out.get()});
  expect(*out, bakedProduct(2));
  EXPECT_EQ(device->counters().compiles, before.compiles);
  EXPECT_EQ(device->counters().reloads, before.reloads + 1);
}

TEST_P(Conformance, SurfacesFollowTheSignature) {
  ProgramFiles files;
  files.name = "several";
  files.text = conformance::severalSurfaces();
  if (!GetParam().takesSeveralSurfaces) {
    auto refused = device->load(written(files));
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message,
                testing::AnyOf(HasSubstr("multi-in-order"),
                               HasSubstr("io-4d-two-runtime")));
    return;
  }
  // Neither parameters nor outputs are in alphabetical order.
  auto program = load(files);
  auto b = allocate(plain("b")), a = allocate(plain("a"));
  auto z = allocate(plain("z")), y = allocate(plain("y"));
  fill(*b, 1);
  fill(*a, 2);
  run(*program, {b.get(), a.get()}, {z.get(), y.get()});
  expect(*z, [](int64_t r, int64_t c) {
    return pattern(r, c, 1) - pattern(r, c, 2);
  });
  expect(*y, [](int64_t r, int64_t c) {
    return pattern(r, c, 1) * pattern(r, c, 2);
  });
}

/// Row b of plane a is channel a * channels / 2 + b of the surface.
TEST_P(Conformance, MatricesAreRowsOfASurface) {
  ProgramFiles files;
  files.name = "matrices";
  files.text = conformance::matrices();
  if (!GetParam().takesMatrices) {
    auto refused = device->load(written(files));
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("io-layout"));
    return;
  }
  auto program = load(files);
  auto in = allocate(plain("in")), out = allocate(plain("out"));
  fill(*in);
  run(*program, {in.get()}, {out.get()});
  expect(*out, [](int64_t r, int64_t c) {
    const int64_t row = r % (channels / 2);
    return pattern(r, c) + pattern(row, c) + pattern(row + channels / 2, c);
  });
  auto planes = allocate(plain("planes", 2, width));
  EXPECT_TRUE(device->run(*program, {planes.get()}, {out.get()}));
}

TEST_P(Conformance, RegionsAreWindowsOfOneSurface) {
  // Three rows of four columns, folded by two.
  SurfaceSpec spec = plain("s");
  Region folded{"folded", RegionKind::Activation, 3, 4, 5, 6, 2, {}};
  spec.regions.push_back(folded);
  auto surface = allocate(spec);
  visit(*surface, 1, Access::Write, [](int64_t r, int64_t c, half &element) {
    element = static_cast<half>(1 + r * 4 + c);
  });
  expect(*surface, [](int64_t channel, int64_t column) -> double {
    for (int64_t r = 0; r < 3; ++r)
      for (int64_t c = 0; c < 4; ++c)
        if (channel == 5 + r % 2 && column == 6 + r / 2 * 4 + c)
          return static_cast<double>(1 + r * 4 + c);
    return 0;
  });
}

TEST_P(Conformance, CountsWhatTheBillCounts) {
  const DeviceCounters start = device->counters();
  auto program = load(conformance::packedLinear());
  auto in = allocate(packed({})), out = allocate(plain("out"));
  auto values = master(channels, channels, 1);
  ASSERT_FALSE(device->stage(*in, 1, Span<const float>(values)));
  for (int i = 0; i < 3; ++i)
    run(*program, {in.get()}, {out.get()});
  const DeviceCounters end = device->counters();
  EXPECT_EQ(end.compiles - start.compiles, 1U);
  EXPECT_EQ(end.dispatches - start.dispatches, 3U);
  EXPECT_EQ(end.stagedBytes - start.stagedBytes,
            static_cast<uint64_t>(channels * channels * 2));
  EXPECT_EQ(
      end.deviceBytes - start.deviceBytes,
      static_cast<uint64_t>(3 * channels * (width + channels + width) * 2));
}

/// Every mistake is an error, and the device goes on.
TEST_P(Conformance, MistakesAreErrors) {
  auto program = load(conformance::elementwise());
  auto in = allocate(plain("in")), out = allocate(plain("out"));
  auto small = allocate(plain("small", channels, width / 2));
  EXPECT_TRUE(device->run(*program, {}, {out.get()}));
  EXPECT_TRUE(device->run(*program, {in.get()}, {}));
  EXPECT_TRUE(device->run(*program, {in.get()}, {small.get()}));
  EXPECT_TRUE(device->run(*program, {small.get()}, {out.get()}));
  ProgramFiles broken;
  broken.name = "broken";
  broken.text = "program(1.3) { func main<ios18>(";
  auto loaded = device->load(broken);
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message, HasSubstr("broken:1:"));

  SurfaceSpec outside = plain("outside");
  outside.regions[0].columns = width + 1;
  EXPECT_FALSE(device->allocate(outside));
  auto mixed = allocate(packed({}));
  std::vector<float> values(channels * channels - 1);
  EXPECT_TRUE(device->stage(*mixed, 1, Span<const float>(values)));
  values.resize(channels * channels);
  EXPECT_TRUE(device->stage(*mixed, 0, Span<const float>(values)));
  EXPECT_TRUE(device->stage(*mixed, 2, Span<const float>(values)));
  EXPECT_FALSE(device->map(*mixed, 1, Access::Read));
  EXPECT_FALSE(device->map(*mixed, 2, Access::Read));

  fill(*in);
  run(*program, {in.get()}, {out.get()});
  expect(*out, [](int64_t r, int64_t c) {
    return pattern(r, c) * pattern(r, c) + pattern(r, c);
  });
}

TEST_P(Conformance, LoadsWhileItRuns) {
  auto program = load(conformance::elementwise());
  auto in = allocate(plain("in")), out = allocate(plain("out"));
  fill(*in);
  Result<std::unique_ptr<Program>> other = std::unique_ptr<Program>();
  std::thread loader([&] {
    for (int i = 0; i < 5; ++i)
      other = device->load(written(bakedFiles(2)));
  });
  for (int i = 0; i < 20; ++i)
    run(*program, {in.get()}, {out.get()});
  loader.join();
  ASSERT_TRUE(other) << other.error().message;
  run(**other, {in.get()}, {out.get()});
  expect(*out, bakedProduct(2));
  EXPECT_EQ(device->counters().compiles, 6U);
}

INSTANTIATE_TEST_SUITE_P(Devices, Conformance, testing::ValuesIn(allDevices()),
                         [](const auto &info) {
                           std::string name = info.param.name;
                           for (char &c : name)
                             if (!isalnum(static_cast<unsigned char>(c)))
                               c = '_';
                           return name;
                         });

} // namespace

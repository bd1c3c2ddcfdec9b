//===- DeviceAdamWTest.cpp - Numbers for updates on the device ------------===//
//
// Values by hand. What programs make of them is compared with PyTorch in
// test/e2e/device_optimizer_test.py.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/DeviceAdamW.h"

#include "test/runtime/bundle/TestBundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

using namespace anec::rt;
using testing::HasSubstr;

namespace {

float at(const UpdateFactors<float> &factors, UpdateFactor which) {
  return factors[size_t(which)];
}

TEST(DeviceAdamW, keepsClippedGradientsBelowTwoToTheFourteenth) {
  EXPECT_EQ(momentUnit(1), 0x1p14);
  EXPECT_EQ(momentUnit(0.5), 0x1p15);
  // Above a power of two the next one counts: 0.3 below 1/2, 100 below 128.
  EXPECT_EQ(momentUnit(0.3), 0x1p15);
  EXPECT_EQ(momentUnit(100), 0x1p7);
}

TEST(DeviceAdamW, factorsOfTheFirstUpdate) {
  // beta1 0.9, beta2 0.95: corrections 0.1 and sqrt(0.05).
  AdamWOptions options{0.9, 0.95, 1e-8, 0.1};
  const UpdateFactors<float> factors =
      updateFactorsOf(options, 1e-3, 1, 0x1p-20, 0x1p14);
  // 2^-6 in two powers of two.
  EXPECT_EQ(at(factors, UpdateFactor::Gradient), 0x1p-3f);
  EXPECT_EQ(at(factors, UpdateFactor::GradientAgain), 0x1p-3f);
  EXPECT_FLOAT_EQ(at(factors, UpdateFactor::MeanShare), 0.1f);
  EXPECT_FLOAT_EQ(at(factors, UpdateFactor::SquareShare), 0.05f);
  // 2^14 1e-8 sqrt(0.05) = 3.66e-5 is below the smallest normal number.
  EXPECT_EQ(at(factors, UpdateFactor::Epsilon), 0x1p-14f);
  EXPECT_FLOAT_EQ(at(factors, UpdateFactor::Step),
                  float(2048 * 1e-3 * std::sqrt(0.05) / 0.1));
  EXPECT_FLOAT_EQ(at(factors, UpdateFactor::Decay), float(2048 * 1e-3 * 0.1));
}

TEST(DeviceAdamW, factorsAfterManyUpdates) {
  AdamWOptions options{0.9, 0.95, 1e-8, 0};
  const UpdateFactors<float> factors =
      updateFactorsOf(options, 3e-4, 1000, 3 * 0x1p-20, 0x1p14);
  // 3 2^-6: an odd power is not cut in halves, and no bit is lost.
  EXPECT_EQ(at(factors, UpdateFactor::Gradient) *
                at(factors, UpdateFactor::GradientAgain),
            3 * 0x1p-6f);
  EXPECT_FLOAT_EQ(at(factors, UpdateFactor::Epsilon), 0x1p14f * 1e-8f);
  EXPECT_FLOAT_EQ(at(factors, UpdateFactor::Step), 2048 * 3e-4f);
  EXPECT_EQ(at(factors, UpdateFactor::Decay), 0);
}

TEST(DeviceAdamW, refusesWhatFp16CannotHold) {
  TemporaryFolder folder;
  TestBundle::trainedOnDevice().write(folder.string());
  const Bundle device = std::move(*Bundle::open(folder.string()));
  TemporaryFolder other;
  TestBundle::linear().write(other.string());
  const Bundle host = std::move(*Bundle::open(other.string()));
  const AdamWOptions options;
  auto complaint = [&](const AdamWOptions &options, double clip, double rate) {
    EXPECT_FALSE(checkDeviceAdamW(host.plan(), options, clip, rate));
    auto error = checkDeviceAdamW(device.plan(), options, clip, rate);
    return error ? error->message : "";
  };
  EXPECT_EQ(complaint(options, 1, 3e-4), "");
  EXPECT_THAT(complaint(options, 0, 3e-4), HasSubstr("--clip above 0"));
  EXPECT_THAT(complaint({0.9, 0.999, 1e-8, 0.1}, 1, 3e-4),
              HasSubstr("--beta2 of at most 0.99"));
  EXPECT_THAT(complaint({0.995, 0.95, 1e-8, 0.1}, 1, 3e-4),
              HasSubstr("--beta1 of at most 0.99"));
  // 2^14 / 2048 over sqrt(0.05) / 0.1 = 2.236.
  EXPECT_THAT(complaint(options, 1, 4), HasSubstr("--lr of at most 3.58"));
}

} // namespace

//===- AneTest.h - The ane device over the stand-in -------------*- C++ -*-===//
//
// A device on the stand-in library, small kernels, and the check that nothing
// was done wrong and nothing is left at the end of a test.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TEST_RUNTIME_DEVICE_ANE_ANETEST_H
#define ANEC_TEST_RUNTIME_DEVICE_ANE_ANETEST_H

#include "runtime/device/ane/AneDevice.h"
#include "runtime/support/ThreadPool.h"
#include "test/runtime/bundle/TestBundle.h"
#include "test/standin/StandIn.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace anec::rt {

class AneTest : public testing::Test {
protected:
  AneTest();
  /// Nothing was done wrong, and everything is given back.
  ~AneTest() override;

  /// A new device; the one before ends.
  Device &open();
  /// What opening says.
  std::string openError() const;

  /// Loads, or fails the test.
  std::unique_ptr<Program> load(const ProgramFiles &files);
  std::string loadError(const ProgramFiles &files);

  /// A surface with one activation region over all of it.
  std::unique_ptr<Surface> allocate(const std::string &name, int64_t channels,
                                    int64_t width);
  void write(Surface &surface, const std::vector<float> &values);
  std::vector<float> read(Surface &surface);
  /// Empty when it worked.
  std::string run(Program &program, const std::vector<Surface *> &inputs,
                  const std::vector<Surface *> &outputs);

  StandIn standIn;
  TemporaryFolder temporary;
  ThreadPool pool{1};
  ane::CompileBudget budget{100};
  AneOptions options;
  /// Pauses that the device asked for, in milliseconds.
  std::vector<int64_t> pauses;
  std::unique_ptr<Device> device;
};

/// A program with the header of proven ones: "tensor<..> x", statements, "x".
std::string programText(const std::string &parameters,
                        const std::string &statements,
                        const std::string &outputs);

/// z00_y = a00_x + a00_x on [32, 32].
ProgramFiles doubling(const std::string &name = "doubling");
/// z00_y = 1x1 convolution of a00_x [32, 32] with the baked weight `diagonal`
/// times the unit matrix.
ProgramFiles scaling(float diagonal);

/// 0, step, 2 step, ...
std::vector<float> ramp(int64_t count, float step = 1);

} // namespace anec::rt

#endif // ANEC_TEST_RUNTIME_DEVICE_ANE_ANETEST_H

//===- OtherBlas.cpp - Tests of products by a library ---------------------===//
//
// Linked into a test program with a library in Accelerate's place: fails unless
// products use it.
//
//===----------------------------------------------------------------------===//
#include "runtime/gemm/MatrixUnit.h"

#include <gtest/gtest.h>

using namespace anec::rt;

namespace {

TEST(OtherBlas, IsWhatMultiplies) {
  EXPECT_EQ(matrixUnit(), MatrixUnit::Accelerate);
}

} // namespace

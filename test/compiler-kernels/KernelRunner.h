//===- KernelRunner.h - Lowers a kernel and executes it ---------*- C++ -*-===//
//
// From nn ops to numbers: the kernel passes, the emitted text and the CPU
// device, so that a test sees what a lowering computes and not how it looks.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TEST_COMPILER_KERNELS_KERNELRUNNER_H
#define ANEC_TEST_COMPILER_KERNELS_KERNELRUNNER_H

#include "runtime/device/Device.h"

#include <string>
#include <vector>

namespace anec::test {

/// A value of a kernel, row-major in nn's layout: an activation [B,S,D], a
/// matrix or a vector.
struct NNTensor {
  std::vector<int64_t> shape;
  std::vector<double> values;
};

/// Runs the only kernel of `model`, a module with one nn.model, on `inputs`.
/// One entry of `resultShapes` [B,S,D] for each result. `target` takes one
/// input and one output. Throws
/// std::runtime_error with the diagnostics when anything fails.
std::vector<NNTensor>
runKernel(const std::string &model, const std::vector<NNTensor> &inputs,
          const std::vector<std::vector<int64_t>> &resultShapes,
          rt::Numerics numerics, const std::string &target = "strict");

} // namespace anec::test

#endif // ANEC_TEST_COMPILER_KERNELS_KERNELRUNNER_H

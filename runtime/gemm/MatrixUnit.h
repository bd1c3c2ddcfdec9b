//===- MatrixUnit.h - What multiplies besides vectors -----------*- C++ -*-===//
//
// Intel's AMX multiplies tiles of bf16. A number of fp16 is the sum of two of
// bf16, one of f32 of three, so that it serves every product of the runtime.
// Apple's units multiply f32, and only the Accelerate framework may use them.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_GEMM_MATRIXUNIT_H
#define ANEC_RUNTIME_GEMM_MATRIXUNIT_H

#include <cstdint>

namespace anec::rt {

enum class MatrixUnit {
  /// Multiply-adds of the widest vectors.
  None,
  Amx,
  /// The system's products of f32 on macOS. Never run on such a machine; tests
  /// run it with another library behind the same functions.
  Accelerate,
};

/// What `gemm` multiplies F16 and F32 operands with in this process: at first
/// Accelerate where there is one, else AMX where the CPU and the system have
/// it.
MatrixUnit matrixUnit();

/// Terms from which on products use a unit: shorter sums leave rows of AMX's
/// tiles empty, and the parts of numbers of f32 would be rounded more often
/// than those; a library's call costs as much as a short sum.
constexpr int64_t shortestUnitSum = 64;

/// The one that multiplies with sums of so many terms.
inline MatrixUnit unitOfSums(int64_t terms) {
  return terms >= shortestUnitSum ? matrixUnit() : MatrixUnit::None;
}

/// Chooses for this process; false, and no change, where there is none to use.
/// While no product is computed and nothing is kept packed.
bool useMatrixUnit(MatrixUnit unit);

/// none, amx, accelerate
const char *nameOf(MatrixUnit unit);

} // namespace anec::rt

#endif // ANEC_RUNTIME_GEMM_MATRIXUNIT_H

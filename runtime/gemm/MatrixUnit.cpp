//===- MatrixUnit.cpp - What multiplies besides vectors -------------------===//
//
// The choice depends on the machine alone, so that runs can be repeated.
//
//===----------------------------------------------------------------------===//
#include "runtime/gemm/MatrixUnit.h"

#include "runtime/gemm/AmxKernels.h"
#include "runtime/gemm/BlasKernels.h"

namespace anec::rt {

static bool isThere(MatrixUnit unit) {
  switch (unit) {
  case MatrixUnit::None:
    return true;
  case MatrixUnit::Amx:
    return gemm_detail::hasAmx();
  case MatrixUnit::Accelerate:
    return gemm_detail::accelerateProduct() != nullptr;
  }
  __builtin_unreachable();
}

static MatrixUnit &chosen() {
  static MatrixUnit unit = isThere(MatrixUnit::Accelerate)
                               ? MatrixUnit::Accelerate
                           : isThere(MatrixUnit::Amx) ? MatrixUnit::Amx
                                                      : MatrixUnit::None;
  return unit;
}

MatrixUnit matrixUnit() { return chosen(); }

bool useMatrixUnit(MatrixUnit unit) {
  if (!isThere(unit))
    return false;
  chosen() = unit;
  return true;
}

const char *nameOf(MatrixUnit unit) {
  switch (unit) {
  case MatrixUnit::None:
    return "none";
  case MatrixUnit::Amx:
    return "amx";
  case MatrixUnit::Accelerate:
    return "accelerate";
  }
  __builtin_unreachable();
}

} // namespace anec::rt

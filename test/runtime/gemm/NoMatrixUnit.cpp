//===- NoMatrixUnit.cpp - Tests as on a CPU without one -------------------===//
//
// Linked into a test program, it leaves products to vectors, as wide as they
// are.
//
//===----------------------------------------------------------------------===//
#include "runtime/gemm/MatrixUnit.h"

namespace {

const bool isWithoutUnit = anec::rt::useMatrixUnit(anec::rt::MatrixUnit::None);

} // namespace

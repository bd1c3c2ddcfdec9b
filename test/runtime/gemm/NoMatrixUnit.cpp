//===- NoMatrixUnit.cpp - Tests as on a CPU without AMX -------------------===//
//
// Linked into a test program, it leaves products to vectors, as wide as they
// are.
//
//===----------------------------------------------------------------------===//
#include "runtime/gemm/Amx.h"

namespace {

const bool isWithoutUnit = anec::rt::useAmx(false);

} // namespace

//===- Fusion.h - Steps that go through rows together -----------*- C++ -*-===//
//
// Element-wise operators, softmax and reductions are bound by memory. Those
// that share operands or read each other's results become one step, wherever
// the order of execution allows it.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_CPU_FUSION_H
#define ANEC_RUNTIME_DEVICE_CPU_FUSION_H

#include "runtime/device/cpu/CpuProgram.h"

#include <vector>

namespace anec::rt::cpu {

/// Replaces steps by fused ones; every value that is still read is written.
void fuseRows(const std::vector<Buffer> &buffers, std::vector<Step> &steps);

} // namespace anec::rt::cpu

#endif // ANEC_RUNTIME_DEVICE_CPU_FUSION_H

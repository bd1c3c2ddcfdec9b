//===- RowGroup.h - Computes a plan of rows ---------------------*- C++ -*-===//
//
// Every operation reads and writes rows in their stored type, computes in
// float and rounds once: the same bits as one operator after the other.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_CPU_ROWGROUP_H
#define ANEC_RUNTIME_DEVICE_CPU_ROWGROUP_H

#include "runtime/device/cpu/Kernels.h"
#include "runtime/device/cpu/RowPlan.h"

namespace anec::rt::cpu {

/// A kernel whose inputs and results are those of the plan.
Kernel rowGroup(const RowPlan &plan);

} // namespace anec::rt::cpu

#endif // ANEC_RUNTIME_DEVICE_CPU_ROWGROUP_H

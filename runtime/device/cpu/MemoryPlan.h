//===- MemoryPlan.h - Where temporary buffers lie ---------------*- C++ -*-===//
//
// Buffers that are never needed at the same time share memory.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_CPU_MEMORYPLAN_H
#define ANEC_RUNTIME_DEVICE_CPU_MEMORYPLAN_H

#include "runtime/device/cpu/CpuProgram.h"

namespace anec::rt::cpu {

/// The buffer that `buffer` is at last a part of.
size_t rootOf(const std::vector<Buffer> &buffers, size_t buffer);

/// Whether one buffer is the other or holds it.
bool overlap(const std::vector<Buffer> &buffers, size_t a, size_t b);

/// Removes steps whose results no output depends on.
void removeDeadSteps(const std::vector<Buffer> &buffers,
                     std::vector<Step> &steps);

/// Pairs of which one step alone reads the input and alone writes the output,
/// element by element. `steps` are not fused yet.
std::vector<SharedPorts> findSharedPorts(const std::vector<Buffer> &buffers,
                                         const std::vector<Step> &steps);

/// Sets the arena offset of every temporary buffer; the size of the arena.
int64_t planMemory(std::vector<Buffer> &buffers,
                   const std::vector<Step> &steps);

} // namespace anec::rt::cpu

#endif // ANEC_RUNTIME_DEVICE_CPU_MEMORYPLAN_H

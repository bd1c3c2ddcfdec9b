//===- CpuDevice.h - The reference device -----------------------*- C++ -*-===//
//
// Executes MIL text on the CPU, with the storage types of the numerics asked
// for.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_CPU_CPUDEVICE_H
#define ANEC_RUNTIME_DEVICE_CPU_CPUDEVICE_H

#include "runtime/device/Device.h"
#include "runtime/device/cpu/Kernels.h"

#include <memory>

namespace anec::rt {

class ThreadPool;

/// A device that computes with `pool`, which must outlive it. Results have the
/// same bits for any number of threads. It never runs out of compiles. Kernels
/// of all programs go through `wrapper` unless that is empty.
std::unique_ptr<Device> makeCpuDevice(Numerics numerics, ThreadPool &pool,
                                      cpu::KernelWrapper wrapper = {});

} // namespace anec::rt

#endif // ANEC_RUNTIME_DEVICE_CPU_CPUDEVICE_H

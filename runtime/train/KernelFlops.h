//===- KernelFlops.h - Operations of a device program -----------*- C++ -*-===//
//
// What a MIL program multiplies and adds, for the efficiency report.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TRAIN_KERNELFLOPS_H
#define ANEC_RUNTIME_TRAIN_KERNELFLOPS_H

#include "runtime/support/Result.h"

#include <string>

namespace anec::rt {

/// Multiplications and additions of the matmul, linear and conv ops of every
/// function in MIL `text`. Errors: those of the reader, with `name` as file.
Result<double> kernelFlops(const std::string &text, const std::string &name);

} // namespace anec::rt

#endif // ANEC_RUNTIME_TRAIN_KERNELFLOPS_H

//===- KernelCosts.h - What one dispatch of a program costs -----*- C++ -*-===//
//
// Read off the MIL text: operators, bytes of the signature, and what products
// multiply and add. Also the same for products on the host.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_BUNDLE_KERNELCOSTS_H
#define ANEC_RUNTIME_BUNDLE_KERNELCOSTS_H

#include "runtime/support/Result.h"
#include "runtime/target/ProgramWork.h"

#include <cstdint>
#include <string>
#include <vector>

namespace anec::rt {

struct KernelCosts {
  /// Operators that are no constants, and those of them that only move data.
  int64_t ops = 0, layoutOps = 0;
  target::ProgramWork work;

  /// Multiplications and additions of all products.
  double flops() const;
};

/// Of all functions of MIL `text`. Errors: those of the reader, with `name` as
/// file.
Result<KernelCosts> kernelCosts(const std::string &text,
                                const std::string &name);

/// Multiplications and additions of the host op `op` on operands of these
/// shapes, in the sense of plan.json; 0 for all but linear and matmul.
double hostFlops(const std::string &op, const std::vector<int64_t> &x,
                 const std::vector<int64_t> &weight);

} // namespace anec::rt

#endif // ANEC_RUNTIME_BUNDLE_KERNELCOSTS_H

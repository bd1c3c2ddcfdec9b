//===- KernelCosts.h - What one dispatch of a program costs -----*- C++ -*-===//
//
// Read off the MIL text: operators, bytes of the signature, and what products
// multiply and add. Also the same for products on the host.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_BUNDLE_KERNELCOSTS_H
#define ANEC_RUNTIME_BUNDLE_KERNELCOSTS_H

#include "runtime/support/Result.h"

#include <cstdint>
#include <string>
#include <vector>

namespace anec::rt {

/// One matmul, linear or conv: rows x columns results (batches counted into the
/// columns), each a sum of `summed` products.
struct KernelProduct {
  int64_t rows = 0, columns = 0, summed = 0;

  double flops() const {
    return 2.0 * double(rows) * double(columns) * double(summed);
  }
};

struct KernelCosts {
  /// Operators that are no constants, and those of them that only move data.
  int64_t ops = 0, layoutOps = 0;
  /// Bytes of the function's inputs and outputs.
  uint64_t inputBytes = 0, outputBytes = 0;
  std::vector<KernelProduct> products;

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

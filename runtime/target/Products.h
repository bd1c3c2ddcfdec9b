//===- Products.h - The sizes of a matrix product ---------------*- C++ -*-===//
#ifndef ANEC_RUNTIME_TARGET_PRODUCTS_H
#define ANEC_RUNTIME_TARGET_PRODUCTS_H

#include "runtime/target/CheckContext.h"

namespace anec::rt::target {

/// [rows, summed] x [summed, columns]; 0 for what cannot be told.
struct ProductSizes {
  int64_t rows = 0, summed = 0, columns = 0;
};

/// Of a matmul; empty for other operators.
ProductSizes productOf(const CheckContext &context,
                       const mil::Statement &statement);

} // namespace anec::rt::target

#endif // ANEC_RUNTIME_TARGET_PRODUCTS_H

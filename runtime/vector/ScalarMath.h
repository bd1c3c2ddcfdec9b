//===- ScalarMath.h - Functions of rows, one element at a time --*- C++ -*-===//
//
// What vectors do not know or programs rarely use.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_VECTOR_SCALARMATH_H
#define ANEC_RUNTIME_VECTOR_SCALARMATH_H

#include "runtime/vector/VectorMath.h"

namespace anec::rt {

/// As findUnaryRow and findBinaryRow.
template <typename T> UnaryRow<T> findScalarUnary(std::string_view name);
template <typename T> BinaryRow<T> findScalarBinary(std::string_view name);

} // namespace anec::rt

#endif // ANEC_RUNTIME_VECTOR_SCALARMATH_H

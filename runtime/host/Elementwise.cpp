//===- Elementwise.cpp - One element at a time ----------------------------===//
//
// A function of rows for each operation, chosen outside of the loops.
//
//===----------------------------------------------------------------------===//
#include "runtime/host/Elementwise.h"

#include "runtime/host/Tiles.h"
#include "runtime/support/ThreadPool.h"
#include "runtime/vector/VectorMath.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace anec::rt {
namespace {

template <typename Real>
void reluGradRow(const Real *x, const Real *y, Real *z, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    z[i] = x[i] > 0 ? y[i] : Real(0);
}

/// The function of rows that computes `op`.
template <typename Real> BinaryRow<Real> binaryRow(BinaryOp op) {
  switch (op) {
  case BinaryOp::Add:
    return findBinaryRow<Real>("add");
  case BinaryOp::Sub:
    return findBinaryRow<Real>("sub");
  case BinaryOp::Mul:
    return findBinaryRow<Real>("mul");
  case BinaryOp::ReluGrad:
    break;
  }
  return &reluGradRow<Real>;
}

template <typename Real> UnaryRow<Real> unaryRow(UnaryOp op) {
  switch (op) {
  case UnaryOp::Scale:
    return findUnaryRow<Real>("linear_activation");
  case UnaryOp::Silu:
    return findUnaryRow<Real>("silu");
  case UnaryOp::Sigmoid:
    return findUnaryRow<Real>("sigmoid");
  case UnaryOp::Tanh:
    return findUnaryRow<Real>("tanh");
  case UnaryOp::Gelu:
    return findUnaryRow<Real>("gelu_tanh");
  case UnaryOp::Exp:
    return findUnaryRow<Real>("exp");
  case UnaryOp::Relu:
    break;
  }
  return findUnaryRow<Real>("relu");
}

} // namespace

template <typename Real>
void binary(BinaryOp op, const Real *x, const Real *y, Real *z, int64_t N,
            ThreadPool &pool) {
  const BinaryRow<Real> row = binaryRow<Real>(op);
  pool.parallelTiles(N, elementTile, [&](int64_t begin, int64_t end) {
    row(x + begin, y + begin, z + begin, end - begin);
  });
}

template <typename Real>
void binaryBroadcast(BinaryOp op, const Real *x, const Real *y, Real *z,
                     int64_t D, int64_t T, ThreadPool &pool) {
  const BinaryRow<Real> row = binaryRow<Real>(op);
  pool.parallelTiles(D, featureTile, [&](int64_t begin, int64_t end) {
    std::vector<Real> repeated(static_cast<size_t>(T));
    for (int64_t d = begin; d < end; ++d) {
      std::fill(repeated.begin(), repeated.end(), y[d]);
      row(x + d * T, repeated.data(), z + d * T, T);
    }
  });
}

template <typename Real>
void unary(UnaryOp op, const Real *x, double factor, Real *y, int64_t N,
           ThreadPool &pool) {
  const UnaryRow<Real> row = unaryRow<Real>(op);
  pool.parallelTiles(N, elementTile, [&](int64_t begin, int64_t end) {
    row(x + begin, y + begin, end - begin, Real(factor), Real(0));
  });
}

template <typename Real>
void sumTokens(const Real *x, Real *y, int64_t D, int64_t T, bool accumulate,
               ThreadPool &pool) {
  pool.parallelTiles(D, featureTile, [&](int64_t begin, int64_t end) {
    for (int64_t d = begin; d < end; ++d) {
      double sum = 0;
      for (int64_t t = 0; t < T; ++t)
        sum += double(x[d * T + t]);
      y[d] = Real((accumulate ? double(y[d]) : 0.0) + sum);
    }
  });
}

template <typename Real> Real maxMagnitude(const Real *x, int64_t count) {
  Real largest = 0;
  for (int64_t i = 0; i < count; ++i) {
    if (std::isnan(x[i]))
      return std::numeric_limits<Real>::infinity();
    largest = std::max(largest, std::abs(x[i]));
  }
  return largest;
}

#define ANEC_INSTANTIATE(Real)                                                 \
  template Real maxMagnitude(const Real *, int64_t);                           \
  template void binary(BinaryOp, const Real *, const Real *, Real *, int64_t,  \
                       ThreadPool &);                                          \
  template void binaryBroadcast(BinaryOp, const Real *, const Real *, Real *,  \
                                int64_t, int64_t, ThreadPool &);               \
  template void unary(UnaryOp, const Real *, double, Real *, int64_t,          \
                      ThreadPool &);                                           \
  template void sumTokens(const Real *, Real *, int64_t, int64_t, bool,        \
                          ThreadPool &);
ANEC_INSTANTIATE(float)
ANEC_INSTANTIATE(double)
#undef ANEC_INSTANTIATE

} // namespace anec::rt

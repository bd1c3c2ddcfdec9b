//===- HostOps.h - The table of host ops ------------------------*- C++ -*-===//
//
// What a plan's "host" steps run: name -> function over views of buffers.
// Counts, shapes and attributes have been checked by the bundle loader
// (runtime/bundle/HostOpSignatures.h); nothing is checked again here.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_HOST_HOSTOPS_H
#define ANEC_RUNTIME_HOST_HOSTOPS_H

#include "runtime/gemm/Gemm.h"
#include "runtime/support/ThreadPool.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace anec::rt {

/// A host value with its shape resolved. Rank 3 [B,S,D] is stored [D, B*S];
/// everything else row-major. `integers` for int32 values, else `data`.
template <typename Real> struct HostTensor {
  std::vector<int64_t> shape;
  Real *data = nullptr;
  const int32_t *integers = nullptr;
  /// In place of `data` for operands of products: the matrix [D, B*S] of a rank
  /// 3 value as blocks of `blockRows` rows, one below the other.
  std::vector<ConstMatrix> blocks;
  int64_t blockRows = 0;
  /// A gradient accumulator: results are added to what is there.
  bool accumulate = false;
  /// Of a gradient [O,I], unless null: the sums over its rows of its product
  /// with `dotsWith`, [O,I], which it keeps while it is computed, [I].
  double *dots = nullptr;
  const float *dotsWith = nullptr;
  /// Of a gradient, unless null: the sum of the squares of its elements, NaN
  /// where nobody knows it. Ops that are given it leave it so.
  double *squares = nullptr;

  int64_t elements() const {
    int64_t product = 1;
    for (int64_t size : shape)
      product *= size;
    return product;
  }
  /// Features and tokens of a rank 3 value.
  int64_t features() const { return shape[2]; }
  int64_t tokens() const { return shape[0] * shape[1]; }
};

/// One execution of a host op.
template <typename Real> struct HostCall {
  std::vector<HostTensor<Real>> operands;
  std::vector<HostTensor<Real>> results;
  const nlohmann::json &attributes;
  ThreadPool &pool;
  /// What loss_scale() answers.
  double lossScale = 1;
  /// Of matrix products, which plans have for weight gradients and for the
  /// classifier. Full where Real is double.
  GemmPrecision precision = GemmPrecision::Full;
  /// For products of tokens: the second operand may be that of the call before,
  /// its numbers unchanged.
  RepeatedRight *right = nullptr;
};

template <typename Real> using HostOp = void (*)(const HostCall<Real> &);

/// The function of `name`; null when there is none. Real is float or double.
/// Every function gives the same bits for any number of threads.
template <typename Real> HostOp<Real> findHostFunction(const std::string &name);

} // namespace anec::rt

#endif // ANEC_RUNTIME_HOST_HOSTOPS_H

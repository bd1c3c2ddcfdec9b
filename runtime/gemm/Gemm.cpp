//===- Gemm.cpp - Matrix product ------------------------------------------===//
//
// The product of panels that computes what is asked for.
//
//===----------------------------------------------------------------------===//
#include "runtime/gemm/Gemm.h"

#include "runtime/gemm/Bf16.h"
#include "runtime/gemm/BlasKernels.h"
#include "runtime/gemm/MatrixUnit.h"
#include "runtime/gemm/Product.h"

#include <cassert>
#include <utility>

namespace anec::rt {

using namespace gemm_detail;

/// C = 0 or C += 0, for products without terms.
template <typename T> static void clear(const Matrix &c, int64_t m, int64_t n) {
  T *data = static_cast<T *>(c.data);
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j)
      data[i * c.rowStride + j * c.columnStride] = T(0);
}

template <typename T> static Kernels<T> bestKernels() {
  return {bestTiles<T>(), bestPacking<T>(), bestPacking<T>()};
}

/// Of f32, whether or not they are rounded to bf16.
static Kernels<float> floatKernels(MatrixUnit unit, bool isRounded) {
  const Packing<float> &packing =
      isRounded ? bestRoundedPacking() : bestPacking<float>();
  return {unit == MatrixUnit::Accelerate ? blasTiles() : bestTiles<float>(),
          packing, packing};
}

/// Parts of the numbers of an operand that is multiplied in full.
static int partsOf(MatrixType type) { return type == MatrixType::F16 ? 2 : 3; }

void gemm(int64_t m, int64_t n, int64_t k, double alpha, ConstMatrix a,
          ConstMatrix b, GemmMode mode, Matrix c, ThreadPool &pool,
          GemmOptions options) {
  const bool isDouble = c.type == MatrixType::F64;
  const bool isRounded = options.precision == GemmPrecision::Bf16;
  assert(!(isDouble && isRounded) && "f64 operands are not rounded");
  assert(
      (!options.dots || (c.type == MatrixType::F32 && c.columnStride == 1)) &&
      "dots of another matrix");
  assert((!options.squares ||
          (m > 0 && n > 0 && k > 0 && options.part == GemmPart::Whole &&
           c.type != MatrixType::F16)) &&
         "squares of another matrix");
  assert((a.type == MatrixType::F64) == isDouble &&
         (b.type == MatrixType::F64) == isDouble && "mixed f64 product");
  if (m <= 0 || n <= 0)
    return;
  if (k <= 0) {
    if (mode == GemmMode::Accumulate)
      return;
    if (isDouble)
      clear<double>(c, m, n);
    else if (c.type == MatrixType::F32)
      clear<float>(c, m, n);
    else
      clear<half>(c, m, n);
    return;
  }
  Side outer = Side::Left;
  if (c.columnStride != 1 && c.rowStride == 1) {
    // The transposed product writes whole rows.
    std::swap(m, n);
    std::swap(c.rowStride, c.columnStride);
    ConstMatrix left = b.transposed();
    b = a.transposed();
    a = left;
    outer = Side::Right;
    options.right = nullptr;
    options.part = GemmPart::Whole;
  }
  const auto run = [&](auto kernels) {
    Product(m, n, k, alpha, a, nullptr, b, mode, c, pool, kernels, options)
        .run();
  };
  const MatrixUnit unit = unitOfSums(k);
  if (isDouble)
    run(bestKernels<double>());
  else if (unit == MatrixUnit::Amx)
    run(isRounded ? amxKernels(1, 1)
                  : amxKernels(partsOf(a.type), partsOf(b.type), outer));
  else if (unit == MatrixUnit::None && isRounded &&
           bf16Arithmetic() == Bf16Arithmetic::DotProduct)
    run(bestKernels<Bf16Pair>());
  else
    run(floatKernels(unit, isRounded));
}

void gemm(int64_t n, double alpha, const PackedMatrix &a, ConstMatrix b,
          GemmMode mode, Matrix c, ThreadPool &pool, RepeatedRight *right) {
  assert(c.type != MatrixType::F64 && "f64 matrices are not packed");
  GemmOptions options;
  options.right = right;
  if (a.rows() <= 0 || n <= 0 || a.depth() <= 0)
    return;
  const auto run = [&](auto kernels) {
    Product(a.rows(), n, a.depth(), alpha, ConstMatrix(), &a, b, mode, c, pool,
            kernels, options)
        .run();
  };
  if (a.unit() == MatrixUnit::Amx)
    run(amxKernels(partsOf(a.type()), partsOf(b.type)));
  else
    run(floatKernels(a.unit(), /*isRounded=*/false));
}

} // namespace anec::rt

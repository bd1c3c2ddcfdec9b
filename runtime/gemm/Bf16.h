//===- Bf16.h - How products of bf16 operands are computed ------*- C++ -*-===//
//
// Not every CPU that has dot products of bf16 is faster with them.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_GEMM_BF16_H
#define ANEC_RUNTIME_GEMM_BF16_H

namespace anec::rt {

/// Arithmetic of products of GemmPrecision::Bf16. Both compute what it
/// promises; the order of their sums differs.
enum class Bf16Arithmetic {
  /// Multiply-adds of f32 on operands that packing rounded and widened again:
  /// as fast as f32 products, on every CPU.
  MultiplyAdd,
  /// AVX512-BF16: sums of pairs of products, from panels of pairs.
  DotProduct,
};

/// What `gemm` uses in this process where it uses no matrix unit. At first dot
/// products where the CPU has them and is AMD's (Zen 4 and later), which
/// computes twice as many operations with them as with multiply-adds; Intel's
/// to date compute as many at most: half as many on the Xeon where gemm-bench
/// was run.
Bf16Arithmetic bf16Arithmetic();

/// Chooses for this process; false, and no change, where the CPU has no such
/// instructions. For tests and benchmarks, while no product is computed.
bool setBf16Arithmetic(Bf16Arithmetic arithmetic);

} // namespace anec::rt

#endif // ANEC_RUNTIME_GEMM_BF16_H

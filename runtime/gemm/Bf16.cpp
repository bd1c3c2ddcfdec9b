//===- Bf16.cpp - How products of bf16 operands are computed --------------===//
//
// The choice depends on the CPU alone, so that runs can be repeated.
//
//===----------------------------------------------------------------------===//
#include "runtime/gemm/Bf16.h"

#include "runtime/gemm/Kernels.h"

namespace anec::rt {

namespace {

bool isAmd() {
#if defined(__x86_64__)
  return __builtin_cpu_is("amd");
#else
  return false;
#endif
}

Bf16Arithmetic &chosen() {
  static Bf16Arithmetic arithmetic = isAmd() && gemm_detail::findPairTiles()
                                         ? Bf16Arithmetic::DotProduct
                                         : Bf16Arithmetic::MultiplyAdd;
  return arithmetic;
}

} // namespace

Bf16Arithmetic bf16Arithmetic() { return chosen(); }

bool setBf16Arithmetic(Bf16Arithmetic arithmetic) {
  if (arithmetic == Bf16Arithmetic::DotProduct && !gemm_detail::findPairTiles())
    return false;
  chosen() = arithmetic;
  return true;
}

} // namespace anec::rt

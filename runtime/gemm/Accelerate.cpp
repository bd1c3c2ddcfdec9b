//===- Accelerate.cpp - Products of macOS ---------------------------------===//
//
// Never run on macOS. A test compiles this file with headers that stand in for
// those of the framework and another library behind them.
//
//===----------------------------------------------------------------------===//
#include "runtime/gemm/BlasKernels.h"

#if defined(ANEC_HAS_ACCELERATE)
#include <Accelerate/Accelerate.h>

namespace anec::rt::gemm_detail {

/// Our threads multiply at the same time, and each setting is a thread's own.
/// Where there is no such setting, the framework decides.
static void useOneThread() {
#if defined(__MAC_15_0)
  static thread_local const bool isDone = [] {
    if (__builtin_available(macOS 15.0, *))
      BLASSetThreading(BLAS_THREADING_SINGLE_THREADED);
    return true;
  }();
  (void)isDone;
#endif
}

static void multiply(const BlasProduct &product) {
  useOneThread();
  const auto size = [](int64_t number) { return static_cast<int>(number); };
  cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, size(product.rows),
              size(product.columns), size(product.depth), 1, product.a,
              size(product.aStride), product.b, size(product.bStride),
              product.continues ? 1 : 0, product.c, size(product.cStride));
}

BlasFunction accelerateProduct() { return &multiply; }

} // namespace anec::rt::gemm_detail

#else

namespace anec::rt::gemm_detail {

BlasFunction accelerateProduct() { return nullptr; }

} // namespace anec::rt::gemm_detail

#endif

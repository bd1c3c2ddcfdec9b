//===- Accelerate.h - What Accelerate.cpp uses of the framework -*- C++ -*-===//
//
// OpenBLAS behind the framework's names, so that all but the library is what
// macOS runs.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TEST_IMITATION_ACCELERATE_H
#define ANEC_TEST_IMITATION_ACCELERATE_H

#include <cblas.h>

#define __MAC_15_0 150000
#define __builtin_available(system, others) true

enum BLAS_THREADING {
  BLAS_THREADING_MULTI_THREADED,
  BLAS_THREADING_SINGLE_THREADED
};

inline int BLASSetThreading(BLAS_THREADING threading) {
  if (threading == BLAS_THREADING_SINGLE_THREADED)
    openblas_set_num_threads(1);
  return 0;
}

#endif // ANEC_TEST_IMITATION_ACCELERATE_H

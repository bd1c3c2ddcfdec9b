//===- Zeros.h - The files of zeros -----------------------------*- C++ -*-===//
#ifndef ANEC_COMPILER_KERNELS_ZEROS_H
#define ANEC_COMPILER_KERNELS_ZEROS_H

#include "llvm/ADT/ArrayRef.h"

#include <string>

namespace anec {

/// The file of zeros [1, a, b, c]: kernels share what has one shape.
inline std::string zerosFile(llvm::ArrayRef<int64_t> shape) {
  std::string sizes;
  for (int64_t size : shape.drop_front())
    if (size != 1)
      sizes += (sizes.empty() ? "" : "x") + std::to_string(size);
  return "weights/zeros_" + sizes + ".bin";
}

} // namespace anec

#endif // ANEC_COMPILER_KERNELS_ZEROS_H

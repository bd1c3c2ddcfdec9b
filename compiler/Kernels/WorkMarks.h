//===- WorkMarks.h - What the work of an op is for --------------*- C++ -*-===//
//
// Marks on locations, because these survive every lowering: the bill counts
// apart what an earlier kernel had computed, and what is a weight gradient.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_COMPILER_KERNELS_WORKMARKS_H
#define ANEC_COMPILER_KERNELS_WORKMARKS_H

#include "mlir/IR/Location.h"
#include "mlir/IR/Operation.h"

namespace anec {

/// Whether `location` carries `mark`.
inline bool isMarked(mlir::Location location, llvm::StringRef mark) {
  auto fused = mlir::dyn_cast<mlir::FusedLoc>(location);
  auto found =
      fused ? mlir::dyn_cast_or_null<mlir::StringAttr>(fused.getMetadata())
            : mlir::StringAttr();
  return found && found.getValue() == mark;
}

/// `location` with `mark`.
inline mlir::Location marked(mlir::Location location, llvm::StringRef mark) {
  if (isMarked(location, mark))
    return location;
  return mlir::FusedLoc::get(
      location.getContext(), {location},
      mlir::StringAttr::get(location.getContext(), mark));
}

inline bool isRecomputed(mlir::Location location) {
  return isMarked(location, "recomputed");
}
inline mlir::Location recomputed(mlir::Location location) {
  return marked(location, "recomputed");
}

inline bool isWeightGradient(mlir::Location location) {
  return isMarked(location, "weight gradient");
}
inline mlir::Location weightGradient(mlir::Location location) {
  return marked(location, "weight gradient");
}

} // namespace anec

#endif // ANEC_COMPILER_KERNELS_WORKMARKS_H

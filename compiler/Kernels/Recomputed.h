//===- Recomputed.h - Which ops repeat earlier work -------------*- C++ -*-===//
//
// A mark on locations, because these survive every lowering: an op that
// computes what an earlier kernel had computed is counted as such in the bill.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_COMPILER_KERNELS_RECOMPUTED_H
#define ANEC_COMPILER_KERNELS_RECOMPUTED_H

#include "mlir/IR/Location.h"
#include "mlir/IR/Operation.h"

namespace anec {

/// Whether `location` carries the mark.
inline bool isRecomputed(mlir::Location location) {
  auto fused = mlir::dyn_cast<mlir::FusedLoc>(location);
  auto mark =
      fused ? mlir::dyn_cast_or_null<mlir::StringAttr>(fused.getMetadata())
            : mlir::StringAttr();
  return mark && mark.getValue() == "recomputed";
}

/// `location` with the mark.
inline mlir::Location recomputed(mlir::Location location) {
  if (isRecomputed(location))
    return location;
  auto mark = mlir::StringAttr::get(location.getContext(), "recomputed");
  return mlir::FusedLoc::get(location.getContext(), {location}, mark);
}

} // namespace anec

#endif // ANEC_COMPILER_KERNELS_RECOMPUTED_H

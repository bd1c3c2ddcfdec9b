//===- TargetOption.h - The target that a pass was given --------*- C++ -*-===//
#ifndef ANEC_COMPILER_KERNELS_TARGETOPTION_H
#define ANEC_COMPILER_KERNELS_TARGETOPTION_H

#include "runtime/target/Profile.h"

#include "mlir/IR/Diagnostics.h"

#include <optional>

namespace anec {

/// The profile of `--target` (runtime/target's loadProfile), or an error for
/// the pass's `initialize` to return.
inline mlir::LogicalResult
loadTarget(const std::string &spec, mlir::MLIRContext *context,
           std::optional<rt::target::Profile> &profile) {
  rt::Result<rt::target::Profile> loaded = rt::target::loadProfile(spec);
  if (!loaded)
    return mlir::emitError(mlir::UnknownLoc::get(context))
           << loaded.error().message;
  profile = std::move(*loaded);
  return mlir::success();
}

} // namespace anec

#endif // ANEC_COMPILER_KERNELS_TARGETOPTION_H

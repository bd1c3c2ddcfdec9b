//===- Resize.h - --seq and --batch -----------------------------*- C++ -*-===//
#ifndef ANEC_TOOLS_ANEC_RESIZE_H
#define ANEC_TOOLS_ANEC_RESIZE_H

#include "dialect/NN/NN.h"

namespace anec {

/// Gives every activation and token tensor of a model as written another
/// sequence length or batch; 0 keeps what is written. Fails with a diagnostic
/// when the model has no argument to read them from.
mlir::LogicalResult resize(nn::ModelOp model, int64_t batch, int64_t sequence);

} // namespace anec

#endif // ANEC_TOOLS_ANEC_RESIZE_H

//===- Resize.h - --seq and --batch -----------------------------*- C++ -*-===//
#ifndef ANEC_TOOLS_ANEC_RESIZE_H
#define ANEC_TOOLS_ANEC_RESIZE_H

#include "dialect/NN/NN.h"

#include "llvm/Support/Error.h"

namespace anec {

/// Gives every activation and token tensor of a model as written another batch,
/// and those of the first argument's sequence length another one; 0 keeps what
/// is written. Fails with a diagnostic
/// when the model has no argument to read them from.
mlir::LogicalResult resize(nn::ModelOp model, int64_t batch, int64_t sequence);

/// Gives the classifier and the embedding `rows` rows in place of the whole
/// vocabulary, which the attributes `full_vocabulary` and `active_rows` of the
/// model remember. Fails with a diagnostic when the model reads no tokens, or
/// the loss has no classes or fewer.
mlir::LogicalResult resizeVocabulary(nn::ModelOp model, int64_t rows);

/// --active-vocab: a number, or the count of distinct ids in a file of uint16
/// tokens, rounded up to a multiple of 32, which surfaces need.
llvm::Expected<int64_t> readActiveVocabulary(llvm::StringRef text);

} // namespace anec

#endif // ANEC_TOOLS_ANEC_RESIZE_H

//===- Vocabulary.h - Which dimensions are the vocabulary -------*- C++ -*-===//
//
// Only tokens that occur in the data need rows in the embedding and in the
// classifier. Where both are host work the runtime may leave the others out;
// this analysis says which parameters and values get smaller.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_COMPILER_TRANSFORMS_VOCABULARY_H
#define ANEC_COMPILER_TRANSFORMS_VOCABULARY_H

#include "dialect/NN/NN.h"

#include "llvm/ADT/DenseSet.h"

namespace anec {

/// Whether an entry point of the model takes tokens.
bool readsTokens(nn::ModelOp model);

class Vocabulary {
public:
  explicit Vocabulary(nn::ModelOp model);

  /// Classes of the loss; 0 for a model without tokens.
  int64_t size() const { return rows; }
  /// Whether the runtime may run with fewer rows.
  bool isCompactable() const { return compactable; }
  /// Rows that --active-vocab compiled in, 0 when the runtime may choose.
  int64_t fixedRows() const { return fixed; }
  /// Whether dimension 0 of this parameter is the vocabulary.
  bool isRowsOf(llvm::StringRef parameter) const {
    return compactable && parameters.contains(parameter);
  }
  /// Dimensions of a host value that are the vocabulary.
  llvm::SmallVector<int64_t> dimensionsOf(mlir::Value value) const;

private:
  void findParameters(nn::FuncOp func);
  bool usesAllow(nn::GetOp get) const;
  void markValues(nn::FuncOp func);
  void markFixed(nn::ModelOp model);

  int64_t rows = 0, fixed = 0;
  bool compactable = false;
  llvm::DenseSet<llvm::StringRef> parameters;
  llvm::DenseMap<mlir::Value, int64_t> dimensions;
};

} // namespace anec

#endif // ANEC_COMPILER_TRANSFORMS_VOCABULARY_H

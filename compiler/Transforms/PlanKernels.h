//===- PlanKernels.h - Kernels as the plan sees them ------------*- C++ -*-===//
//
// What pack-weights left on a mil.program, looked up by argument and result,
// and how many surfaces each kernel needs.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_COMPILER_TRANSFORMS_PLANKERNELS_H
#define ANEC_COMPILER_TRANSFORMS_PLANKERNELS_H

#include "dialect/MIL/MIL.h"
#include "dialect/NN/NN.h"
#include "dialect/Plan/Plan.h"

#include <map>
#include <string>
#include <vector>

namespace anec {

/// One kernel, its surfaces and where its arguments and results lie in them.
struct PlanKernel {
  mutable mil::ProgramOp program; ///< MLIR handles have no const members.
  std::string name;
  /// Iterations of the scan that dispatches it; 1 at the top level.
  int64_t count = 1;
  /// Whether results outlive their iteration, so that each needs a surface.
  bool keepsResults = false;

  std::string input() const { return name + ".in"; }
  std::string output() const { return name + ".out"; }
  int64_t outputCount() const { return keepsResults ? count : 1; }
  bool isBaked() const;
  mlir::ArrayAttr list(llvm::StringRef attribute) const;
  /// Region of an argument; null when it is baked.
  mlir::DictionaryAttr region(llvm::StringRef list, llvm::StringRef key,
                              int64_t number) const;
};

/// Every kernel of a model, by its symbol.
class PlanKernels {
public:
  explicit PlanKernels(nn::ModelOp model);
  const PlanKernel &of(llvm::StringRef symbol) const {
    return kernels.at(symbol.str());
  }
  std::vector<const PlanKernel *> inOrder() const;

private:
  void noteScan(nn::ScanOp scan, nn::FuncOp block);
  std::map<std::string, PlanKernel> kernels;
  std::vector<std::string> order;
};

/// A field of a region dictionary.
inline llvm::StringRef textOf(mlir::DictionaryAttr region,
                              llvm::StringRef field) {
  return region.getAs<mlir::StringAttr>(field).getValue();
}

/// Whether a stack is used only to be accumulated.
bool isOnlyAccumulated(mlir::Value stack);

} // namespace anec

#endif // ANEC_COMPILER_TRANSFORMS_PLANKERNELS_H

//===- PlanKernels.h - Kernels as the plan sees them ------------*- C++ -*-===//
//
// What pack-weights left on a mil.program: the inputs and outputs, which of
// them are surfaces of the kernel, of its weights, or of a single value, and
// how many surfaces each needs.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_COMPILER_TRANSFORMS_PLANKERNELS_H
#define ANEC_COMPILER_TRANSFORMS_PLANKERNELS_H

#include "dialect/MIL/MIL.h"
#include "dialect/NN/NN.h"
#include "dialect/Plan/Plan.h"

#include "mlir/IR/Builders.h"

#include <map>
#include <string>
#include <vector>

namespace anec {

/// One input or output of a kernel.
struct PlanPort {
  enum class Kind {
    Kernel,  ///< A surface that belongs to this kernel: several values.
    Weights, ///< Weights only; kernels with the same ones bind the same.
    Value    ///< One activation; bound to whatever surface holds it.
  } kind = Kind::Kernel;
  int64_t channels = 0, width = 0;
  mlir::ArrayAttr regions;
  /// Of Kernel and Weights ports.
  std::string surface;
  /// Of Value ports: what a surface must look like to be bound.
  mlir::DictionaryAttr shape;

  /// The argument or result of a Value port.
  int64_t number() const;
};

/// One kernel, its surfaces and where its arguments and results lie in them.
struct PlanKernel {
  mutable mil::ProgramOp program; ///< MLIR handles have no const members.
  std::string name;
  /// Iterations of the scan that dispatches it; 1 at the top level.
  int64_t count = 1;
  /// Whether results outlive their iteration, so that each needs a surface.
  bool keepsResults = false;
  std::vector<PlanPort> inputs, outputs;

  int64_t outputCount() const { return keepsResults ? count : 1; }
  /// Weights that are constants of the program.
  mlir::ArrayAttr baked() const;
  bool isBaked() const { return !baked().empty(); }
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
  void addPorts(PlanKernel &kernel);
  void noteScan(nn::ScanOp scan, nn::FuncOp block);
  /// The name of the surface of these weights.
  std::string weightsSurface(const PlanKernel &kernel, const PlanPort &port);

  std::map<std::string, PlanKernel> kernels;
  std::vector<std::string> order;
  /// Surfaces of weights, by what they look like.
  std::vector<std::pair<mlir::Attribute, std::string>> weights;
};

/// A field of a region dictionary.
inline llvm::StringRef textOf(mlir::DictionaryAttr region,
                              llvm::StringRef field) {
  return region.getAs<mlir::StringAttr>(field).getValue();
}

/// The surfaces that hold the sums of a parameter's gradients during an update.
inline mlir::StringAttr gradientSurface(mlir::FlatSymbolRefAttr parameter) {
  return mlir::StringAttr::get(parameter.getContext(),
                               parameter.getValue() + ".gradient");
}

/// A loop over the tensors of a family, or nothing for a single one: steps go
/// where the builder then stands.
bool enterLoop(mlir::OpBuilder &builder, mlir::Location loc, int64_t count);

/// Whether a stack is used only to be accumulated.
bool isOnlyAccumulated(mlir::Value stack);

} // namespace anec

#endif // ANEC_COMPILER_TRANSFORMS_PLANKERNELS_H

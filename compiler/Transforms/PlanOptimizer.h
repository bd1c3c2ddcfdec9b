//===- PlanOptimizer.h - Updates on the device as steps ---------*- C++ -*-===//
#ifndef ANEC_COMPILER_TRANSFORMS_PLANOPTIMIZER_H
#define ANEC_COMPILER_TRANSFORMS_PLANOPTIMIZER_H

#include "compiler/Transforms/PlanBuffers.h"
#include "compiler/Transforms/PlanKernels.h"
#include "compiler/Transforms/PlanSurfaces.h"

namespace anec {

/// Whether the device trains this parameter of `model`.
bool isOnDevice(nn::ModelOp model, llvm::StringRef parameter);

/// The parameters that nn-offload-optimizer lists: surfaces for what the device
/// keeps of them, and the steps of an update.
class PlanOptimizer {
public:
  /// The builder stands where programs go, and is moved by nobody else while
  /// one is built. The surfaces of gradients exist.
  PlanOptimizer(nn::ModelOp model, mlir::OpBuilder &builder,
                PlanBuffers &buffers, PlanSurfaces &surfaces,
                const PlanKernels &kernels);

  bool empty() const { return !list || list.empty(); }

  /// Where the builder stands: what the norm of all gradients needs of those on
  /// the device. Returns the outputs of the program.
  mlir::ArrayAttr buildSquares();
  /// The program `update` and what it works on; nothing when there is none.
  void buildUpdate();

private:
  void squaresOf(mlir::DictionaryAttr entry,
                 llvm::SmallVectorImpl<mlir::Attribute> &outputs);
  mlir::Attribute writeFactors(const PlanPort &port, mlir::StringAttr &surface);
  void update(mlir::DictionaryAttr entry,
              llvm::StringMap<mlir::StringAttr> &factors,
              llvm::SmallVectorImpl<mlir::Attribute> &inputs);
  mlir::StringAttr weightOf(nn::ParameterOp parameter) const;
  mlir::StringAttr stateLike(mlir::StringAttr gradient,
                             const llvm::Twine &name);

  nn::ParameterOp parameterOf(mlir::DictionaryAttr entry);
  const PlanKernel &kernelOf(mlir::DictionaryAttr entry,
                             llvm::StringRef which) const;
  plan::SurfaceAttr surface(mlir::StringAttr name, bool loop) const {
    return plan::SurfaceAttr::get(model->getContext(), name, loop, 0);
  }
  plan::RegionAttr value(plan::SurfaceAttr of) const {
    return plan::RegionAttr::get(model->getContext(), of,
                                 builder.getStringAttr(PlanSurfaces::region));
  }

  mutable nn::ModelOp model; ///< MLIR handles have no const members.
  mlir::OpBuilder &builder;
  PlanBuffers &buffers;
  PlanSurfaces &surfaces;
  const PlanKernels &kernels;
  mlir::ArrayAttr list;
  mlir::OpBuilder things; ///< Where surfaces go.
};

} // namespace anec

#endif // ANEC_COMPILER_TRANSFORMS_PLANOPTIMIZER_H

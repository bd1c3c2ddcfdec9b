//===- ProgramBuilder.h - How a host function becomes steps -----*- C++ -*-===//
//
// Walks a host function once, keeps for every value the buffer or the surface
// region that holds it, and writes down the steps that put it there. Internal
// to plan-build.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_COMPILER_TRANSFORMS_PROGRAMBUILDER_H
#define ANEC_COMPILER_TRANSFORMS_PROGRAMBUILDER_H

#include "compiler/Transforms/PlanProgram.h"

namespace anec {

/// Where a value is at run time: in a buffer or parameter, in a region of a
/// surface, or in both. Stacks have references with the loop's index.
struct Where {
  plan::ValueAttr value;
  plan::RegionAttr region;
};

class ProgramBuilder {
public:
  ProgramBuilder(nn::FuncOp func, mlir::OpBuilder &builder,
                 PlanBuffers &buffers, PlanSurfaces &surfaces,
                 const PlanKernels &kernels, const Vocabulary &vocabulary)
      : func(func), builder(builder), buffers(buffers), surfaces(surfaces),
        kernels(kernels), vocabulary(vocabulary), context(func.getContext()) {}

  mlir::LogicalResult build();

private:
  mlir::LogicalResult emit(mlir::Operation &op);
  mlir::LogicalResult emitHost(mlir::Operation &op);
  void emitDispatch(nn::DispatchOp op);
  plan::SurfaceAttr bindInput(nn::DispatchOp op, const PlanPort &port);
  plan::SurfaceAttr bindOutput(nn::DispatchOp op, const PlanKernel &kernel,
                               const PlanPort &port);
  void put(mlir::Location loc, mlir::Value value, plan::RegionAttr to);
  mlir::LogicalResult emitScan(nn::ScanOp scan);
  void bindArguments(nn::ScanOp scan, nn::FuncOp block);
  void bindCarry(nn::ScanOp scan, unsigned index, mlir::Value argument);
  const PlanPort *ringPort(mlir::Value argument, mlir::Value next) const;
  void bindRing(nn::ScanOp scan, unsigned index, mlir::Value argument,
                mlir::Value next, const PlanPort &port);
  plan::SurfaceAttr ringStart(mlir::Value result, const PlanPort &port);
  void chooseGradients(nn::ScanOp scan, nn::FuncOp block);
  void yieldStack(nn::ScanOp scan, mlir::Value value, unsigned index);
  void emitAccumulate(nn::AccumulateOp op);
  /// The surfaces where the sums of a parameter's gradients stay.
  plan::SurfaceAttr sumRef(mlir::FlatSymbolRefAttr parameter, bool loop) {
    return surfaceRef(gradientSurface(parameter), loop);
  }
  plan::SurfaceAttr sumSurface(mlir::Value result, const PlanPort &port);

  mlir::Value stackOf(mlir::Value value) const {
    return yieldedTo.lookup(value);
  }
  plan::ValueAttr bufferRef(mlir::StringAttr name, bool loop = false) {
    return plan::ValueAttr::get(context, plan::ValueKind::buffer, name, loop);
  }
  plan::ValueAttr allocate(mlir::Value value, int64_t count = 1);
  plan::ValueAttr inBuffer(mlir::Value value);
  plan::ValueAttr resultRef(mlir::Value result);
  void identity(mlir::Location loc, plan::ValueAttr from, plan::ValueAttr to);
  void host(mlir::Location loc, llvm::StringRef name,
            llvm::ArrayRef<plan::ValueAttr> operands,
            llvm::ArrayRef<plan::ValueAttr> results,
            mlir::DictionaryAttr attributes);
  void releaseAfter(mlir::Operation &op);
  plan::SurfaceAttr surfaceRef(mlir::StringAttr name, bool loop,
                               int64_t offset = 0) {
    return plan::SurfaceAttr::get(context, name, loop, offset);
  }
  plan::RegionAttr valueRegion(plan::SurfaceAttr surface) {
    return plan::RegionAttr::get(context, surface,
                                 builder.getStringAttr(PlanSurfaces::region));
  }
  /// A surface for `value` alone, one for each iteration when it is collected.
  plan::SurfaceAttr surfaceFor(mlir::Value value, const PlanPort &port);
  /// `value` is in the surface `name` until its last use.
  void holdSurface(mlir::Value value, mlir::StringAttr name);

  nn::FuncOp func;
  mlir::OpBuilder &builder;
  PlanBuffers &buffers;
  PlanSurfaces &surfaces;
  const PlanKernels &kernels;
  const Vocabulary &vocabulary;
  mlir::MLIRContext *context;

  llvm::DenseMap<mlir::Value, Where> where;
  /// Buffers to give back after the last use of a value.
  llvm::DenseMap<mlir::Value, mlir::StringAttr> owned;
  /// Surfaces that hold a value alone, until its last use.
  llvm::DenseMap<mlir::Value, mlir::StringAttr> held;
  /// Surfaces that the dispatch being built needs only for itself.
  llvm::SmallVector<mlir::StringAttr> copies;
  /// Results of dispatches that are the next carry, and the surface for them.
  llvm::DenseMap<mlir::Value, plan::SurfaceAttr> ringNext;
  /// Rings that the dispatch before their scan has begun, by scan and carry.
  llvm::DenseMap<std::pair<mlir::Operation *, unsigned>, mlir::StringAttr>
      ringsBegun;
  /// Values of a block whose only destination is a gradient.
  llvm::DenseMap<mlir::Value, plan::ValueAttr> gradients;
  /// Values of a block that are sums kept on the device, and of what.
  llvm::DenseMap<mlir::Value, mlir::FlatSymbolRefAttr> sums;
  /// Values of a block that a stack collects.
  llvm::DenseMap<mlir::Value, mlir::Value> yieldedTo;
  int64_t loopCount = 0;
};

} // namespace anec

#endif // ANEC_COMPILER_TRANSFORMS_PROGRAMBUILDER_H

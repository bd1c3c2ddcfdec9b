//===- PlanBuild.cpp - plan-build -----------------------------------------===//
//
// From what the host functions compute to what the host does: which buffer or
// surface region each value is in, what is moved where, and in which order.
//
//===----------------------------------------------------------------------===//

#include "compiler/Passes.h"
#include "compiler/Transforms/PlanBuffers.h"
#include "compiler/Transforms/PlanKernels.h"
#include "compiler/Transforms/PlanProgram.h"
#include "compiler/Transforms/Vocabulary.h"

namespace anec {
#define GEN_PASS_DEF_PLANBUILDPASS
#include "compiler/Passes.h.inc"
} // namespace anec

using namespace mlir;
using namespace anec;

namespace {

struct PlanBuild : anec::impl::PlanBuildPassBase<PlanBuild> {
  using PlanBuildPassBase::PlanBuildPassBase;
  void runOnOperation() override;

private:
  LogicalResult findShape();
  void buildKernels(OpBuilder &builder);
  void buildStage(OpBuilder &builder);
  void stageKernel(OpBuilder &builder, const PlanKernel &kernel);
  plan::SurfaceOp surface(OpBuilder &builder, const PlanKernel &kernel,
                          StringRef name, StringRef shape, StringRef regions,
                          int64_t count);

  std::optional<PlanKernels> kernels;
  int64_t batch = 0, sequence = 0;
};

/// Batch and sequence, from the first argument with a role.
LogicalResult PlanBuild::findShape() {
  for (nn::FuncOp func : getOperation().getOps<nn::FuncOp>()) {
    if (!func.isPublic() || func.getNumArguments() == 0)
      continue;
    for (unsigned i = 0, e = func.getNumArguments(); i < e; ++i)
      if (!func.getArgAttr(i, "nn.role"))
        return func.emitOpError("expects every argument to have nn.role "
                                "\"tokens\", \"targets\" or \"data\", but "
                                "argument ")
               << i << " has none";
    auto type = cast<RankedTensorType>(func.getArgument(0).getType());
    if (type.getRank() < 2)
      return func.emitOpError("expects arguments [batch, sequence, ...], but "
                              "got ")
             << type;
    batch = type.getDimSize(0);
    sequence = type.getDimSize(1);
  }
  return success();
}

plan::SurfaceOp PlanBuild::surface(OpBuilder &builder, const PlanKernel &kernel,
                                   StringRef name, StringRef shape,
                                   StringRef regions, int64_t count) {
  auto size =
      kernel.program->getAttrOfType<DenseI64ArrayAttr>(shape).asArrayRef();
  return plan::SurfaceOp::create(builder, kernel.program.getLoc(), name,
                                 size[0], size[1], count, kernel.list(regions));
}

void PlanBuild::buildKernels(OpBuilder &builder) {
  for (const PlanKernel *kernel : kernels->inOrder()) {
    surface(builder, *kernel, kernel->input(), "surface_in", "regions_in",
            kernel->count);
    surface(builder, *kernel, kernel->output(), "surface_out", "regions_out",
            kernel->outputCount());
    plan::KernelOp::create(builder, kernel->program.getLoc(), kernel->name,
                           kernel->program.getSymName(),
                           kernel->isBaked() ? kernel->count : 1,
                           kernel->list("baked"));
  }
}

/// Weight regions and baked programs of one kernel, for each surface.
void PlanBuild::stageKernel(OpBuilder &builder, const PlanKernel &kernel) {
  Location loc = kernel.program.getLoc();
  bool loop = kernel.count > 1;
  OpBuilder::InsertionGuard guard(builder);
  if (loop) {
    auto steps = plan::ForOp::create(builder, loc, kernel.count,
                                     /*reverse=*/false);
    builder.createBlock(&steps.getBody());
  }
  for (auto region : kernel.list("regions_in").getAsRange<DictionaryAttr>()) {
    auto parameter = region.getAs<FlatSymbolRefAttr>("parameter");
    if (!parameter)
      continue;
    bool family = parameter.getValue().contains('*');
    plan::StageOp::create(
        builder, loc,
        plan::ValueAttr::get(&getContext(), plan::ValueKind::parameter,
                             parameter.getAttr(), loop && family),
        plan::RegionAttr::get(
            &getContext(),
            plan::SurfaceAttr::get(
                &getContext(), builder.getStringAttr(kernel.input()), loop, 0),
            region.getAs<StringAttr>("name")));
  }
  if (kernel.isBaked())
    plan::LoadOp::create(builder, loc, kernel.name, loop);
}

void PlanBuild::buildStage(OpBuilder &builder) {
  OpBuilder::InsertionGuard guard(builder);
  auto program = plan::ProgramOp::create(builder, getOperation().getLoc(),
                                         "stage", builder.getArrayAttr({}),
                                         builder.getArrayAttr({}));
  builder.createBlock(&program.getBody());
  for (const PlanKernel *kernel : kernels->inOrder())
    stageKernel(builder, *kernel);
}

void PlanBuild::runOnOperation() {
  nn::ModelOp model = getOperation();
  if (failed(findShape()))
    return signalPassFailure();
  kernels.emplace(model);
  Vocabulary vocabulary(model);

  OpBuilder builder(model->getContext());
  builder.setInsertionPointAfter(model);
  auto plan = plan::ModuleOp::create(
      builder, model.getLoc(), model.getSymName(), weights, offload, recompute,
      target, batch, sequence, vocabulary.size(), vocabulary.isCompactable(),
      vocabulary.fixedRows());
  builder.createBlock(&plan.getBody());
  PlanBuffers buffers(builder);
  buildKernels(builder);
  for (auto func : model.getOps<nn::FuncOp>())
    if (func.isPublic() &&
        failed(buildPlanProgram(func, builder, buffers, *kernels, vocabulary)))
      return signalPassFailure();
  buildStage(builder);

  for (auto parameter : model.getOps<nn::ParameterOp>())
    if (vocabulary.isRowsOf(parameter.getSymName()))
      parameter->setAttr("vocabulary_rows", builder.getUnitAttr());
  for (auto func : llvm::make_early_inc_range(model.getOps<nn::FuncOp>()))
    func.erase();
}

} // namespace

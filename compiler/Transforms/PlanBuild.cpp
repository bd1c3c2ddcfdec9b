//===- PlanBuild.cpp - plan-build -----------------------------------------===//
//
// From what the host functions compute to what the host does: which buffer or
// surface region each value is in, what is moved where, and in which order.
//
//===----------------------------------------------------------------------===//

#include "compiler/Passes.h"
#include "compiler/Transforms/PlanBuffers.h"
#include "compiler/Transforms/PlanKernels.h"
#include "compiler/Transforms/PlanOptimizer.h"
#include "compiler/Transforms/PlanProgram.h"
#include "compiler/Transforms/Vocabulary.h"

#include <set>

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
  void buildFinishGradients(OpBuilder &builder, PlanBuffers &buffers,
                            PlanOptimizer &optimizer);
  void readSums(OpBuilder &builder, PlanBuffers &buffers);
  void deriveGains(OpBuilder &builder, ArrayAttr list);
  void stageKernel(OpBuilder &builder, const PlanKernel &kernel);
  void stagePort(OpBuilder &builder, Location loc, const PlanPort &port,
                 bool loop);
  void buildSurface(OpBuilder &builder, Location loc, const PlanPort &port,
                    int64_t count);

  std::optional<PlanKernels> kernels;
  /// Parameters whose gradients stay on the device until the update ends.
  SmallVector<FlatSymbolRefAttr> sums;
  /// Names of surfaces that exist, and of weights that have been staged.
  std::set<std::string> surfaces, staged;
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

void PlanBuild::buildSurface(OpBuilder &builder, Location loc,
                             const PlanPort &port, int64_t count) {
  if (port.kind == PlanPort::Kind::Value ||
      !surfaces.insert(port.surface).second)
    return;
  plan::SurfaceOp::create(builder, loc, port.surface, port.channels, port.width,
                          count, port.regions);
}

void PlanBuild::buildKernels(OpBuilder &builder) {
  for (const PlanKernel *kernel : kernels->inOrder()) {
    Location loc = kernel->program.getLoc();
    for (const PlanPort &port : kernel->inputs)
      buildSurface(builder, loc, port, kernel->count);
    for (const PlanPort &port : kernel->outputs)
      buildSurface(builder, loc, port, kernel->outputCount());
    plan::KernelOp::create(
        builder, loc, kernel->name, kernel->program.getSymName(),
        kernel->isBaked() ? kernel->count : 1, kernel->baked());
  }
}

/// Weight regions and baked programs of one kernel, for each surface. Weights
/// that an earlier kernel binds too are there already.
void PlanBuild::stageKernel(OpBuilder &builder, const PlanKernel &kernel) {
  Location loc = kernel.program.getLoc();
  OpBuilder::InsertionGuard guard(builder);
  bool loop = enterLoop(builder, loc, kernel.count);
  for (const PlanPort &port : kernel.inputs)
    if (port.kind == PlanPort::Kind::Kernel ||
        staged.insert(port.surface).second)
      stagePort(builder, loc, port, loop);
  if (kernel.isBaked()) {
    bool delta = llvm::all_of(
        kernel.baked().getAsRange<DictionaryAttr>(), [](DictionaryAttr entry) {
          return entry.getAs<BoolAttr>("delta").getValue();
        });
    plan::LoadOp::create(builder, loc, kernel.name, loop, delta);
  }
}

void PlanBuild::stagePort(OpBuilder &builder, Location loc,
                          const PlanPort &port, bool loop) {
  for (auto region : port.regions.getAsRange<DictionaryAttr>()) {
    auto parameter = region.getAs<FlatSymbolRefAttr>("parameter");
    if (!parameter)
      continue;
    auto surface = plan::SurfaceAttr::get(
        &getContext(), builder.getStringAttr(port.surface), loop, 0);
    auto values = [&](FlatSymbolRefAttr name) {
      bool family = name.getValue().contains('*');
      return plan::ValueAttr::get(&getContext(), plan::ValueKind::parameter,
                                  name.getAttr(), loop && family);
    };
    auto scale = region.getAs<FlatSymbolRefAttr>("column_scale");
    auto to = plan::RegionAttr::get(&getContext(), surface,
                                    region.getAs<StringAttr>("name"));
    // What programs write is no weight to the device.
    if (textOf(region, "kind") == "weight")
      plan::StageOp::create(builder, loc, values(parameter),
                            scale ? values(scale) : plan::ValueAttr(), to);
    else
      plan::WriteOp::create(builder, loc, values(parameter), to);
  }
}

void PlanBuild::buildStage(OpBuilder &builder) {
  OpBuilder::InsertionGuard guard(builder);
  auto program = plan::ProgramOp::create(builder, getOperation().getLoc(),
                                         "stage", builder.getArrayAttr({}),
                                         builder.getArrayAttr({}));
  builder.createBlock(&program.getBody());
  for (const PlanKernel *kernel : kernels->inOrder())
    stageKernel(builder, *kernel);
  // Loops of kernels that had nothing left to stage.
  for (Operation &op : llvm::make_early_inc_range(program.getBody().front()))
    if (auto loop = dyn_cast<plan::ForOp>(op))
      if (loop.getBody().front().empty())
        loop.erase();
}

/// Brings the sums that stayed on the device to the host.
void PlanBuild::readSums(OpBuilder &builder, PlanBuffers &buffers) {
  SymbolTable symbols(getOperation());
  buffers.releaseAll();
  for (FlatSymbolRefAttr name : sums) {
    OpBuilder::InsertionGuard guard(builder);
    auto parameter = symbols.lookup<nn::ParameterOp>(name.getValue());
    Location loc = parameter.getLoc();
    StringAttr buffer = buffers.allocate(parameter.getType(), 1, {}, loc);
    bool loop = enterLoop(builder, loc, parameter.getCount());
    auto ref = [&](plan::ValueKind kind, StringAttr of, bool indexed) {
      return plan::ValueAttr::get(&getContext(), kind, of, indexed);
    };
    plan::ValueAttr value = ref(plan::ValueKind::buffer, buffer, false);
    auto surface = plan::SurfaceAttr::get(&getContext(), gradientSurface(name),
                                          loop, /*offset=*/0);
    plan::ReadOp::create(
        builder, loc,
        plan::RegionAttr::get(&getContext(), surface,
                              builder.getStringAttr(PlanSurfaces::region)),
        value);
    plan::HostOp::create(builder, loc, builder.getStringAttr("scale"),
                         builder.getArrayAttr({value}),
                         builder.getArrayAttr(ref(plan::ValueKind::gradient,
                                                  name.getAttr(), loop)),
                         builder.getDictionaryAttr(builder.getNamedAttr(
                             "factor", builder.getF64FloatAttr(1.0))));
    buffers.release(buffer);
  }
}

/// Gradients of gains from those of weights; see nn-derive-gains.
void PlanBuild::deriveGains(OpBuilder &builder, ArrayAttr list) {
  SymbolTable symbols(getOperation());
  for (auto entry : list.getAsRange<DictionaryAttr>()) {
    OpBuilder::InsertionGuard guard(builder);
    auto weight = entry.getAs<FlatSymbolRefAttr>("weight");
    auto gain = entry.getAs<FlatSymbolRefAttr>("gain");
    auto parameter = symbols.lookup<nn::ParameterOp>(weight.getValue());
    Location loc = parameter.getLoc();
    bool loop = enterLoop(builder, loc, parameter.getCount());
    auto refs = [&](plan::ValueKind kind) {
      return builder.getArrayAttr(
          {plan::ValueAttr::get(&getContext(), kind, weight.getAttr(), loop),
           plan::ValueAttr::get(&getContext(), kind, gain.getAttr(), loop)});
    };
    plan::HostOp::create(
        builder, loc, builder.getStringAttr("derive_gain_grad"),
        refs(plan::ValueKind::parameter), refs(plan::ValueKind::gradient),
        builder.getDictionaryAttr({}));
  }
}

/// What turns the sums of an update into gradients on the host.
void PlanBuild::buildFinishGradients(OpBuilder &builder, PlanBuffers &buffers,
                                     PlanOptimizer &optimizer) {
  auto gains = getOperation()->getAttrOfType<ArrayAttr>("derived_gains");
  if (!gains && sums.empty() && optimizer.empty())
    return;
  OpBuilder::InsertionGuard guard(builder);
  auto program = plan::ProgramOp::create(
      builder, getOperation().getLoc(), "finish_gradients",
      builder.getArrayAttr({}), builder.getArrayAttr({}));
  builder.createBlock(&program.getBody());
  readSums(builder, buffers);
  if (gains)
    deriveGains(builder, gains);
  program.setOutputsAttr(optimizer.buildSquares());
}

void PlanBuild::runOnOperation() {
  nn::ModelOp model = getOperation();
  if (failed(findShape()))
    return signalPassFailure();
  kernels.emplace(model);
  surfaces.clear();
  staged.clear();
  sums.clear();
  if (auto step = SymbolTable(model).lookup<nn::FuncOp>("train_step"))
    for (auto op : step.getOps<nn::AccumulateOp>())
      if (op.getInPlace() && !isOnDevice(model, op.getParameter()))
        sums.push_back(op.getParameterAttr());
  Vocabulary vocabulary(model);

  OpBuilder builder(model->getContext());
  builder.setInsertionPointAfter(model);
  auto plan = plan::ModuleOp::create(
      builder, model.getLoc(), model.getSymName(), weights, offload, recompute,
      target, batch, sequence, vocabulary.size(), vocabulary.isCompactable(),
      vocabulary.fixedRows());
  builder.createBlock(&plan.getBody());
  PlanBuffers buffers(builder);
  PlanSurfaces values(builder);
  buildKernels(builder);
  for (auto func : model.getOps<nn::FuncOp>())
    if (func.isPublic() &&
        failed(buildPlanProgram(func, builder, buffers, values, *kernels,
                                vocabulary)))
      return signalPassFailure();
  PlanOptimizer optimizer(model, builder, buffers, values, *kernels);
  buildFinishGradients(builder, buffers, optimizer);
  optimizer.buildUpdate();
  buildStage(builder);

  for (auto parameter : model.getOps<nn::ParameterOp>())
    if (vocabulary.isRowsOf(parameter.getSymName()))
      parameter->setAttr("vocabulary_rows", builder.getUnitAttr());
  for (auto func : llvm::make_early_inc_range(model.getOps<nn::FuncOp>()))
    func.erase();
}

} // namespace

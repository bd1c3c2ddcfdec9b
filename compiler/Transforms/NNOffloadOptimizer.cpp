//===- NNOffloadOptimizer.cpp - nn-offload-optimizer ----------------------===//
//
// Where weights are inputs of kernels and the sums of their gradients stay on
// the device, so can their update: one kernel for each shape, which finds
// value, moments and gradient in surfaces and leaves value and moments there.
//
//===----------------------------------------------------------------------===//

#include "compiler/Kernels/KernelArguments.h"
#include "compiler/Kernels/TargetOption.h"
#include "compiler/Passes.h"
#include "compiler/Transforms/DeviceParameters.h"
#include "compiler/Transforms/Vocabulary.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/MapVector.h"

namespace anec {
#define GEN_PASS_DEF_NNOFFLOADOPTIMIZERPASS
#include "compiler/Passes.h.inc"
} // namespace anec

using namespace mlir;
using namespace anec;
using namespace anec::nn;
using rt::target::Rule;

namespace {

/// An argument or a result of a kernel.
struct KernelValue {
  mutable FuncOp kernel; ///< MLIR handles have no const members.
  unsigned number;
};

struct NNOffloadOptimizer
    : anec::impl::NNOffloadOptimizerPassBase<NNOffloadOptimizer> {
  using NNOffloadOptimizerPassBase::NNOffloadOptimizerPassBase;

  LogicalResult initialize(MLIRContext *context) override {
    return loadTarget(target.getValue(), context, profile);
  }
  void runOnOperation() override;

private:
  LogicalResult checkTarget();
  void collect();
  StringRef obstacle(ParameterOp parameter, const Vocabulary &vocabulary);
  std::optional<KernelValue> gradientOf(StringRef parameter);
  bool isReadByHost(StringRef parameter);
  Attribute updated(ParameterOp parameter);
  FuncOp makeKernel(const Twine &name, ArrayRef<Type> arguments);
  FuncOp updateKernel(RankedTensorType type);
  FuncOp squaresKernel(RankedTensorType type);

  std::optional<rt::target::Profile> profile;
  /// Arguments of kernels, by the parameter that they are.
  llvm::MapVector<StringRef, SmallVector<KernelValue>> arguments;
};

/// Whether a surface may be input and output of one dispatch.
LogicalResult NNOffloadOptimizer::checkTarget() {
  if (profile->takesSurfacesInPlace())
    return success();
  const rt::target::RuleInfo &rule = rt::target::ruleInfo(Rule::IoInPlace);
  InFlightDiagnostic error =
      getOperation().emitError("offload 'optimizer' needs dispatches with one "
                               "surface as input and output, which the target "
                               "refuses [")
      << rule.id << "]";
  error.attachNote() << "target '" << profile->name() << "': " << rule.evidence;
  error.attachNote() << "instead: --target=m4 or --target=m5, or --offload "
                        "without 'optimizer'";
  return error;
}

void NNOffloadOptimizer::collect() {
  arguments.clear();
  for (FuncOp kernel : getOperation().getOps<FuncOp>())
    for (unsigned i = 0, e = kernel.getNumArguments();
         kernel.isKernel() && i < e; ++i)
      if (auto parameter =
              kernel.getArgAttrOfType<FlatSymbolRefAttr>(i, "nn.parameter"))
        arguments[parameter.getValue()].push_back({kernel, i});
}

/// The result of a kernel that is all of a parameter's gradient and stays on
/// the device; none where the host adds something to it.
std::optional<KernelValue> NNOffloadOptimizer::gradientOf(StringRef parameter) {
  SymbolTable symbols(getOperation());
  Value gradient;
  for (auto op : symbols.lookup<FuncOp>("train_step").getOps<AccumulateOp>()) {
    if (op.getParameter() != parameter)
      continue;
    if (gradient || !op.getInPlace())
      return std::nullopt;
    gradient = op.getGradient();
  }
  if (!gradient)
    return std::nullopt;
  if (auto scan = gradient.getDefiningOp<ScanOp>())
    gradient = symbols.lookup<FuncOp>(scan.getCallee())
                   .getReturn()
                   .getOperand(cast<OpResult>(gradient).getResultNumber());
  auto dispatch = gradient.getDefiningOp<DispatchOp>();
  return KernelValue{symbols.lookup<FuncOp>(dispatch.getKernel()),
                     cast<OpResult>(gradient).getResultNumber()};
}

/// Whether the values are operands of anything but dispatches.
bool NNOffloadOptimizer::isReadByHost(StringRef parameter) {
  auto isMoved = [](Operation *user) { return isa<ScanOp, DispatchOp>(user); };
  for (FuncOp func : getOperation().getOps<FuncOp>()) {
    if (func.isKernel())
      continue;
    for (auto get : func.getOps<GetOp>())
      if (get.getParameter() == parameter &&
          !llvm::all_of(get->getUsers(), isMoved))
        return true;
    for (BlockArgument argument : func.getArguments()) {
      auto of = func.getArgAttrOfType<FlatSymbolRefAttr>(
          argument.getArgNumber(), "nn.parameter");
      if (of && of.getValue() == parameter &&
          !llvm::all_of(argument.getUsers(), isMoved))
        return true;
    }
  }
  return false;
}

/// The orders in which a matrix is stored.
std::pair<Attribute, Attribute> ordersOf(DictionaryAttr attributes) {
  if (!attributes)
    return {};
  return {attributes.get("nn.row_order"), attributes.get("nn.column_order")};
}

/// Why the host has to train a parameter; empty when the device can.
StringRef NNOffloadOptimizer::obstacle(ParameterOp parameter,
                                       const Vocabulary &vocabulary) {
  StringRef name = parameter.getSymName();
  if (cast<RankedTensorType>(parameter.getType()).getRank() != 2 ||
      !parameter.getTrainable())
    return "is no trained matrix";
  std::optional<KernelValue> gradient = gradientOf(name);
  if (!gradient)
    return "has a gradient that the host computes or adds to";
  if (vocabulary.isRowsOf(name) || isReadByHost(name))
    return "is read by the host";
  auto orders = ordersOf(gradient->kernel.getResultAttrDict(gradient->number));
  llvm::DenseSet<Operation *> kernels;
  for (const KernelValue &each : arguments.lookup(name)) {
    // Then it is in two surfaces.
    if (!kernels.insert(each.kernel).second)
      return "is two inputs of one kernel";
    DictionaryAttr attributes = each.kernel.getArgAttrDict(each.number);
    if (attributes.getAs<StringAttr>("nn.weights") != "param")
      return "is no input of its own (weights=param)";
    if (attributes.get("nn.column_scale"))
      return "is staged times a gain";
    if (ordersOf(attributes) != orders)
      return "is stored in another order than its gradient";
  }
  return kernels.empty() ? "is no input of a kernel" : "";
}

/// A kernel of activations, which all lie as results do.
FuncOp NNOffloadOptimizer::makeKernel(const Twine &name, ArrayRef<Type> types) {
  OpBuilder builder(&getContext());
  builder.setInsertionPointToEnd(&getOperation().getBody().front());
  Location loc = getOperation().getLoc();
  auto kernel = FuncOp::create(builder, loc, name.str(),
                               builder.getFunctionType(types, {}));
  kernel.setPrivate();
  kernel->setAttr("kernel", builder.getUnitAttr());
  Block &body = kernel.getBody().emplaceBlock();
  for (auto [i, type] : llvm::enumerate(types)) {
    body.addArgument(type, loc);
    kernel.setArgAttr(i, asResultAttribute, builder.getUnitAttr());
  }
  return kernel;
}

/// Ends `kernel` with the results of `op`.
void returnResults(FuncOp kernel, Operation *op) {
  OpBuilder builder = OpBuilder::atBlockEnd(&kernel.getBody().front());
  ReturnOp::create(builder, kernel.getLoc(), op->getResults());
  kernel.setType(
      builder.getFunctionType(kernel.getArgumentTypes(), op->getResultTypes()));
}

/// [1, columns, rows] for a matrix [rows, columns]: how it lies in a surface.
RankedTensorType asSurface(RankedTensorType matrix) {
  return matrix.clone({1, matrix.getDimSize(1), matrix.getDimSize(0)});
}

std::string sizeOf(RankedTensorType matrix) {
  return std::to_string(matrix.getDimSize(0)) + "x" +
         std::to_string(matrix.getDimSize(1));
}

FuncOp NNOffloadOptimizer::updateKernel(RankedTensorType matrix) {
  std::string name = "update_" + sizeOf(matrix) + "_kernel";
  if (auto known = getOperation().lookupSymbol<FuncOp>(name))
    return known;
  RankedTensorType type = asSurface(matrix);
  SmallVector<Type> types(5, type);
  types.push_back(matrix.clone({1, matrix.getDimSize(1), adamwFactors}));
  FuncOp kernel = makeKernel(name, types);
  OpBuilder builder = OpBuilder::atBlockEnd(&kernel.getBody().front());
  auto in = kernel.getArguments();
  returnResults(kernel, AdamwOp::create(builder, kernel.getLoc(), type, type,
                                        type, type, in[0], in[1], in[2], in[3],
                                        in[4], in[5]));
  return kernel;
}

FuncOp NNOffloadOptimizer::squaresKernel(RankedTensorType matrix) {
  std::string name = "squares_" + sizeOf(matrix) + "_kernel";
  if (auto known = getOperation().lookupSymbol<FuncOp>(name))
    return known;
  FuncOp kernel = makeKernel(name, asSurface(matrix));
  OpBuilder builder = OpBuilder::atBlockEnd(&kernel.getBody().front());
  auto rows = matrix.clone({1, 1, matrix.getDimSize(0)});
  returnResults(kernel, RowSquaresOp::create(builder, kernel.getLoc(), rows,
                                             rows, kernel.getArgument(0)));
  return kernel;
}

/// Makes the kernels of a parameter, and others take it as it lies then.
Attribute NNOffloadOptimizer::updated(ParameterOp parameter) {
  Builder builder(&getContext());
  for (const KernelValue &each : arguments.lookup(parameter.getSymName()))
    each.kernel.setArgAttr(each.number, asResultAttribute,
                           builder.getUnitAttr());
  auto type = cast<RankedTensorType>(parameter.getType());
  auto symbol = [&](FuncOp kernel) {
    return FlatSymbolRefAttr::get(kernel.getSymNameAttr());
  };
  return builder.getDictionaryAttr(
      {builder.getNamedAttr("parameter",
                            FlatSymbolRefAttr::get(parameter.getSymNameAttr())),
       builder.getNamedAttr("squares", symbol(squaresKernel(type))),
       builder.getNamedAttr("update", symbol(updateKernel(type)))});
}

void NNOffloadOptimizer::runOnOperation() {
  ModelOp model = getOperation();
  if (!model->hasAttr(optimizerAttribute) || !model.lookupSymbol("train_step"))
    return;
  if (failed(checkTarget()))
    return signalPassFailure();
  collect();
  Vocabulary vocabulary(model);
  SmallVector<Attribute> found;
  SmallVector<std::pair<ParameterOp, StringRef>> others;
  for (auto parameter : model.getOps<ParameterOp>()) {
    StringRef reason = obstacle(parameter, vocabulary);
    if (!reason.empty())
      others.push_back({parameter, reason});
    else
      found.push_back(updated(parameter));
  }
  if (found.empty()) {
    InFlightDiagnostic error = model.emitError(
        "offload 'optimizer' expects weights that are inputs of kernels, with "
        "gradients that stay on the device, but no parameter is one");
    for (auto [parameter, reason] : others)
      error.attachNote(parameter.getLoc())
          << "'" << parameter.getSymName() << "' " << reason;
    error.attachNote()
        << "instead: --weights=param --offload=max,optimizer, or "
           "--offload without 'optimizer'";
    return signalPassFailure();
  }
  model->setAttr(deviceParametersAttribute,
                 ArrayAttr::get(&getContext(), found));
}

} // namespace

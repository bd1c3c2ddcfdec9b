//===- NNLiftParams.cpp - nn-lift-params ----------------------------------===//
//
// A parameter is written where it is used, with the name it has inside its
// block. Later passes want to see it as data: one symbol for each family of
// tensors, and an argument of the block.
//
//===----------------------------------------------------------------------===//

#include "compiler/Passes.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/MapVector.h"

namespace anec {
#define GEN_PASS_DEF_NNLIFTPARAMSPASS
#include "compiler/Passes.h.inc"
} // namespace anec

using namespace mlir;
using namespace anec;
using namespace anec::nn;

namespace {

/// The parameters of one function, in order of first use: name to declaration.
using Declarations = llvm::MapVector<StringAttr, ParamOp>;

/// Reports two declarations of one name that do not describe one tensor.
LogicalResult checkSame(ParamOp first, ParamOp again) {
  auto differ = [&](StringRef what, Attribute expected, Attribute found) {
    InFlightDiagnostic error = again.emitOpError("expects '")
                               << again.getName() << "' to have " << what << " "
                               << expected << ", but got " << found;
    error.attachNote(first.getLoc()) << "declared here";
    return failure();
  };
  Type type = first.getValue().getType(), other = again.getValue().getType();
  if (type != other)
    return differ("the type", TypeAttr::get(type), TypeAttr::get(other));
  if (first.getTrainable() != again.getTrainable())
    return differ("trainable =", first.getTrainableAttr(),
                  again.getTrainableAttr());
  if (again.getInitAttr() && first.getInitAttr() &&
      again.getInitAttr() != first.getInitAttr())
    return differ("the initialiser", first.getInitAttr(), again.getInitAttr());
  if (!first.getInitAttr() && again.getInitAttr())
    first.setInitAttr(again.getInitAttr());
  return success();
}

FailureOr<Declarations> collect(FuncOp func) {
  Declarations found;
  for (ParamOp param : func.getOps<ParamOp>()) {
    auto [entry, inserted] = found.insert({param.getNameAttr(), param});
    if (!inserted && failed(checkSame(entry->second, param)))
      return failure();
  }
  for (auto &[name, param] : found)
    if (!param.getInitAttr())
      return param.emitOpError("expects an initialiser where '")
             << name.getValue() << "' is declared, such as init(normal, 0.02)";
  return found;
}

struct NNLiftParams : anec::impl::NNLiftParamsPassBase<NNLiftParams> {
  void runOnOperation() override;

private:
  void separateUses();
  LogicalResult checkNesting(FuncOp func);
  LogicalResult lift(FuncOp func);
  LogicalResult liftRepeat(RepeatOp repeat);
  FailureOr<ParameterOp> declare(ParamOp param, const Twine &prefix,
                                 int64_t count);
};

/// A block that contains itself has no end; a block repeated inside a repeated
/// block would need two indices in its names.
LogicalResult NNLiftParams::checkNesting(FuncOp func) {
  SymbolTable symbols(getOperation());
  for (RepeatOp repeat : func.getOps<RepeatOp>()) {
    auto block = symbols.lookup<FuncOp>(repeat.getCallee());
    SmallVector<FuncOp> path = {block};
    llvm::SmallPtrSet<Operation *, 8> seen = {func};
    while (!path.empty()) {
      FuncOp next = path.pop_back_val();
      if (next == func)
        return repeat.emitOpError("expects blocks without a cycle, but '")
               << repeat.getCallee() << "' contains '" << func.getSymName()
               << "'";
      if (seen.insert(next).second)
        for (RepeatOp inner : next.getOps<RepeatOp>())
          path.push_back(symbols.lookup<FuncOp>(inner.getCallee()));
    }
  }
  if (func.isPrivate() && !func.getOps<RepeatOp>().empty())
    return (*func.getOps<RepeatOp>().begin())
        .emitOpError("expects a repeat in the public function only; nested "
                     "repeats are not supported");
  return success();
}

/// Each repeat of a block has parameters of its own, so it gets a function of
/// its own.
void NNLiftParams::separateUses() {
  SymbolTable symbols(getOperation());
  llvm::SmallPtrSet<Operation *, 4> used;
  getOperation().walk([&](RepeatOp repeat) {
    auto block = symbols.lookup<FuncOp>(repeat.getCallee());
    if (used.insert(block).second)
      return;
    FuncOp copy = block.clone();
    repeat.setCallee(symbols.insert(copy));
  });
}

/// The family `prefix` + name, made on first use.
FailureOr<ParameterOp> NNLiftParams::declare(ParamOp param, const Twine &prefix,
                                             int64_t count) {
  std::string name = (prefix + param.getName()).str();
  SymbolTable symbols(getOperation());
  if (auto existing = symbols.lookup<ParameterOp>(name)) {
    InFlightDiagnostic error = param.emitOpError("declares '")
                               << name << "', which another block declares";
    error.attachNote(existing.getLoc()) << "declared here";
    return failure();
  }
  Block *body = &getOperation().getBody().front();
  OpBuilder builder = OpBuilder::atBlockBegin(body);
  for (Operation &op : *body)
    if (isa<ParameterOp>(op))
      builder.setInsertionPointAfter(&op);
  return ParameterOp::create(builder, param.getLoc(), name,
                             param.getValue().getType(), count,
                             param.getInitAttr(), param.getTrainable());
}

/// nn.repeat @block -> nn.scan over stacks of the block's parameters, which
/// become its arguments.
LogicalResult NNLiftParams::liftRepeat(RepeatOp repeat) {
  ModelOp model = getOperation();
  SymbolTable symbols(model);
  auto block = symbols.lookup<FuncOp>(repeat.getCallee());
  FailureOr<Declarations> params = collect(block);
  if (failed(params))
    return failure();

  OpBuilder builder(repeat);
  SmallVector<Value> stacks;
  for (auto &[name, param] : *params) {
    FailureOr<ParameterOp> family =
        declare(param, repeat.getName() + ".*.", repeat.getCount());
    if (failed(family))
      return failure();
    auto stack = StackType::get(&getContext(), repeat.getCount(),
                                param.getValue().getType());
    auto symbol = FlatSymbolRefAttr::get(family->getSymNameAttr());
    stacks.push_back(GetOp::create(builder, param.getLoc(), stack, symbol));

    unsigned index = block.getNumArguments();
    auto attributes =
        builder.getDictionaryAttr(builder.getNamedAttr("nn.parameter", symbol));
    (void)block.insertArgument(index, param.getValue().getType(), attributes,
                               param.getLoc());
    for (ParamOp use : llvm::make_early_inc_range(block.getOps<ParamOp>()))
      if (use.getNameAttr() == name) {
        use.getValue().replaceAllUsesWith(block.getArgument(index));
        if (use != param)
          use.erase();
      }
  }
  for (auto &[name, param] : *params)
    param.erase();

  SmallVector<Type> results(repeat.getResultTypes());
  auto scan = ScanOp::create(builder, repeat.getLoc(), results,
                             repeat.getCallee(), repeat.getCount(),
                             /*reverse=*/false, repeat.getInits(), stacks);
  repeat.replaceAllUsesWith(scan.getResults());
  repeat.erase();
  return success();
}

/// nn.param at the top level -> nn.get of a family of one.
LogicalResult NNLiftParams::lift(FuncOp func) {
  FailureOr<Declarations> params = collect(func);
  if (failed(params))
    return failure();
  for (auto &[name, param] : *params) {
    FailureOr<ParameterOp> family = declare(param, "", 1);
    if (failed(family))
      return failure();
    OpBuilder builder(param);
    Value value =
        GetOp::create(builder, param.getLoc(), param.getValue().getType(),
                      FlatSymbolRefAttr::get(family->getSymNameAttr()));
    for (ParamOp use : llvm::make_early_inc_range(func.getOps<ParamOp>()))
      if (use.getNameAttr() == name) {
        use.getValue().replaceAllUsesWith(value);
        if (use != param)
          use.erase();
      }
    param.erase();
  }
  for (RepeatOp repeat : llvm::make_early_inc_range(func.getOps<RepeatOp>()))
    if (failed(liftRepeat(repeat)))
      return failure();
  return success();
}

void NNLiftParams::runOnOperation() {
  for (FuncOp func : getOperation().getOps<FuncOp>())
    if (failed(checkNesting(func)))
      return signalPassFailure();
  separateUses();
  for (FuncOp func : getOperation().getOps<FuncOp>())
    if (func.isPublic() && failed(lift(func)))
      return signalPassFailure();
}

} // namespace

//===- NNAccumulateInPlace.cpp - nn-accumulate-in-place -------------------===//
//
// Weight gradients that the device computes are as large as the weights. The
// host would read them in every micro-step only to add them up; where a surface
// may be both input and output, the kernel adds, and the host reads the sum
// once an update.
//
//===----------------------------------------------------------------------===//

#include "compiler/Kernels/KernelArguments.h"
#include "compiler/Kernels/TargetOption.h"
#include "compiler/Passes.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/MapVector.h"

namespace anec {
#define GEN_PASS_DEF_NNACCUMULATEINPLACEPASS
#include "compiler/Passes.h.inc"
} // namespace anec

using namespace mlir;
using namespace anec;
using namespace anec::nn;
using rt::target::Rule;

namespace {

/// The attributes of every argument, empty where there are none.
SmallVector<DictionaryAttr> argumentAttributes(FuncOp func) {
  SmallVector<DictionaryAttr> attributes;
  for (unsigned i = 0, e = func.getArgumentTypes().size(); i < e; ++i) {
    DictionaryAttr each = func.getArgAttrDict(i);
    attributes.push_back(each ? each : DictionaryAttr::get(func.getContext()));
  }
  return attributes;
}

struct NNAccumulateInPlace
    : anec::impl::NNAccumulateInPlacePassBase<NNAccumulateInPlace> {
  using NNAccumulateInPlacePassBase::NNAccumulateInPlacePassBase;

  LogicalResult initialize(MLIRContext *context) override {
    return loadTarget(target.getValue(), context, profile);
  }
  void runOnOperation() override;

private:
  OpResult producer(AccumulateOp op);
  bool isDispatchedOnce(StringRef kernel);
  void addUp(FuncOp step);
  FuncOp addingKernel(StringRef name, ArrayRef<unsigned> results);
  void addUpInBlock(ScanOp scan, ArrayRef<AccumulateOp> gradients);
  void addUpInStep(DispatchOp dispatch, ArrayRef<AccumulateOp> gradients);
  Value sumOf(AccumulateOp op, Operation *before);
  DispatchOp withSums(DispatchOp dispatch, ArrayRef<unsigned> results,
                      ArrayRef<Value> sums);

  std::optional<rt::target::Profile> profile;
};

bool NNAccumulateInPlace::isDispatchedOnce(StringRef kernel) {
  unsigned count = 0;
  getOperation().walk(
      [&](DispatchOp op) { count += op.getKernel() == kernel; });
  return count == 1;
}

/// The result of a dispatch that is accumulated and nothing else, in the step
/// itself or in the block of a scan; null for everything the host adds up.
OpResult NNAccumulateInPlace::producer(AccumulateOp op) {
  Value value = op.getGradient();
  if (!value.hasOneUse())
    return {};
  if (auto scan = value.getDefiningOp<ScanOp>()) {
    auto block = SymbolTable(getOperation()).lookup<FuncOp>(scan.getCallee());
    value = block.getReturn().getOperand(
        cast<OpResult>(op.getGradient()).getResultNumber());
  }
  auto dispatch = value.getDefiningOp<DispatchOp>();
  if (!dispatch || !value.hasOneUse() ||
      !isDispatchedOnce(dispatch.getKernel()))
    return {};
  return cast<OpResult>(value);
}

/// `@x_kernel` with a further argument for each of `results`, to which it is
/// added.
FuncOp NNAccumulateInPlace::addingKernel(StringRef name,
                                         ArrayRef<unsigned> results) {
  SymbolTable symbols(getOperation());
  auto kernel = symbols.lookup<FuncOp>(name);
  name.consume_back("_kernel");
  FuncOp adding = kernel.clone();
  adding.setSymName((name + "_add_kernel").str());
  symbols.insert(adding, std::next(kernel->getIterator()));
  OpBuilder builder(adding.getReturn());
  Block &body = adding.getBody().front();
  SmallVector<DictionaryAttr> attributes = argumentAttributes(adding);
  for (unsigned number : results) {
    OpOperand &returned = adding.getReturn()->getOpOperand(number);
    Value gradient = returned.get();
    Value sum = body.addArgument(gradient.getType(), gradient.getLoc());
    returned.set(AddOp::create(builder, gradient.getLoc(), sum, gradient));
  }
  for (unsigned number : results) {
    // As the result lies, whose surface it shares.
    NamedAttrList sum(kernel.getResultAttrDict(number));
    sum.set(sumOfAttribute, builder.getI64IntegerAttr(number));
    attributes.push_back(sum.getDictionary(&getContext()));
  }
  adding.setType(builder.getFunctionType(body.getArgumentTypes(),
                                         adding.getResultTypes()));
  adding.setAllArgAttrs(attributes);
  return adding;
}

Value NNAccumulateInPlace::sumOf(AccumulateOp op, Operation *before) {
  OpBuilder builder(before);
  return AccumulatedOp::create(builder, op.getLoc(), op.getGradient().getType(),
                               op.getParameter());
}

DispatchOp NNAccumulateInPlace::withSums(DispatchOp dispatch,
                                         ArrayRef<unsigned> results,
                                         ArrayRef<Value> sums) {
  FuncOp kernel = addingKernel(dispatch.getKernel(), results);
  SmallVector<Value> operands(dispatch.getOperands());
  llvm::append_range(operands, sums);
  OpBuilder builder(dispatch);
  auto adding =
      DispatchOp::create(builder, dispatch.getLoc(), dispatch.getResultTypes(),
                         kernel.getSymName(), operands);
  dispatch->replaceAllUsesWith(adding.getResults());
  dispatch.erase();
  return adding;
}

void NNAccumulateInPlace::addUpInStep(DispatchOp dispatch,
                                      ArrayRef<AccumulateOp> gradients) {
  SmallVector<unsigned> results;
  SmallVector<Value> sums;
  for (AccumulateOp gradient : gradients) {
    results.push_back(cast<OpResult>(gradient.getGradient()).getResultNumber());
    sums.push_back(sumOf(gradient, dispatch));
  }
  withSums(dispatch, results, sums);
}

/// The scan calls a block of its own, which takes the sums of its iteration.
void NNAccumulateInPlace::addUpInBlock(ScanOp scan,
                                       ArrayRef<AccumulateOp> gradients) {
  SymbolTable symbols(getOperation());
  auto block = symbols.lookup<FuncOp>(scan.getCallee());
  FuncOp adding = block.clone();
  adding.setSymName((block.getSymName() + "_add").str());
  symbols.insert(adding, std::next(block->getIterator()));
  Block &body = adding.getBody().front();
  SmallVector<DictionaryAttr> attributes = argumentAttributes(adding);
  llvm::MapVector<DispatchOp,
                  std::pair<SmallVector<unsigned>, SmallVector<Value>>>
      sums;
  SmallVector<Value> each(scan.getEach());
  for (AccumulateOp gradient : gradients) {
    unsigned number = cast<OpResult>(gradient.getGradient()).getResultNumber();
    auto result = cast<OpResult>(adding.getReturn().getOperand(number));
    auto &[results, values] = sums[cast<DispatchOp>(result.getOwner())];
    results.push_back(result.getResultNumber());
    values.push_back(body.addArgument(result.getType(), gradient.getLoc()));
    each.push_back(sumOf(gradient, scan));
  }
  for (auto &[dispatch, of] : sums)
    withSums(dispatch, of.first, of.second);
  OpBuilder builder(scan);
  attributes.resize(body.getNumArguments(), builder.getDictionaryAttr({}));
  adding.setType(builder.getFunctionType(body.getArgumentTypes(),
                                         adding.getResultTypes()));
  adding.setAllArgAttrs(attributes);
  auto replacement = ScanOp::create(
      builder, scan.getLoc(), scan.getResultTypes(), adding.getSymName(),
      scan.getCount(), scan.getReverse(), scan.getCarries(), each);
  scan->replaceAllUsesWith(replacement.getResults());
  scan.erase();
}

/// Makes `step` add to what is there already.
void NNAccumulateInPlace::addUp(FuncOp step) {
  llvm::MapVector<Operation *, SmallVector<AccumulateOp>> producers;
  for (auto op : step.getOps<AccumulateOp>())
    if (op.getInPlace())
      producers[op.getGradient().getDefiningOp()].push_back(op);
  for (auto &[producer, gradients] : producers) {
    if (auto scan = dyn_cast<ScanOp>(producer))
      addUpInBlock(scan, gradients);
    else
      addUpInStep(cast<DispatchOp>(producer), gradients);
  }
}

void NNAccumulateInPlace::runOnOperation() {
  SymbolTable symbols(getOperation());
  auto first = symbols.lookup<FuncOp>("train_step");
  if (!first || !profile->takesSurfacesInPlace())
    return;
  llvm::DenseSet<StringRef> known;
  llvm::DenseMap<Operation *, int64_t> inputs;
  for (auto op : first.getOps<AccumulateOp>()) {
    OpResult gradient = producer(op);
    if (!gradient)
      continue;
    Operation *dispatch = gradient.getOwner();
    int64_t &count =
        inputs.try_emplace(dispatch, dispatch->getNumOperands()).first->second;
    // One sum for each parameter, and as many as the kernel may have inputs;
    // the host adds up what else there is.
    if ((profile->refuses(Rule::IoSlotsMax) &&
         count == profile->limit(Rule::IoSlotsMax)) ||
        !known.insert(op.getParameter()).second)
      continue;
    ++count;
    op.setInPlace(true);
  }
  if (known.empty())
    return;
  FuncOp step = first.clone();
  step.setSymName("accumulate_step");
  symbols.insert(step, std::next(first->getIterator()));
  addUp(step);
}

} // namespace

//===- KernelSharing.cpp - One program for several kernels ----------------===//

#include "compiler/Transforms/KernelSharing.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace anec;
using namespace anec::nn;

namespace {

/// Where a kernel's values are in another kernel.
class Embedding {
public:
  Embedding(FuncOp small, FuncOp large) : small(small), large(large) {}

  /// Finds every result of `small` among the values of `large`. Parameters that
  /// only `large` takes have to be the whole model's, so that any caller has
  /// them.
  bool find() {
    // Gradients of weights cost more than a program, and stay where they are.
    for (auto matmul : large.getOps<MatmulOp>())
      if (matmul.getTransposeA())
        return false;
    SmallVector<Value> candidates(large.getReturn().getOperands());
    const size_t returned = candidates.size();
    for (Operation &op : large.getBody().front().without_terminator())
      for (Value value : op.getResults())
        if (cast<RankedTensorType>(value.getType()).getRank() == 3 &&
            !llvm::is_contained(candidates, value))
          candidates.push_back(value);
    for (Value result : small.getReturn().getOperands()) {
      auto *found = llvm::find_if(candidates, [&](Value candidate) {
        return candidate.getType() == result.getType() &&
               matches(result, candidate);
      });
      if (found == candidates.end())
        return false;
      size_t index = found - candidates.begin();
      if (index >= returned) {
        missing.push_back(*found);
        index = returned + missing.size() - 1;
      }
      results.push_back(index);
    }
    return llvm::all_of(large.getArguments(), [&](Value argument) {
      FlatSymbolRefAttr parameter = parameterOf(argument);
      return from.contains(argument) || !parameter ||
             !parameter.getValue().contains('*');
    });
  }

  /// Values that `large` has to return besides.
  ArrayRef<Value> missingResults() const { return missing; }

  /// Calls `large` in place of `dispatch` of `small`.
  void replace(DispatchOp dispatch) {
    OpBuilder builder(dispatch);
    SmallVector<Value> operands;
    for (BlockArgument argument : large.getArguments()) {
      auto mine = dyn_cast_or_null<BlockArgument>(from.lookup(argument));
      FlatSymbolRefAttr parameter = parameterOf(argument);
      if (mine)
        operands.push_back(dispatch.getOperand(mine.getArgNumber()));
      else if (parameter)
        operands.push_back(GetOp::create(builder, dispatch.getLoc(),
                                         argument.getType(), parameter));
      else
        operands.push_back(UndefinedOp::create(builder, dispatch.getLoc(),
                                               argument.getType()));
    }
    auto call =
        DispatchOp::create(builder, dispatch.getLoc(), large.getResultTypes(),
                           large.getSymName(), operands);
    for (auto [index, result] : llvm::zip_equal(results, dispatch.getResults()))
      result.replaceAllUsesWith(call.getResult(index));
    dispatch.erase();
  }

private:
  bool matches(Value a, Value b) {
    auto before = std::make_pair(to, from);
    if (unify(a, b))
      return true;
    std::tie(to, from) = before;
    return false;
  }

  /// Whether `a` of the small kernel computes what `b` of the large one does.
  bool unify(Value a, Value b) {
    if (Value known = to.lookup(a))
      return known == b;
    if (a.getType() != b.getType() || from.contains(b))
      return false;
    Operation *one = a.getDefiningOp(), *two = b.getDefiningOp();
    if (!one != !two)
      return false;
    if (!one) {
      if (attributesOf(small, a) != attributesOf(large, b))
        return false;
    } else if (one->getName() != two->getName() ||
               one->getAttrDictionary() != two->getAttrDictionary() ||
               one->getNumOperands() != two->getNumOperands() ||
               cast<OpResult>(a).getResultNumber() !=
                   cast<OpResult>(b).getResultNumber() ||
               !llvm::all_of(llvm::zip(one->getOperands(), two->getOperands()),
                             [&](auto pair) {
                               return unify(std::get<0>(pair),
                                            std::get<1>(pair));
                             })) {
      return false;
    }
    to[a] = b;
    from[b] = a;
    return true;
  }

  /// The parameter that an argument of `large` is, or null.
  FlatSymbolRefAttr parameterOf(Value argument) {
    DictionaryAttr attributes = attributesOf(large, argument);
    return attributes ? attributes.getAs<FlatSymbolRefAttr>("nn.parameter")
                      : FlatSymbolRefAttr();
  }

  /// Which parameter an argument is and how it gets there.
  static DictionaryAttr attributesOf(FuncOp func, Value argument) {
    return func.getArgAttrDict(cast<BlockArgument>(argument).getArgNumber());
  }

  FuncOp small, large;
  llvm::DenseMap<Value, Value> to, from;
  SmallVector<unsigned> results;
  SmallVector<Value> missing;
};

KernelNeed needOf(FuncOp kernel, const KernelNeeds &needs) {
  SmallVector<Operation *> ops;
  for (Operation &op : kernel.getBody().front().without_terminator())
    ops.push_back(&op);
  return needs.of(ops);
}

/// What a dispatch costs, in bytes.
int64_t price(const KernelNeed &need) {
  return need.bytes + need.flops / flopsPerByte;
}

SmallVector<DispatchOp> dispatchesOf(ModelOp model, FuncOp kernel) {
  SmallVector<DispatchOp> found;
  model.walk([&](DispatchOp dispatch) {
    if (dispatch.getKernel() == kernel.getSymName())
      found.push_back(dispatch);
  });
  return found;
}

/// How often `func` dispatches `kernel`, blocks of its scans included.
int64_t dispatchesIn(FuncOp func, FuncOp kernel) {
  int64_t count = 0;
  for (Operation &op : func.getBody().front()) {
    if (auto dispatch = dyn_cast<DispatchOp>(op))
      count += dispatch.getKernel() == kernel.getSymName();
    if (auto scan = dyn_cast<ScanOp>(op))
      count += int64_t(scan.getCount()) *
               dispatchesIn(SymbolTable::lookupNearestSymbolFrom<FuncOp>(
                                func, scan.getCalleeAttr()),
                            kernel);
  }
  return count;
}

void setResults(FuncOp kernel, ValueRange values) {
  kernel.getReturn().getValuesMutable().assign(values);
  kernel.setType(FunctionType::get(
      kernel.getContext(), kernel.getArgumentTypes(), values.getTypes()));
}

/// Makes `large` return `values` too, if what that costs in a micro-step is
/// less than a program. The training step does not compute more in place of
/// `small`.
bool extend(ModelOp model, FuncOp small, FuncOp large, ArrayRef<Value> values,
            const KernelNeeds &needs) {
  auto step = SymbolTable(model).lookup<FuncOp>("train_step");
  auto inStep = [&](FuncOp kernel) {
    return step ? dispatchesIn(step, kernel) : 0;
  };
  const int64_t before = price(needOf(large, needs));
  SmallVector<Value> old(large.getReturn().getOperands()), all(old);
  all.append(values.begin(), values.end());
  setResults(large, all);
  const KernelNeed need = needOf(large, needs);
  const int64_t after = price(need);
  if ((inStep(small) > 0 && after > price(needOf(small, needs))) ||
      inStep(large) * (after - before) > programBytes ||
      (!values.empty() && !needs.fits(need))) {
    setResults(large, old);
    return false;
  }
  if (values.empty())
    return true;
  for (DispatchOp dispatch : dispatchesOf(model, large)) {
    OpBuilder builder(dispatch);
    auto call =
        DispatchOp::create(builder, dispatch.getLoc(), large.getResultTypes(),
                           large.getSymName(), dispatch.getOperands());
    dispatch->replaceAllUsesWith(call.getResults().take_front(old.size()));
    dispatch.erase();
  }
  return true;
}

/// Takes one kernel away, if one is superfluous.
bool shareOne(ModelOp model, const KernelNeeds &needs) {
  SmallVector<FuncOp> kernels;
  for (FuncOp func : model.getOps<FuncOp>())
    if (func.isKernel())
      kernels.push_back(func);
  // The first of equal ones stays. Kernels get further results only where there
  // is no other way.
  for (bool mayExtend : {false, true})
    for (FuncOp large : kernels)
      for (FuncOp small : llvm::reverse(kernels)) {
        if (small == large)
          continue;
        Embedding embedding(small, large);
        if (!embedding.find() ||
            (!mayExtend && !embedding.missingResults().empty()) ||
            !extend(model, small, large, embedding.missingResults(), needs))
          continue;
        for (DispatchOp dispatch : dispatchesOf(model, small))
          embedding.replace(dispatch);
        small.erase();
        return true;
      }
  return false;
}

} // namespace

void anec::shareKernels(ModelOp model, const KernelNeeds &needs) {
  while (shareOne(model, needs))
    ;
}

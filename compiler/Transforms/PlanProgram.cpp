//===- PlanProgram.cpp - One entry point of the plan ----------------------===//
//
// Walks a host function once, keeps for every value the buffer or the surface
// region that holds it, and writes down the steps that put it there.
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/PlanProgram.h"

using namespace mlir;
using namespace anec;
using plan::RegionAttr;
using plan::SurfaceAttr;
using plan::ValueAttr;
using plan::ValueKind;

namespace {

/// Where a value is at run time: in a buffer or parameter, in a region of a
/// surface, or in both. Stacks have references with the loop's index.
struct Where {
  ValueAttr value;
  RegionAttr region;
};

class ProgramBuilder {
public:
  ProgramBuilder(nn::FuncOp func, OpBuilder &builder, PlanBuffers &buffers,
                 const PlanKernels &kernels, const Vocabulary &vocabulary)
      : func(func), builder(builder), buffers(buffers), kernels(kernels),
        vocabulary(vocabulary), context(func.getContext()) {}

  LogicalResult build();

private:
  LogicalResult emit(Operation &op);
  LogicalResult emitHost(Operation &op);
  void emitDispatch(nn::DispatchOp op);
  LogicalResult emitScan(nn::ScanOp scan);
  void bindArguments(nn::ScanOp scan, nn::FuncOp block);
  void chooseGradients(nn::ScanOp scan, nn::FuncOp block);
  void yieldStack(nn::ScanOp scan, Value value, unsigned index);
  void emitAccumulate(nn::AccumulateOp op);

  Value stackOf(Value value) const { return yieldedTo.lookup(value); }
  ValueAttr bufferRef(StringAttr name, bool loop = false) {
    return ValueAttr::get(context, ValueKind::buffer, name, loop);
  }
  ValueAttr allocate(Value value, int64_t count = 1);
  ValueAttr inBuffer(Value value);
  ValueAttr resultRef(Value result);
  void identity(Location loc, ValueAttr from, ValueAttr to);
  void host(Location loc, StringRef name, ArrayRef<ValueAttr> operands,
            ArrayRef<ValueAttr> results, DictionaryAttr attributes);
  void releaseAfter(Operation &op);

  nn::FuncOp func;
  OpBuilder &builder;
  PlanBuffers &buffers;
  const PlanKernels &kernels;
  const Vocabulary &vocabulary;
  MLIRContext *context;

  llvm::DenseMap<Value, Where> where;
  /// Buffers to give back after the last use of a value.
  llvm::DenseMap<Value, StringAttr> owned;
  /// Values of a block whose only destination is a gradient.
  llvm::DenseMap<Value, ValueAttr> gradients;
  /// Values of a block that a stack collects.
  llvm::DenseMap<Value, Value> yieldedTo;
  int64_t loopCount = 0;
};

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

ValueAttr ProgramBuilder::allocate(Value value, int64_t count) {
  StringAttr name = buffers.allocate(
      value.getType(), count, vocabulary.dimensionsOf(value), value.getLoc());
  if (count == 1)
    owned[value] = name;
  return bufferRef(name, count > 1);
}

/// The value as a host op sees it, read from its surface once.
ValueAttr ProgramBuilder::inBuffer(Value value) {
  // Not a reference into the map: allocation may grow it.
  Where at = where.lookup(value);
  if (!at.value) {
    at.value = allocate(value);
    plan::ReadOp::create(builder, value.getLoc(), at.region, at.value);
    where[value] = at;
  }
  return at.value;
}

void ProgramBuilder::releaseAfter(Operation &op) {
  auto isLast = [&](Value value) {
    return llvm::all_of(value.getUsers(), [&](Operation *user) {
      return user == &op || user->isBeforeInBlock(&op);
    });
  };
  SmallVector<Value> values(op.getOperands());
  llvm::append_range(values, op.getResults());
  for (Value value : values) {
    auto found = owned.find(value);
    if (found == owned.end() || !isLast(value))
      continue;
    buffers.release(found->second);
    owned.erase(found);
  }
}

void ProgramBuilder::host(Location loc, StringRef name,
                          ArrayRef<ValueAttr> operands,
                          ArrayRef<ValueAttr> results,
                          DictionaryAttr attributes) {
  SmallVector<Attribute> from(operands.begin(), operands.end());
  SmallVector<Attribute> to(results.begin(), results.end());
  plan::HostOp::create(builder, loc, builder.getStringAttr(name),
                       builder.getArrayAttr(from), builder.getArrayAttr(to),
                       attributes);
}

/// to = from, or to += from for a gradient.
void ProgramBuilder::identity(Location loc, ValueAttr from, ValueAttr to) {
  host(loc, "scale", from, to,
       builder.getDictionaryAttr(
           builder.getNamedAttr("factor", builder.getF64FloatAttr(1.0))));
}

//===----------------------------------------------------------------------===//
// Host ops and dispatches
//===----------------------------------------------------------------------===//

/// The inherent attributes, absent flags as false.
DictionaryAttr attributesOf(Operation &op) {
  Builder builder(op.getContext());
  SmallVector<NamedAttribute> attributes;
  for (StringAttr name : op.getName().getAttributeNames()) {
    Attribute value = op.getAttr(name);
    if (!value || isa<UnitAttr>(value))
      value = builder.getBoolAttr(static_cast<bool>(value));
    attributes.push_back({name, value});
  }
  return builder.getDictionaryAttr(attributes);
}

/// Where a host op writes: a gradient, an element of a stack, or a buffer.
ValueAttr ProgramBuilder::resultRef(Value result) {
  if (ValueAttr gradient = gradients.lookup(result))
    return gradient;
  if (result.hasOneUse())
    if (auto user = dyn_cast<nn::AccumulateOp>(*result.user_begin()))
      return ValueAttr::get(context, ValueKind::gradient,
                            user.getParameterAttr().getAttr(), false);
  return allocate(result, stackOf(result) ? loopCount : 1);
}

LogicalResult ProgramBuilder::emitHost(Operation &op) {
  if (!op.hasTrait<nn::HostCapable>())
    return op.emitOpError("has no host form");
  SmallVector<ValueAttr> operands, results;
  for (Value operand : op.getOperands())
    operands.push_back(inBuffer(operand));
  for (Value result : op.getResults()) {
    results.push_back(resultRef(result));
    where[result] = {results.back(), {}};
  }
  host(op.getLoc(), op.getName().stripDialect(), operands, results,
       attributesOf(op));
  return success();
}

void ProgramBuilder::emitDispatch(nn::DispatchOp op) {
  const PlanKernel &kernel = kernels.of(op.getKernel());
  bool loop = loopCount > 1;
  auto input =
      SurfaceAttr::get(context, builder.getStringAttr(kernel.input()), loop, 0);
  for (auto [number, operand] : llvm::enumerate(op.getOperands())) {
    DictionaryAttr region = kernel.region("regions_in", "arg", number);
    if (!region || region.get("parameter"))
      continue; // Staged, or baked.
    auto to = RegionAttr::get(context, input, region.getAs<StringAttr>("name"));
    Where at = where.lookup(operand);
    if (at.region)
      plan::CopyOp::create(builder, op.getLoc(), at.region, to);
    else
      plan::WriteOp::create(builder, op.getLoc(), at.value, to);
    if (!at.region)
      where[operand].region = to;
  }
  bool keeps = loop && kernel.keepsResults;
  auto output = SurfaceAttr::get(
      context, builder.getStringAttr(kernel.output()), keeps, 0);
  plan::DispatchOp::create(
      builder, op.getLoc(), kernel.name, builder.getArrayAttr({input}),
      builder.getArrayAttr({output}), loop && kernel.isBaked());
  for (auto [number, result] : llvm::enumerate(op.getResults())) {
    DictionaryAttr region = kernel.region("regions_out", "result", number);
    where[result].region =
        RegionAttr::get(context, output, region.getAs<StringAttr>("name"));
  }
}

void ProgramBuilder::emitAccumulate(nn::AccumulateOp op) {
  Where at = where.lookup(op.getGradient());
  auto isGradient = [](ValueAttr value) {
    return value && value.getKind() == ValueKind::gradient;
  };
  if (isGradient(at.value) || isa<nn::StackType>(op.getGradient().getType()))
    return; // Where it was computed, it was added.
  identity(op.getLoc(), inBuffer(op.getGradient()),
           ValueAttr::get(context, ValueKind::gradient,
                          op.getParameterAttr().getAttr(), false));
}

//===----------------------------------------------------------------------===//
// Scans
//===----------------------------------------------------------------------===//

/// Carries get a buffer that is updated in place; elements are references with
/// the loop's index.
void ProgramBuilder::bindArguments(nn::ScanOp scan, nn::FuncOp block) {
  for (auto [index, carry] : llvm::enumerate(scan.getCarries())) {
    Value argument = block.getArgument(index);
    Where at = where.lookup(carry);
    auto mine = owned.find(carry);
    if (at.value && mine != owned.end() && carry.hasOneUse()) {
      // Nobody needs the initial value afterwards: its buffer is the carry.
      owned[scan.getResult(index)] = mine->second;
      owned.erase(carry);
    } else {
      Where from = at;
      at.value =
          bufferRef(buffers.allocate(carry.getType(), 1, {}, scan.getLoc()));
      owned[scan.getResult(index)] = at.value.getName();
      if (from.value)
        identity(scan.getLoc(), from.value, at.value);
      else
        plan::ReadOp::create(builder, scan.getLoc(), from.region, at.value);
    }
    where[argument] = {at.value, {}};
    where[scan.getResult(index)] = {at.value, {}};
  }
  size_t carries = scan.getCarries().size();
  for (auto [index, stack] : llvm::enumerate(scan.getEach())) {
    Where at = where.lookup(stack);
    if (at.value)
      at.value = ValueAttr::get(context, at.value.getKind(), at.value.getName(),
                                scan.getCount() > 1);
    where[block.getArgument(carries + index)] = at;
  }
}

/// Decides, before the body is written, which of its values go straight to a
/// gradient and which are collected.
void ProgramBuilder::chooseGradients(nn::ScanOp scan, nn::FuncOp block) {
  size_t carries = scan.getCarries().size();
  for (auto [index, value] : llvm::enumerate(block.getReturn().getOperands())) {
    if (index < carries || scan.getResult(index).use_empty())
      continue;
    Value stack = scan.getResult(index);
    if (!isOnlyAccumulated(stack)) {
      yieldedTo[value] = stack;
      continue;
    }
    auto user = cast<nn::AccumulateOp>(*stack.user_begin());
    if (value.getDefiningOp() && value.hasOneUse() &&
        !isa<nn::DispatchOp>(value.getDefiningOp()))
      gradients[value] = ValueAttr::get(context, ValueKind::gradient,
                                        user.getParameterAttr().getAttr(),
                                        scan.getCount() > 1);
  }
}

/// The end of an iteration, for one result that is not a carry.
void ProgramBuilder::yieldStack(nn::ScanOp scan, Value value, unsigned index) {
  Value stack = scan.getResult(index);
  if (stack.use_empty() || gradients.contains(value))
    return;
  if (isOnlyAccumulated(stack)) {
    auto user = cast<nn::AccumulateOp>(*stack.user_begin());
    identity(scan.getLoc(), inBuffer(value),
             ValueAttr::get(context, ValueKind::gradient,
                            user.getParameterAttr().getAttr(),
                            scan.getCount() > 1));
    return;
  }
  Where at = where.lookup(value);
  bool indexed =
      scan.getCount() == 1 ||
      (at.region ? at.region.getSurface().getLoop() : at.value.getLoop());
  if (!indexed) {
    ValueAttr element = bufferRef(
        buffers.allocate(value.getType(), scan.getCount(), {}, scan.getLoc()),
        true);
    identity(scan.getLoc(), inBuffer(value), element);
    at = {element, {}};
  } else if (at.region) {
    at.value = {}; // A buffer it was read into belongs to this iteration only.
  }
  where[stack] = at;
}

LogicalResult ProgramBuilder::emitScan(nn::ScanOp scan) {
  auto model = func->getParentOfType<nn::ModelOp>();
  auto block = SymbolTable(model).lookup<nn::FuncOp>(scan.getCallee());
  bindArguments(scan, block);
  chooseGradients(scan, block);

  OpBuilder::InsertionGuard guard(builder);
  if (scan.getCount() > 1) {
    auto steps = plan::ForOp::create(builder, scan.getLoc(), scan.getCount(),
                                     scan.getReverse());
    builder.createBlock(&steps.getBody());
  }
  loopCount = scan.getCount();
  for (Operation &op : block.getBody().front().without_terminator())
    if (failed(emit(op)))
      return failure();
  auto results = block.getReturn().getOperands();
  size_t carries = scan.getCarries().size();
  for (unsigned i = carries, e = results.size(); i < e; ++i)
    yieldStack(scan, results[i], i);
  for (unsigned i = 0; i < carries; ++i) {
    ValueAttr carry = where.lookup(block.getArgument(i)).value;
    Where next = where.lookup(results[i]);
    if (isa<BlockArgument>(results[i]) && results[i] != block.getArgument(i))
      return scan.emitOpError("expects carry ")
             << i << " not to be another carry of the last iteration";
    if (next.value == carry)
      continue;
    if (next.value)
      identity(scan.getLoc(), next.value, carry);
    else
      plan::ReadOp::create(builder, scan.getLoc(), next.region, carry);
  }
  releaseAfter(*block.getReturn());
  loopCount = 0;
  return success();
}

//===----------------------------------------------------------------------===//
// The program
//===----------------------------------------------------------------------===//

LogicalResult ProgramBuilder::emit(Operation &op) {
  LogicalResult result = success();
  if (auto get = dyn_cast<nn::GetOp>(op))
    where[get.getValue()].value = ValueAttr::get(
        context, ValueKind::parameter, get.getParameterAttr().getAttr(), false);
  else if (auto scan = dyn_cast<nn::ScanOp>(op))
    result = emitScan(scan);
  else if (auto dispatch = dyn_cast<nn::DispatchOp>(op))
    emitDispatch(dispatch);
  else if (auto accumulate = dyn_cast<nn::AccumulateOp>(op))
    emitAccumulate(accumulate);
  else
    result = emitHost(op);
  releaseAfter(op);
  return result;
}

DictionaryAttr named(Builder &builder, StringRef key, StringRef value,
                     StringAttr buffer) {
  return builder.getDictionaryAttr(
      {builder.getNamedAttr(key, builder.getStringAttr(value)),
       builder.getNamedAttr("buffer", buffer)});
}

LogicalResult ProgramBuilder::build() {
  buffers.releaseAll();
  SmallVector<Attribute> inputs, outputs;
  for (BlockArgument argument : func.getArguments()) {
    auto role =
        func.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "nn.role");
    StringAttr buffer =
        buffers.fixed(role.getValue(), argument.getType(), argument.getLoc());
    where[argument].value = bufferRef(buffer);
    inputs.push_back(named(builder, "role", role.getValue(), buffer));
  }
  OpBuilder::InsertionGuard guard(builder);
  auto program = plan::ProgramOp::create(
      builder, func.getLoc(), func.getSymName(), builder.getArrayAttr(inputs),
      builder.getArrayAttr({}));
  builder.createBlock(&program.getBody());
  for (Operation &op : func.getBody().front().without_terminator())
    if (failed(emit(op)))
      return failure();
  StringRef name = func.getSymName() == "logits" ? "logits" : "loss";
  for (Value result : func.getReturn().getOperands())
    outputs.push_back(named(builder, "name", name, inBuffer(result).getName()));
  program.setOutputsAttr(builder.getArrayAttr(outputs));
  return success();
}

} // namespace

LogicalResult anec::buildPlanProgram(nn::FuncOp func, OpBuilder &builder,
                                     PlanBuffers &buffers,
                                     const PlanKernels &kernels,
                                     const Vocabulary &vocabulary) {
  return ProgramBuilder(func, builder, buffers, kernels, vocabulary).build();
}

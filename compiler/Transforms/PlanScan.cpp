//===- PlanScan.cpp - Scans become loops ----------------------------------===//
//
// What is carried stays in one place: in a buffer that is updated, or, when one
// dispatch gives what the next one takes, in a row of surfaces that iterations
// walk along. Stacks are instances, chosen by the loop's variable.
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/ProgramBuilder.h"

using namespace mlir;
using namespace anec;
using plan::RegionAttr;
using plan::SurfaceAttr;
using plan::ValueAttr;
using plan::ValueKind;

/// The Value port of `ports` for this argument or result, or null.
static const PlanPort *valuePort(const std::vector<PlanPort> &ports,
                                 int64_t number) {
  for (const PlanPort &port : ports)
    if (port.kind == PlanPort::Kind::Value && port.number() == number)
      return &port;
  return nullptr;
}

/// The port that both `argument` and the result `next` have when one dispatch
/// of a block takes the carry and another, or the same, gives the next; null
/// otherwise.
const PlanPort *ProgramBuilder::ringPort(Value argument, Value next) const {
  auto giver = next.getDefiningOp<nn::DispatchOp>();
  if (!giver || ringNext.contains(next))
    return nullptr;
  const PlanPort *given = valuePort(kernels.of(giver.getKernel()).outputs,
                                    cast<OpResult>(next).getResultNumber());
  for (OpOperand &use : argument.getUses()) {
    auto taker = dyn_cast<nn::DispatchOp>(use.getOwner());
    const PlanPort *taken =
        taker ? valuePort(kernels.of(taker.getKernel()).inputs,
                          use.getOperandNumber())
              : nullptr;
    if (given && taken && given->shape == taken->shape)
      return given;
  }
  return nullptr;
}

/// Where `result` of a dispatch is the first carry of a ring; null when it is
/// none, or lies in another way.
SurfaceAttr ProgramBuilder::ringStart(Value result, const PlanPort &port) {
  if (!result.hasOneUse())
    return {};
  OpOperand &use = *result.use_begin();
  auto scan = dyn_cast<nn::ScanOp>(use.getOwner());
  unsigned index = use.getOperandNumber();
  if (!scan || index >= scan.getCarries().size())
    return {};
  auto model = func->getParentOfType<nn::ModelOp>();
  auto block = SymbolTable(model).lookup<nn::FuncOp>(scan.getCallee());
  const PlanPort *ring =
      ringPort(block.getArgument(index), block.getReturn().getOperand(index));
  if (!ring || ring->shape != port.shape)
    return {};
  StringAttr name =
      surfaces.allocate(*ring, scan.getCount() + 1, scan.getLoc());
  ringsBegun[{scan, index}] = name;
  return surfaceRef(name, false, scan.getReverse() ? scan.getCount() : 0);
}

/// Iteration i finds the carry in one surface and leaves the next in another:
/// n + 1 of them, from the first on, or from the last in reverse. A stack of
/// the carries needs nothing more.
void ProgramBuilder::bindRing(nn::ScanOp scan, unsigned index, Value argument,
                              Value next, const PlanPort &port) {
  int64_t count = scan.getCount();
  bool loop = count > 1, reverse = scan.getReverse();
  StringAttr name = ringsBegun.lookup({scan, index});
  if (!name) {
    name = surfaces.allocate(port, count + 1, scan.getLoc());
    put(scan.getLoc(), scan.getCarries()[index],
        valueRegion(surfaceRef(name, false, reverse ? count : 0)));
  }
  where[argument] = {{}, valueRegion(surfaceRef(name, loop, reverse ? 1 : 0))};
  ringNext[next] = surfaceRef(name, loop, reverse ? 0 : 1);
  Value result = scan.getResult(index);
  where[result] = {{},
                   valueRegion(surfaceRef(name, false, reverse ? 0 : count))};
  holdSurface(result, name);
}

/// A buffer for the carry, updated in place.
void ProgramBuilder::bindCarry(nn::ScanOp scan, unsigned index,
                               Value argument) {
  Value carry = scan.getCarries()[index], result = scan.getResult(index);
  Where at = where.lookup(carry);
  auto mine = owned.find(carry);
  if (at.value && mine != owned.end() && carry.hasOneUse()) {
    // Nobody needs the initial value afterwards: its buffer is the carry.
    owned[result] = mine->second;
    owned.erase(carry);
  } else {
    Where from = at;
    at.value =
        bufferRef(buffers.allocate(carry.getType(), 1, {}, scan.getLoc()));
    owned[result] = at.value.getName();
    if (from.value)
      identity(scan.getLoc(), from.value, at.value);
    else
      plan::ReadOp::create(builder, scan.getLoc(), from.region, at.value);
  }
  where[argument] = {at.value, {}};
  where[result] = {at.value, {}};
}

/// Carries and, with the loop's index, elements of stacks.
void ProgramBuilder::bindArguments(nn::ScanOp scan, nn::FuncOp block) {
  for (unsigned index = 0, e = scan.getCarries().size(); index < e; ++index) {
    Value argument = block.getArgument(index);
    Value next = block.getReturn().getOperand(index);
    if (const PlanPort *port = ringPort(argument, next))
      bindRing(scan, index, argument, next, *port);
    else
      bindCarry(scan, index, argument);
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
    if (user.getInPlace())
      sums[value] = user.getParameterAttr();
    else if (value.getDefiningOp() && value.hasOneUse() &&
             !isa<nn::DispatchOp>(value.getDefiningOp()))
      gradients[value] = ValueAttr::get(context, ValueKind::gradient,
                                        user.getParameterAttr().getAttr(),
                                        scan.getCount() > 1);
  }
}

/// The end of an iteration, for one result that is not a carry.
void ProgramBuilder::yieldStack(nn::ScanOp scan, Value value, unsigned index) {
  Value stack = scan.getResult(index);
  if (stack.use_empty() || gradients.contains(value) || sums.contains(value))
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
  // The host wrote it to the surface itself: reading it back would be in vain.
  if (isa<BlockArgument>(value) && at.value && at.region)
    at.region = {};
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
    StringAttr surface = at.region.getSurface().getName();
    if (surfaces.owns(surface)) {
      surfaces.hold(surface);
      holdSurface(stack, surface);
    }
  }
  // With one iteration the element's buffer is the stack's.
  if (auto mine = owned.find(value); mine != owned.end() && at.value) {
    StringAttr buffer = mine->second;
    owned.erase(mine);
    owned[stack] = buffer;
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
    if (ringNext.erase(results[i]))
      continue; // Computed where it belongs.
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

//===- PlanProgram.cpp - One entry point of the plan ----------------------===//
//
// Walks a host function once, keeps for every value the buffer or the surface
// region that holds it, and writes down the steps that put it there.
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/ProgramBuilder.h"

using namespace mlir;
using namespace anec;
using plan::RegionAttr;
using plan::SurfaceAttr;
using plan::ValueAttr;
using plan::ValueKind;

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
    if (!isLast(value))
      continue;
    if (auto found = owned.find(value); found != owned.end()) {
      buffers.release(found->second);
      owned.erase(found);
    }
    if (auto found = held.find(value); found != held.end()) {
      surfaces.release(found->second);
      held.erase(found);
    }
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
static DictionaryAttr attributesOf(Operation &op) {
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

/// Puts `value` into a region, from a region or from its buffer.
void ProgramBuilder::put(Location loc, Value value, RegionAttr to) {
  Where at = where.lookup(value);
  if (at.region)
    plan::CopyOp::create(builder, loc, at.region, to);
  else
    plan::WriteOp::create(builder, loc, at.value, to);
}

SurfaceAttr ProgramBuilder::surfaceFor(Value value, const PlanPort &port) {
  int64_t count = stackOf(value) ? loopCount : 1;
  StringAttr name = surfaces.allocate(port, count, value.getLoc());
  return surfaceRef(name, /*loop=*/count > 1);
}

void ProgramBuilder::holdSurface(Value value, StringAttr name) {
  assert(!held.contains(value) && "a value is in one surface of its own");
  held[value] = name;
}

/// Whether an input may hold anything.
static bool isUndefined(Value value) {
  return value.getDefiningOp<nn::UndefinedOp>() != nullptr;
}

/// The surface for an input, with its activations in it.
SurfaceAttr ProgramBuilder::bindInput(nn::DispatchOp op, const PlanPort &port) {
  if (port.kind == PlanPort::Kind::Value) {
    Value operand = op.getOperand(port.number());
    RegionAttr at = where.lookup(operand).region;
    // Where it is, if it looks as the kernel wants it.
    if (at && surfaces.fits(at.getSurface().getName(), port))
      return at.getSurface();
    SurfaceAttr surface = surfaceFor(operand, port);
    if (isUndefined(operand)) {
      copies.push_back(surface.getName());
      return surface;
    }
    put(op.getLoc(), operand, valueRegion(surface));
    if (at) {
      copies.push_back(surface.getName());
    } else {
      where[operand].region = valueRegion(surface);
      holdSurface(operand, surface.getName());
    }
    return surface;
  }
  SurfaceAttr surface =
      surfaceRef(builder.getStringAttr(port.surface), loopCount > 1);
  for (auto region : port.regions.getAsRange<DictionaryAttr>()) {
    if (region.get("parameter"))
      continue; // Staged.
    Value operand = op.getOperand(region.getAs<IntegerAttr>("arg").getInt());
    if (isUndefined(operand))
      continue;
    auto to =
        RegionAttr::get(context, surface, region.getAs<StringAttr>("name"));
    put(op.getLoc(), operand, to);
    if (!where.lookup(operand).region)
      where[operand].region = to;
  }
  return surface;
}

/// Where `result` stays on the device as the sum of an update's gradients; null
/// for anything else.
SurfaceAttr ProgramBuilder::sumSurface(Value result, const PlanPort &port) {
  FlatSymbolRefAttr parameter = sums.lookup(result);
  if (!parameter && result.hasOneUse())
    if (auto op = dyn_cast<nn::AccumulateOp>(*result.user_begin()))
      parameter = op.getInPlace() ? op.getParameterAttr() : FlatSymbolRefAttr();
  if (!parameter)
    return {};
  SurfaceAttr surface = sumRef(parameter, loopCount > 1);
  surfaces.keep(surface.getName(), port, std::max<int64_t>(loopCount, 1),
                result.getLoc());
  return surface;
}

/// The surface for an output, where its results are then.
SurfaceAttr ProgramBuilder::bindOutput(nn::DispatchOp op,
                                       const PlanKernel &kernel,
                                       const PlanPort &port) {
  if (port.kind == PlanPort::Kind::Value) {
    Value result = op.getResult(port.number());
    SurfaceAttr surface = ringNext.lookup(result);
    if (!surface)
      surface = sumSurface(result, port);
    if (!surface)
      surface = ringStart(result, port);
    if (!surface) {
      surface = surfaceFor(result, port);
      holdSurface(result, surface.getName());
    }
    where[result].region = valueRegion(surface);
    return surface;
  }
  SurfaceAttr surface = surfaceRef(builder.getStringAttr(port.surface),
                                   loopCount > 1 && kernel.keepsResults);
  for (auto region : port.regions.getAsRange<DictionaryAttr>()) {
    Value result = op.getResult(region.getAs<IntegerAttr>("result").getInt());
    where[result].region =
        RegionAttr::get(context, surface, region.getAs<StringAttr>("name"));
  }
  return surface;
}

void ProgramBuilder::emitDispatch(nn::DispatchOp op) {
  const PlanKernel &kernel = kernels.of(op.getKernel());
  SmallVector<Attribute> inputs, outputs;
  for (const PlanPort &port : kernel.inputs)
    inputs.push_back(bindInput(op, port));
  for (const PlanPort &port : kernel.outputs)
    outputs.push_back(bindOutput(op, kernel, port));
  plan::DispatchOp::create(
      builder, op.getLoc(), kernel.name, builder.getArrayAttr(inputs),
      builder.getArrayAttr(outputs), loopCount > 1 && kernel.isBaked());
  for (StringAttr name : copies)
    surfaces.release(name);
  copies.clear();
}

void ProgramBuilder::emitAccumulate(nn::AccumulateOp op) {
  Where at = where.lookup(op.getGradient());
  auto isGradient = [](ValueAttr value) {
    return value && value.getKind() == ValueKind::gradient;
  };
  if (isGradient(at.value) || op.getInPlace() ||
      isa<nn::StackType>(op.getGradient().getType()))
    return; // Where it was computed, it was added.
  identity(op.getLoc(), inBuffer(op.getGradient()),
           ValueAttr::get(context, ValueKind::gradient,
                          op.getParameterAttr().getAttr(), false));
}

//===----------------------------------------------------------------------===//
// The program
//===----------------------------------------------------------------------===//

LogicalResult ProgramBuilder::emit(Operation &op) {
  LogicalResult result = success();
  if (auto get = dyn_cast<nn::GetOp>(op))
    where[get.getValue()].value = ValueAttr::get(
        context, ValueKind::parameter, get.getParameterAttr().getAttr(), false);
  else if (auto accumulated = dyn_cast<nn::AccumulatedOp>(op)) {
    // A stack of one is no loop.
    auto stack = dyn_cast<nn::StackType>(accumulated.getSum().getType());
    where[accumulated.getSum()].region = valueRegion(
        sumRef(accumulated.getParameterAttr(), stack && stack.getCount() > 1));
  } else if (auto scan = dyn_cast<nn::ScanOp>(op))
    result = emitScan(scan);
  else if (auto dispatch = dyn_cast<nn::DispatchOp>(op))
    emitDispatch(dispatch);
  else if (auto accumulate = dyn_cast<nn::AccumulateOp>(op))
    emitAccumulate(accumulate);
  else if (!isa<nn::UndefinedOp>(op))
    result = emitHost(op);
  releaseAfter(op);
  return result;
}

static DictionaryAttr named(Builder &builder, StringRef key, StringRef value,
                            StringAttr buffer) {
  return builder.getDictionaryAttr(
      {builder.getNamedAttr(key, builder.getStringAttr(value)),
       builder.getNamedAttr("buffer", buffer)});
}

LogicalResult ProgramBuilder::build() {
  buffers.releaseAll();
  surfaces.releaseAll();
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
  for (Value result : func.getReturn().getOperands()) {
    outputs.push_back(named(builder, "name", name, inBuffer(result).getName()));
    name = "witness"; // What follows the loss; see nn-witness.
  }
  program.setOutputsAttr(builder.getArrayAttr(outputs));
  return success();
}

LogicalResult anec::buildPlanProgram(nn::FuncOp func, OpBuilder &builder,
                                     PlanBuffers &buffers,
                                     PlanSurfaces &surfaces,
                                     const PlanKernels &kernels,
                                     const Vocabulary &vocabulary) {
  return ProgramBuilder(func, builder, buffers, surfaces, kernels, vocabulary)
      .build();
}

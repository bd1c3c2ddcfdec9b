//===- PlanOptimizer.cpp - Updates on the device as steps -----------------===//
//
// Kernels for a shape, dispatched for every tensor of that shape: which
// surfaces they find is the plan's business.
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/PlanOptimizer.h"
#include "compiler/Transforms/DeviceParameters.h"

using namespace mlir;
using namespace anec;
using plan::RegionAttr;
using plan::SurfaceAttr;
using plan::ValueAttr;
using plan::ValueKind;

bool anec::isOnDevice(nn::ModelOp model, StringRef parameter) {
  auto list = model->getAttrOfType<ArrayAttr>(deviceParametersAttribute);
  return list &&
         llvm::any_of(
             list.getAsRange<DictionaryAttr>(), [&](DictionaryAttr entry) {
               return entry.getAs<FlatSymbolRefAttr>("parameter").getValue() ==
                      parameter;
             });
}

PlanOptimizer::PlanOptimizer(nn::ModelOp model, OpBuilder &builder,
                             PlanBuffers &buffers, PlanSurfaces &surfaces,
                             const PlanKernels &kernels)
    : model(model), builder(builder), buffers(buffers), surfaces(surfaces),
      kernels(kernels),
      list(model->getAttrOfType<ArrayAttr>(deviceParametersAttribute)),
      things(builder) {}

nn::ParameterOp PlanOptimizer::parameterOf(DictionaryAttr entry) {
  return SymbolTable(model).lookup<nn::ParameterOp>(
      entry.getAs<FlatSymbolRefAttr>("parameter").getValue());
}

const PlanKernel &PlanOptimizer::kernelOf(DictionaryAttr entry,
                                          StringRef which) const {
  return kernels.of(entry.getAs<FlatSymbolRefAttr>(which).getValue());
}

ArrayAttr PlanOptimizer::buildSquares() {
  SmallVector<Attribute> outputs;
  if (!empty()) {
    surfaces.releaseAll();
    for (auto entry : list.getAsRange<DictionaryAttr>())
      squaresOf(entry, outputs);
  }
  return builder.getArrayAttr(outputs);
}

/// One dispatch for each tensor, and its two results in the host's memory.
void PlanOptimizer::squaresOf(DictionaryAttr entry,
                              SmallVectorImpl<Attribute> &outputs) {
  OpBuilder::InsertionGuard guard(builder);
  nn::ParameterOp parameter = parameterOf(entry);
  const PlanKernel &kernel = kernelOf(entry, "squares");
  Location loc = parameter.getLoc();
  int64_t count = parameter.getCount();
  auto matrix = cast<RankedTensorType>(parameter.getType());
  auto rows = matrix.clone({1, 1, matrix.getDimSize(0)});
  SmallVector<StringAttr> results, values;
  for (const PlanPort &port : kernel.outputs) {
    results.push_back(surfaces.allocate(port, 1, loc));
    values.push_back(buffers.allocate(rows, count, {}, loc));
  }
  const StringRef names[] = {"gradient_peaks", "gradient_squares"};
  for (auto [name, value] : llvm::zip_equal(names, values))
    outputs.push_back(builder.getDictionaryAttr(
        {builder.getNamedAttr("name", builder.getStringAttr(name)),
         builder.getNamedAttr("buffer", value)}));
  bool loop = enterLoop(builder, loc, count);
  SmallVector<Attribute> to;
  for (StringAttr result : results)
    to.push_back(surface(result, false));
  StringAttr gradient =
      gradientSurface(FlatSymbolRefAttr::get(parameter.getSymNameAttr()));
  plan::DispatchOp::create(builder, loc, kernel.name,
                           builder.getArrayAttr(surface(gradient, loop)),
                           builder.getArrayAttr(to), /*loop_instance=*/false);
  for (auto [result, buffer] : llvm::zip_equal(results, values)) {
    plan::ReadOp::create(
        builder, loc, value(surface(result, false)),
        ValueAttr::get(builder.getContext(), ValueKind::buffer, buffer, loop));
    surfaces.release(result);
  }
}

/// The surface that kernels take a matrix from.
StringAttr PlanOptimizer::weightOf(nn::ParameterOp parameter) const {
  for (const PlanKernel *kernel : kernels.inOrder())
    for (const PlanPort &port : kernel->inputs)
      if (port.kind == PlanPort::Kind::Weights &&
          cast<DictionaryAttr>(port.regions[0])
                  .getAs<FlatSymbolRefAttr>("parameter")
                  .getAttr() == parameter.getSymNameAttr())
        return builder.getStringAttr(port.surface);
  llvm_unreachable("no kernel takes a parameter that the device trains");
}

/// Surfaces like those of a gradient.
StringAttr PlanOptimizer::stateLike(StringAttr gradient, const Twine &name) {
  for (auto op : things.getBlock()->getParent()->getOps<plan::SurfaceOp>())
    if (op.getNameAttr() == gradient) {
      auto state = cast<plan::SurfaceOp>(things.clone(*op));
      state.setName(name.str());
      return state.getNameAttr();
    }
  llvm_unreachable("a gradient without a surface");
}

/// The host's numbers into a surface of their own; returns the input.
Attribute PlanOptimizer::writeFactors(const PlanPort &port, StringAttr &name) {
  Location loc = model.getLoc();
  auto region = cast<DictionaryAttr>(port.regions[0]);
  int64_t columns = region.getAs<IntegerAttr>("columns").getInt();
  int64_t rows = region.getAs<IntegerAttr>("rows").getInt();
  name = surfaces.allocate(port, 1, loc);
  StringAttr buffer = buffers.fixed(
      "factors." + std::to_string(columns),
      RankedTensorType::get({1, columns, rows}, builder.getF32Type()), loc);
  plan::WriteOp::create(
      builder, loc,
      ValueAttr::get(builder.getContext(), ValueKind::buffer, buffer, false),
      value(surface(name, false)));
  return builder.getDictionaryAttr(
      {builder.getNamedAttr("role", builder.getStringAttr("factors")),
       builder.getNamedAttr("buffer", buffer)});
}

void PlanOptimizer::update(DictionaryAttr entry,
                           llvm::StringMap<StringAttr> &factors,
                           SmallVectorImpl<Attribute> &inputs) {
  OpBuilder::InsertionGuard guard(builder);
  nn::ParameterOp parameter = parameterOf(entry);
  const PlanKernel &kernel = kernelOf(entry, "update");
  Location loc = parameter.getLoc();
  StringRef name = parameter.getSymName();
  StringAttr weight = weightOf(parameter);
  StringAttr gradient =
      gradientSurface(FlatSymbolRefAttr::get(parameter.getSymNameAttr()));
  // As the kernel takes them; the first four it gives back.
  SmallVector<StringAttr> states = {weight, stateLike(gradient, name + ".rest"),
                                    stateLike(gradient, name + ".mean"),
                                    stateLike(gradient, name + ".root"),
                                    gradient};
  auto at = [&](unsigned state) { return surface(states[state], false); };
  plan::DeviceParameterOp::create(
      things, loc, name,
      RegionAttr::get(builder.getContext(), at(0), parameter.getSymNameAttr()),
      value(at(1)), value(at(2)), value(at(3)), value(at(4)));

  const PlanPort &last = kernel.inputs.back();
  std::string shape =
      std::to_string(last.channels) + "x" + std::to_string(last.width);
  StringAttr &factor = factors[shape];
  if (!factor)
    inputs.push_back(writeFactors(last, factor));
  bool loop = enterLoop(builder, loc, parameter.getCount());
  SmallVector<Attribute> from, to;
  for (StringAttr state : states)
    from.push_back(surface(state, loop));
  from.push_back(surface(factor, false));
  for (unsigned state = 0; state < kernel.outputs.size(); ++state)
    to.push_back(surface(states[state], loop));
  plan::DispatchOp::create(builder, loc, kernel.name,
                           builder.getArrayAttr(from), builder.getArrayAttr(to),
                           /*loop_instance=*/false);
}

void PlanOptimizer::buildUpdate() {
  if (empty())
    return;
  OpBuilder::InsertionGuard guard(builder);
  surfaces.releaseAll();
  things = builder;
  auto program = plan::ProgramOp::create(builder, model.getLoc(), "update",
                                         builder.getArrayAttr({}),
                                         builder.getArrayAttr({}));
  things.setInsertionPoint(program);
  builder.createBlock(&program.getBody());
  llvm::StringMap<StringAttr> factors;
  SmallVector<Attribute> inputs;
  for (auto entry : list.getAsRange<DictionaryAttr>())
    update(entry, factors, inputs);
  program.setInputsAttr(builder.getArrayAttr(inputs));
}

//===- PlanKernels.cpp - Kernels as the plan sees them --------------------===//

#include "compiler/Transforms/PlanKernels.h"

using namespace mlir;
using namespace anec;

static ArrayAttr listOf(mil::ProgramOp program, StringRef attribute) {
  auto entries = program->getAttrOfType<ArrayAttr>(attribute);
  return entries ? entries : ArrayAttr::get(program->getContext(), {});
}

ArrayAttr PlanKernel::baked() const { return listOf(program, "baked"); }

int64_t PlanPort::number() const {
  auto region = cast<DictionaryAttr>(regions[0]);
  auto argument = region.getAs<IntegerAttr>("arg");
  return (argument ? argument : region.getAs<IntegerAttr>("result")).getInt();
}

bool anec::isOnlyAccumulated(Value stack) {
  return stack.hasOneUse() && isa<nn::AccumulateOp>(*stack.user_begin());
}

bool anec::enterLoop(OpBuilder &builder, Location loc, int64_t count) {
  if (count <= 1)
    return false;
  auto steps = plan::ForOp::create(builder, loc, count, /*reverse=*/false);
  builder.createBlock(&steps.getBody());
  return true;
}

/// A surface without the names that only one kernel has for its parts.
static DictionaryAttr shapeOf(const PlanPort &port, bool keepNames) {
  Builder builder(port.regions.getContext());
  SmallVector<Attribute> regions;
  for (auto region : port.regions.getAsRange<DictionaryAttr>()) {
    SmallVector<NamedAttribute> fields;
    for (NamedAttribute field : region)
      if (field.getName() != "arg" && field.getName() != "result" &&
          (keepNames || field.getName() != "name"))
        fields.push_back(field);
    regions.push_back(builder.getDictionaryAttr(fields));
  }
  return builder.getDictionaryAttr(
      {builder.getNamedAttr("channels",
                            builder.getI64IntegerAttr(port.channels)),
       builder.getNamedAttr("width", builder.getI64IntegerAttr(port.width)),
       builder.getNamedAttr("regions", builder.getArrayAttr(regions))});
}

PlanKernels::PlanKernels(nn::ModelOp model) {
  for (auto program : model.getOps<mil::ProgramOp>()) {
    PlanKernel kernel;
    kernel.program = program;
    StringRef name = program.getSymName();
    name.consume_back("_kernel");
    kernel.name = name;
    order.push_back(program.getSymName().str());
    kernels[order.back()] = kernel;
  }
  SymbolTable symbols(model);
  model.walk([&](nn::ScanOp scan) {
    noteScan(scan, symbols.lookup<nn::FuncOp>(scan.getCallee()));
  });
  // In the order of the programs: names must not depend on a map.
  for (const std::string &symbol : order)
    addPorts(kernels.at(symbol));
}

std::string PlanKernels::weightsSurface(const PlanKernel &kernel,
                                        const PlanPort &port) {
  Builder builder(port.regions.getContext());
  Attribute key =
      builder.getArrayAttr({shapeOf(port, /*keepNames=*/true),
                            builder.getI64IntegerAttr(kernel.count)});
  for (const auto &[known, name] : weights)
    if (known == key)
      return name;
  std::string name =
      port.regions.size() == 1
          ? textOf(cast<DictionaryAttr>(port.regions[0]), "name").str()
          : kernel.name + ".weights";
  auto isTaken = [&](const std::string &name) {
    return llvm::any_of(
        weights, [&](const auto &entry) { return entry.second == name; });
  };
  std::string unique = name;
  for (int n = 2; isTaken(unique); ++n)
    unique = name + "." + std::to_string(n);
  weights.push_back({key, unique});
  return unique;
}

void PlanKernels::addPorts(PlanKernel &kernel) {
  for (bool output : {false, true}) {
    std::vector<PlanPort> &ports = output ? kernel.outputs : kernel.inputs;
    for (auto entry :
         listOf(kernel.program, output ? "surfaces_out" : "surfaces_in")
             .getAsRange<DictionaryAttr>()) {
      PlanPort port;
      port.channels = entry.getAs<IntegerAttr>("channels").getInt();
      port.width = entry.getAs<IntegerAttr>("width").getInt();
      port.regions = entry.getAs<ArrayAttr>("regions");
      bool weightsOnly = llvm::all_of(
          port.regions.getAsRange<DictionaryAttr>(),
          [](DictionaryAttr region) { return region.get("parameter"); });
      if (weightsOnly) {
        port.kind = PlanPort::Kind::Weights;
        port.surface = weightsSurface(kernel, port);
      } else if (port.regions.size() == 1) {
        port.kind = PlanPort::Kind::Value;
        port.shape = shapeOf(port, /*keepNames=*/false);
      } else {
        port.surface = kernel.name + (output ? ".out" : ".in");
      }
      ports.push_back(port);
    }
  }
}

void PlanKernels::noteScan(nn::ScanOp scan, nn::FuncOp block) {
  size_t carries = scan.getCarries().size();
  for (auto dispatch : block.getOps<nn::DispatchOp>()) {
    PlanKernel &kernel = kernels.at(dispatch.getKernel().str());
    kernel.count = scan.getCount();
    for (auto [index, value] :
         llvm::enumerate(block.getReturn().getOperands())) {
      if (index < carries || value.getDefiningOp() != dispatch)
        continue;
      Value stack = scan.getResult(index);
      kernel.keepsResults |= !stack.use_empty() && !isOnlyAccumulated(stack);
    }
  }
}

std::vector<const PlanKernel *> PlanKernels::inOrder() const {
  std::vector<const PlanKernel *> found;
  for (const std::string &symbol : order)
    found.push_back(&kernels.at(symbol));
  return found;
}

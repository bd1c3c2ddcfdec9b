//===- PlanKernels.cpp - Kernels as the plan sees them --------------------===//

#include "compiler/Transforms/PlanKernels.h"

using namespace mlir;
using namespace anec;

bool PlanKernel::isBaked() const { return !list("baked").empty(); }

ArrayAttr PlanKernel::list(StringRef attribute) const {
  auto entries = program->getAttrOfType<ArrayAttr>(attribute);
  return entries ? entries : ArrayAttr::get(program->getContext(), {});
}

DictionaryAttr PlanKernel::region(StringRef listName, StringRef key,
                                  int64_t number) const {
  for (auto entry : list(listName).getAsRange<DictionaryAttr>())
    if (auto value = entry.getAs<IntegerAttr>(key))
      if (value.getInt() == number)
        return entry;
  return {};
}

bool anec::isOnlyAccumulated(Value stack) {
  return stack.hasOneUse() && isa<nn::AccumulateOp>(*stack.user_begin());
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

//===- MILProgram.cpp - mil.program, mil.func, mil.return -----------------===//

#include "dialect/MIL/MIL.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/FunctionImplementation.h"

using namespace mlir;

namespace anec::mil {

void ProgramOp::build(OpBuilder &builder, OperationState &state,
                      StringRef name) {
  state.addAttribute(getSymNameAttrName(state.name),
                     builder.getStringAttr(name));
  state.addRegion()->emplaceBlock();
}

LogicalResult ProgramOp::verifyRegions() {
  Block &body = getBody().front();
  if (!llvm::hasSingleElement(body) || !isa<FuncOp>(body.front()) ||
      cast<FuncOp>(body.front()).getSymName() != "main") // program_c1
    return emitOpError("expects one op in its body, a mil.func @main");
  return success();
}

FuncOp ProgramOp::getMain() { return cast<FuncOp>(getBody().front().front()); }

void FuncOp::build(OpBuilder &builder, OperationState &state, StringRef name,
                   FunctionType type) {
  buildWithEntryBlock(builder, state, name, type, {}, type.getInputs());
}

ParseResult FuncOp::parse(OpAsmParser &parser, OperationState &result) {
  auto buildType = [](Builder &builder, ArrayRef<Type> inputs,
                      ArrayRef<Type> results,
                      function_interface_impl::VariadicFlag, std::string &) {
    return builder.getFunctionType(inputs, results);
  };
  return function_interface_impl::parseFunctionOp(
      parser, result, /*allowVariadic=*/false,
      getFunctionTypeAttrName(result.name), buildType,
      getArgAttrsAttrName(result.name), getResAttrsAttrName(result.name));
}

void FuncOp::print(OpAsmPrinter &printer) {
  function_interface_impl::printFunctionOp(
      printer, *this, /*isVariadic=*/false, getFunctionTypeAttrName(),
      getArgAttrsAttrName(), getResAttrsAttrName());
}

LogicalResult FuncOp::verify() {
  FunctionType type = getFunctionType();
  for (Type value :
       llvm::concat<const Type>(type.getInputs(), type.getResults()))
    if (!isa<RankedTensorType>(value)) // func_c1
      return emitOpError("expects tensors as inputs and results, but got ")
             << value;
  if (getBody().empty()) // func_c2
    return emitOpError("expects a body");
  return success();
}

LogicalResult ReturnOp::verify() {
  auto expected = cast<FuncOp>((*this)->getParentOp()).getResultTypes();
  if (TypeRange(getOutputs()) != TypeRange(expected)) // return_c1
    return emitOpError("expects the function's results, of types (")
           << expected << "), but got (" << getOutputs().getTypes() << ")";
  return success();
}

} // namespace anec::mil

//===- NNStructure.cpp - Verifiers of models, functions and scans ---------===//

#include "dialect/NN/NN.h"

#include "mlir/IR/Builders.h"
#include "mlir/Interfaces/FunctionImplementation.h"

using namespace mlir;
using namespace anec::nn;

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

void FuncOp::build(OpBuilder &builder, OperationState &state, StringRef name,
                   FunctionType type) {
  state.addAttribute(getSymNameAttrName(state.name),
                     builder.getStringAttr(name));
  state.addAttribute(getFunctionTypeAttrName(state.name), TypeAttr::get(type));
  state.addRegion();
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
  if (getBody().empty() || !isa<ReturnOp>(getBody().front().back())) // func_c1
    return emitOpError("expects a body that ends with nn.return");
  for (unsigned i = 0, e = getNumArguments(); i < e; ++i) {
    Attribute role = getArgAttr(i, "nn.role");
    auto word = dyn_cast_or_null<StringAttr>(role);
    if (role && (!word || (word != "tokens" && word != "targets" &&
                           word != "data"))) // func_c2
      return emitOpError("expects nn.role of argument ")
             << i << " to be \"tokens\", \"targets\" or \"data\", but got "
             << role;
  }
  return success();
}

ReturnOp FuncOp::getReturn() {
  return cast<ReturnOp>(getBody().front().getTerminator());
}

LogicalResult ReturnOp::verify() {
  auto func = cast<FuncOp>((*this)->getParentOp());
  if (getOperandTypes() != TypeRange(func.getResultTypes()))
    return emitOpError("expects values of types (")
           << func.getResultTypes() << "), but got (" << getOperandTypes()
           << ")";
  return success();
}

//===----------------------------------------------------------------------===//
// Symbol users
//===----------------------------------------------------------------------===//

static FuncOp lookUpBlock(Operation *op, FlatSymbolRefAttr callee,
                          SymbolTableCollection &symbols) {
  auto func = symbols.lookupNearestSymbolFrom<FuncOp>(op, callee);
  if (!func)
    op->emitOpError("expects a block named '")
        << callee.getValue() << "' in the model";
  return func;
}

static LogicalResult verifyTypes(Operation *op, StringRef what,
                                 TypeRange expected, TypeRange found) {
  if (expected == found)
    return success();
  return op->emitOpError("expects ")
         << what << " (" << expected << "), but got (" << found << ")";
}

static LogicalResult verifyCount(Operation *op, int64_t count) {
  if (count > 0) // repeat_c2
    return success();
  return op->emitOpError("expects a count > 0, but got ") << count;
}

LogicalResult ParameterOp::verify() {
  auto tensor = dyn_cast<RankedTensorType>(getType());
  if (!tensor || !tensor.hasStaticShape())
    return emitOpError("expects a tensor of static shape, but got ")
           << getType();                 // parameter_c1
  return verifyCount(*this, getCount()); // parameter_c2
}

LogicalResult RepeatOp::verifySymbolUses(SymbolTableCollection &symbols) {
  FuncOp block = lookUpBlock(*this, getCalleeAttr(), symbols);
  if (!block || failed(verifyCount(*this, getCount())))
    return failure();
  if (failed(verifyTypes(*this, "the block's arguments",
                         block.getArgumentTypes(), getInits().getTypes())))
    return failure(); // repeat_c1
  return verifyTypes(*this, "the block's results", block.getResultTypes(),
                     getResultTypes());
}

/// One stack type per element type.
static SmallVector<Type> stacksOf(TypeRange elements, int64_t count) {
  SmallVector<Type> stacks;
  for (Type element : elements)
    stacks.push_back(StackType::get(element.getContext(), count, element));
  return stacks;
}

/// The element types of stacks.
static SmallVector<Type> elementsOf(TypeRange stacks) {
  SmallVector<Type> elements;
  for (Type stack : stacks)
    elements.push_back(cast<StackType>(stack).getElement());
  return elements;
}

LogicalResult ScanOp::verifySymbolUses(SymbolTableCollection &symbols) {
  FuncOp block = lookUpBlock(*this, getCalleeAttr(), symbols);
  if (!block || failed(verifyCount(*this, getCount())))
    return failure();
  SmallVector<Type> arguments(getCarries().getTypes());
  llvm::append_range(arguments, elementsOf(getEach().getTypes()));
  if (failed(verifyTypes(*this, "the block's arguments",
                         block.getArgumentTypes(), arguments)))
    return failure(); // scan_c1
  size_t carries = getCarries().size();
  if (block.getResultTypes().size() < carries)
    return emitOpError("expects the block to return its ")
           << carries << " carries, but it has "
           << block.getResultTypes().size() << " results";
  for (Type type : block.getResultTypes().drop_front(carries))
    if (!isa<RankedTensorType>(type))
      return emitOpError("expects the block to return tensors after its "
                         "carries, but it returns ")
             << type;
  SmallVector<Type> results(getCarries().getTypes());
  llvm::append_range(
      results,
      stacksOf(block.getResultTypes().drop_front(carries), getCount()));
  return verifyTypes(*this, "results", results, getResultTypes()); // scan_c2
}

LogicalResult ScanForwardOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return success(lookUpBlock(*this, getCalleeAttr(), symbols) &&
                 succeeded(verifyCount(*this, getCount())));
}
LogicalResult ScanBackwardOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return success(lookUpBlock(*this, getCalleeAttr(), symbols) &&
                 succeeded(verifyCount(*this, getCount())));
}

LogicalResult DispatchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // A kernel that convert-nn-to-mil has rewritten keeps its name, not its type.
  Operation *callee = symbols.lookupNearestSymbolFrom(*this, getKernelAttr());
  if (callee && !isa<FuncOp>(callee))
    return success();
  FuncOp kernel = lookUpBlock(*this, getKernelAttr(), symbols);
  if (!kernel ||
      failed(verifyTypes(*this, "the kernel's arguments",
                         kernel.getArgumentTypes(), getOperandTypes())))
    return failure(); // dispatch_c1
  return verifyTypes(*this, "the kernel's results", kernel.getResultTypes(),
                     getResultTypes());
}

LogicalResult GetOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto parameter =
      symbols.lookupNearestSymbolFrom<ParameterOp>(*this, getParameterAttr());
  if (!parameter)
    return emitOpError("expects a parameter named '") << getParameter() << "'";
  Type expected = parameter.getType();
  if (getParameter().contains('*'))
    expected = StackType::get(getContext(), parameter.getCount(), expected);
  return verifyTypes(*this, "a value of type", expected,
                     getValue().getType()); // get_c1
}

//===- MILOps.cpp - Constants, verifiers and builders of mil --------------===//

#include "dialect/MIL/MIL.h"
#include "dialect/MIL/MILInference.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"

using namespace mlir;

namespace anec::mil {

//===----------------------------------------------------------------------===//
// const
//===----------------------------------------------------------------------===//

/// `value in "file"`, `value` or `in "file" : type`.
static ParseResult parseConstant(OpAsmParser &parser, ElementsAttr &value,
                                 StringAttr &file, Type &type) {
  bool hasFile = succeeded(parser.parseOptionalKeyword("in"));
  if (!hasFile) {
    if (parser.parseAttribute(value))
      return failure();
    type = value.getType();
    hasFile = succeeded(parser.parseOptionalKeyword("in"));
  }
  std::string path; // Not parseAttribute, which would take the type as well.
  if (hasFile && parser.parseString(&path))
    return failure();
  if (hasFile)
    file = parser.getBuilder().getStringAttr(path);
  return type ? success() : parser.parseColonType(type);
}

static void printConstant(OpAsmPrinter &printer, Operation *,
                          ElementsAttr value, StringAttr file, Type type) {
  if (value)
    printer << value;
  if (file)
    printer << (value ? " in " : "in ") << file;
  if (!value)
    printer << " : " << type;
}

LogicalResult ConstOp::verify() {
  auto type = cast<RankedTensorType>(getOutput().getType());
  ElementsAttr value = getValueAttr();
  if (value && value.getType() != type) // const_c1
    return emitOpError("expects a value of type ")
           << type << ", but got " << value.getType();
  if (!value && !getFileAttr()) // const_c2
    return emitOpError("expects a value or a file");
  auto wide = type.clone(Float32Type::get(getContext()));
  if (getExactAttr() &&
      (!value || getExactAttr().getType() != wide)) // const_c3
    return emitOpError("expects an exact value of type ")
           << wide << " beside a value, but got " << getExactAttr().getType();
  if (getOffset() && (value || !getFileAttr())) // const_c4
    return emitOpError("expects an offset beside a file without a value");
  return success();
}

void ConstOp::build(OpBuilder &builder, OperationState &state, Type type,
                    ElementsAttr value, StringAttr file) {
  build(builder, state, type, value, file, /*exact=*/ElementsAttr(),
        /*offset=*/IntegerAttr());
}

//===----------------------------------------------------------------------===//
// Verifiers and builders
//===----------------------------------------------------------------------===//

LogicalResult SoftmaxOp::verify() {
  int64_t rank = cast<RankedTensorType>(getX().getType()).getRank();
  int64_t axis = static_cast<int32_t>(getAxis());
  if (axis < -rank || axis >= rank) // softmax_c1
    return emitOpError("expects axis in [")
           << -rank << ", " << rank << "), but got " << axis;
  return success();
}

void ConvOp::build(OpBuilder &builder, OperationState &state, Value x,
                   Value weight) {
  build(builder, state, x, weight, /*strides=*/{1, 1}, /*pad_type=*/"valid",
        /*pad=*/{0, 0, 0, 0}, /*dilations=*/{1, 1}, /*groups=*/1);
}

} // namespace anec::mil

#include "dialect/MIL/MILInterfaces.cpp.inc"

#define GET_OP_CLASSES
#include "dialect/MIL/MILOps.cpp.inc"

//===- NNDialect.cpp - Types and attributes of the nn dialect -------------===//

#include "dialect/NN/NN.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace anec::nn;

#include "dialect/NN/NNDialect.cpp.inc"
#include "dialect/NN/NNEnums.cpp.inc"
#include "dialect/NN/NNInterfaces.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialect/NN/NNAttributes.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialect/NN/NNTypes.cpp.inc"

void NNDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialect/NN/NNAttributes.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialect/NN/NNTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialect/NN/NNOps.cpp.inc"
      >();
}

LogicalResult StackType::verify(function_ref<InFlightDiagnostic()> emitError,
                                int64_t count, Type element) {
  if (count <= 0)
    return emitError() << "expects a stack of at least one tensor, but got "
                       << count;
  if (!isa<RankedTensorType>(element))
    return emitError() << "expects a stack of tensors, but got " << element;
  return success();
}

/// What stands between the brackets: `zeros`, `ones` or `normal, 0.02`.
static FailureOr<InitAttr> parseInitBody(AsmParser &parser) {
  SMLoc loc = parser.getCurrentLocation();
  StringRef keyword;
  double deviation = 0;
  if (parser.parseKeyword(&keyword))
    return failure();
  std::optional<InitKind> kind = symbolizeInitKind(keyword);
  if (!kind)
    return parser.emitError(loc, "expects zeros, ones or normal, but got '")
           << keyword << "'";
  if (*kind == InitKind::normal &&
      (parser.parseComma() || parser.parseFloat(deviation)))
    return failure();
  return InitAttr::get(parser.getContext(), *kind, APFloat(deviation));
}
static void printInitBody(AsmPrinter &printer, InitAttr init) {
  printer << stringifyInitKind(init.getKind());
  if (init.getKind() != InitKind::normal)
    return;
  printer << ", ";
  printer.printFloat(init.getDeviation());
}

Attribute InitAttr::parse(AsmParser &parser, Type) {
  if (parser.parseLess())
    return {};
  FailureOr<InitAttr> init = parseInitBody(parser);
  if (failed(init) || parser.parseGreater())
    return {};
  return *init;
}
void InitAttr::print(AsmPrinter &printer) const {
  printer << "<";
  printInitBody(printer, *this);
  printer << ">";
}

ParseResult anec::nn::parseInit(OpAsmParser &parser, InitAttr &init) {
  if (parser.parseLParen())
    return failure();
  FailureOr<InitAttr> body = parseInitBody(parser);
  if (failed(body) || parser.parseRParen())
    return failure();
  init = *body;
  return success();
}
void anec::nn::printInit(OpAsmPrinter &printer, Operation *, InitAttr init) {
  printer << "(";
  printInitBody(printer, init);
  printer << ")";
}

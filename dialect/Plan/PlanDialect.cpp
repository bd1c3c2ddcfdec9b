//===- PlanDialect.cpp - References and registration ----------------------===//

#include "dialect/Plan/Plan.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace anec::plan;

#include "dialect/Plan/PlanDialect.cpp.inc"
#include "dialect/Plan/PlanEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialect/Plan/PlanAttributes.cpp.inc"
#define GET_OP_CLASSES
#include "dialect/Plan/PlanOps.cpp.inc"

void PlanDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialect/Plan/PlanAttributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialect/Plan/PlanOps.cpp.inc"
      >();
}

/// `"name"`, with `[i]` for the instance of the iteration.
static ParseResult parseInstance(AsmParser &parser, StringAttr &name,
                                 bool &loop) {
  std::string text;
  if (parser.parseString(&text))
    return failure();
  name = parser.getBuilder().getStringAttr(text);
  loop = succeeded(parser.parseOptionalLSquare());
  if (loop && (parser.parseKeyword("i") || parser.parseRSquare()))
    return failure();
  return success();
}
static void printInstance(AsmPrinter &printer, StringAttr name, bool loop) {
  printer << name << (loop ? "[i]" : "");
}

Attribute ValueAttr::parse(AsmParser &parser, Type) {
  StringRef keyword;
  StringAttr name;
  bool loop = false;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() || parser.parseKeyword(&keyword) ||
      parseInstance(parser, name, loop) || parser.parseGreater())
    return {};
  std::optional<ValueKind> kind = symbolizeValueKind(keyword);
  if (!kind) {
    parser.emitError(loc, "expects buffer, parameter or gradient");
    return {};
  }
  return ValueAttr::get(parser.getContext(), *kind, name, loop);
}
void ValueAttr::print(AsmPrinter &printer) const {
  printer << "<" << stringifyValueKind(getKind()) << " ";
  printInstance(printer, getName(), getLoop());
  printer << ">";
}

Attribute RegionAttr::parse(AsmParser &parser, Type) {
  StringAttr surface;
  std::string region;
  bool loop = false;
  if (parser.parseLess() || parseInstance(parser, surface, loop) ||
      parser.parseString(&region) || parser.parseGreater())
    return {};
  return RegionAttr::get(parser.getContext(), surface, loop,
                         parser.getBuilder().getStringAttr(region));
}
void RegionAttr::print(AsmPrinter &printer) const {
  printer << "<";
  printInstance(printer, getSurface(), getLoop());
  printer << " " << getRegion() << ">";
}

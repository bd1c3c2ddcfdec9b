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

/// `"name"`, `"name"[i]`, `"name"[i + 1]` or `"name"[3]`.
static FailureOr<SurfaceAttr> parseSurface(AsmParser &parser) {
  std::string name;
  bool loop = false;
  int64_t offset = 0;
  if (parser.parseString(&name))
    return failure();
  if (succeeded(parser.parseOptionalLSquare())) {
    loop = succeeded(parser.parseOptionalKeyword("i"));
    bool number = !loop || succeeded(parser.parseOptionalPlus());
    if ((number && parser.parseInteger(offset)) || parser.parseRSquare())
      return failure();
  }
  return SurfaceAttr::get(parser.getContext(),
                          parser.getBuilder().getStringAttr(name), loop,
                          offset);
}
static void printSurface(AsmPrinter &printer, SurfaceAttr surface) {
  printer << surface.getName();
  int64_t offset = surface.getOffset();
  if (surface.getLoop() && offset)
    printer << "[i + " << offset << "]";
  else if (surface.getLoop())
    printer << "[i]";
  else if (offset)
    printer << "[" << offset << "]";
}

Attribute SurfaceAttr::parse(AsmParser &parser, Type) {
  if (parser.parseLess())
    return {};
  FailureOr<SurfaceAttr> surface = parseSurface(parser);
  if (failed(surface) || parser.parseGreater())
    return {};
  return *surface;
}
void SurfaceAttr::print(AsmPrinter &printer) const {
  printer << "<";
  printSurface(printer, *this);
  printer << ">";
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
  std::string region;
  if (parser.parseLess())
    return {};
  FailureOr<SurfaceAttr> surface = parseSurface(parser);
  if (failed(surface) || parser.parseString(&region) || parser.parseGreater())
    return {};
  return RegionAttr::get(parser.getContext(), *surface,
                         parser.getBuilder().getStringAttr(region));
}
void RegionAttr::print(AsmPrinter &printer) const {
  printer << "<";
  printSurface(printer, getSurface());
  printer << " " << getRegion() << ">";
}

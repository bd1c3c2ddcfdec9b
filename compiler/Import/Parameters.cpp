//===- Parameters.cpp - Compile-time parameters as attributes -------------===//
//
// The type checker has seen all of them; what is left is their form.
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Parameters.h"

#include "runtime/mil/OpTable.h"

using namespace mlir;

namespace anec {

namespace ast = rt::mil;

namespace {

using rt::Error;
using rt::Result;

/// Fills the attributes of one statement.
class Converter {
public:
  Converter(const ast::Operands &operands, const ast::Type &result,
            Builder &builder)
      : operands(operands), result(result), builder(builder) {}

  std::optional<Error> defaults(StringRef op);
  std::optional<Error> given(StringRef name);

  NamedAttrList attributes;

private:
  std::optional<Error> convolution();
  std::optional<Error> slice();

  Result<Attribute> integers(ArrayRef<int64_t> values);
  std::optional<Error> setIntegers(StringRef name, ArrayRef<int64_t> values) {
    ANEC_ASSIGN(Attribute attribute, integers(values));
    attributes.set(name, attribute);
    return std::nullopt;
  }
  std::optional<Error> setFlag(StringRef name) {
    ANEC_ASSIGN(bool value, operands.flag(name.str(), false));
    attributes.set(name, builder.getBoolAttr(value));
    return std::nullopt;
  }

  const ast::Operands &operands;
  const ast::Type &result;
  Builder &builder;
};

} // namespace

Result<Attribute> Converter::integers(ArrayRef<int64_t> values) {
  SmallVector<int32_t> narrow;
  for (int64_t value : values) {
    if (value < INT32_MIN || value > INT32_MAX)
      return rt::makeError(rt::ErrorCode::InvalidInput,
                           "expected 32-bit integers, found {}", value);
    narrow.push_back(static_cast<int32_t>(value));
  }
  return Attribute(builder.getDenseI32ArrayAttr(narrow));
}

/// A parameter that needs no thought: by the type of its value.
std::optional<Error> Converter::given(StringRef name) {
  const ast::OperandInfo *operand = operands.find(name.str());
  if (!operand || attributes.get(name))
    return std::nullopt;
  const ast::Type &type = operand->type;
  if (type.element == ast::ScalarType::String) {
    ANEC_ASSIGN(std::string text, operands.string(name.str()));
    attributes.set(name, builder.getStringAttr(text));
    return std::nullopt;
  }
  if (type.element == ast::ScalarType::Bool)
    return setFlag(name);
  if (type.rank() != 0) {
    ANEC_ASSIGN(std::vector<int64_t> values, operands.integers(name.str()));
    return setIntegers(name, values);
  }
  ANEC_ASSIGN(int64_t value, operands.integer(name.str()));
  ANEC_ASSIGN(Attribute checked, integers(value));
  attributes.set(
      name, builder.getI32IntegerAttr(cast<DenseI32ArrayAttr>(checked)[0]));
  return std::nullopt;
}

std::optional<Error> Converter::convolution() {
  ANEC_ASSIGN(ast::Type x, operands.type("x"));
  const size_t spatial =
      static_cast<size_t>(std::max<int64_t>(x.rank() - 2, 0));
  const std::vector<int64_t> ones(spatial, 1), zeros(2 * spatial, 0);
  ANEC_ASSIGN(std::string padType, operands.string("pad_type", "valid"));
  ANEC_ASSIGN(std::vector<int64_t> strides,
              operands.integers("strides", &ones));
  ANEC_ASSIGN(std::vector<int64_t> dilations,
              operands.integers("dilations", &ones));
  ANEC_ASSIGN(std::vector<int64_t> pad, operands.integers("pad", &zeros));
  ANEC_ASSIGN(int64_t groups, operands.integer("groups", 1));
  // Only "custom" looks at it.
  if (padType == "valid")
    pad = zeros;
  attributes.set("pad_type", builder.getStringAttr(padType));
  ANEC_TRY(setIntegers("strides", strides));
  ANEC_TRY(setIntegers("dilations", dilations));
  ANEC_TRY(setIntegers("pad", pad));
  attributes.set("groups",
                 builder.getI32IntegerAttr(static_cast<int32_t>(groups)));
  return std::nullopt;
}

/// From the start, with written sizes.
std::optional<Error> Converter::slice() {
  ANEC_ASSIGN(ast::Type x, operands.type("x"));
  ANEC_ASSIGN(std::vector<ast::SliceRange> ranges,
              ast::sizeRanges(operands, x.dims));
  std::vector<int64_t> begin, size;
  for (const ast::SliceRange &range : ranges) {
    begin.push_back(range.begin);
    size.push_back(range.count);
  }
  ANEC_TRY(setIntegers("begin", begin));
  return setIntegers("size", size);
}

std::optional<Error> Converter::defaults(StringRef op) {
  if (op == "conv")
    return convolution();
  if (op == "slice_by_size")
    return slice();
  if (op == "reshape")
    return setIntegers("shape", result.dims);
  if (op == "matmul") {
    ANEC_TRY(setFlag("transpose_x"));
    return setFlag("transpose_y");
  }
  if (op == "concat")
    return setFlag("interleave");
  if (op == "softmax") {
    ANEC_ASSIGN(int64_t axis, operands.integer("axis", -1));
    attributes.set("axis",
                   builder.getI32IntegerAttr(static_cast<int32_t>(axis)));
    return std::nullopt;
  }
  if (op == "transpose") {
    ANEC_ASSIGN(std::vector<int64_t> perm, operands.integers("perm"));
    for (int64_t &axis : perm) {
      ANEC_ASSIGN(axis, ast::normalizeAxis(axis, int64_t(perm.size())));
    }
    return setIntegers("perm", perm);
  }
  if (op.starts_with("reduce_")) {
    ANEC_ASSIGN(ast::Type x, operands.type("x"));
    if (!operands.has("axes")) {
      ANEC_ASSIGN(std::vector<int64_t> all, operands.axes("axes", x.rank()));
      ANEC_TRY(setIntegers("axes", all));
    }
    return setFlag("keep_dims");
  }
  return std::nullopt;
}

rt::Result<NamedAttrList> convertParameters(StringRef op,
                                            ArrayRef<StringAttr> names,
                                            const ast::Operands &operands,
                                            const ast::Type &result,
                                            Builder &builder) {
  Converter converter(operands, result, builder);
  ANEC_TRY(converter.defaults(op));
  for (StringAttr name : names) {
    if (auto error = converter.given(name))
      return rt::makeError(error->code, "'{}': {}", name.str(), error->message);
  }
  return Result<NamedAttrList>(std::move(converter.attributes));
}

} // namespace anec

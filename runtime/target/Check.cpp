//===- Check.cpp - Does a program keep the rules of a target --------------===//
//
// One function per group of rules of AneConstraints.def, in the order of that
// table; limits come from the profile.
//
//===----------------------------------------------------------------------===//

#include "runtime/target/Check.h"

#include <fmt/format.h>

#include <map>
#include <set>

namespace anec::rt::target {

namespace {

bool isPowerOfTwo(int64_t value) {
  return value > 0 && (value & (value - 1)) == 0;
}

class Checker {
public:
  Checker(const mil::Function &function, const Profile &profile)
      : function(function), profile(profile), place(function.location) {
    for (const mil::TypedName &parameter : function.parameters)
      types[parameter.name] = &parameter.type;
    for (const mil::Statement &statement : function.statements) {
      for (const mil::TypedName &result : statement.results)
        types[result.name] = &result.type;
      const mil::Attribute *value = statement.findAttribute("val");
      if (statement.op == "const" && value && statement.results.size() == 1)
        constants[statement.results.front().name] = &value->value;
      if (statement.op == "const" || statement.op.rfind("constexpr_", 0) == 0)
        for (const mil::TypedName &result : statement.results)
          constantNames.insert(result.name);
    }
  }

  std::vector<Violation> run() {
    checkSurfaces();
    for (const mil::Statement &statement : function.statements) {
      current = &statement;
      checkText(statement);
      checkOperator(statement);
      checkSizes(statement);
    }
    current = nullptr;
    checkProgram();
    return std::move(violations);
  }

private:
  // Inputs and outputs -------------------------------------------------------

  void checkSurfaces() {
    count(Rule::MultiInOrder, function.parameters.size(), "input");
    count(Rule::MultiOutOrder, function.outputs.size(), "output");
    for (const mil::TypedName &parameter : function.parameters) {
      place = parameter.location;
      checkSurface(parameter.type, parameter.name, "input");
    }
    for (const mil::Reference &output : function.outputs)
      if (const mil::Type *type = typeOf(output.name)) {
        place = output.location;
        checkSurface(*type, output.name, "output");
      }
    place = function.location;
  }

  void count(Rule rule, size_t found, const char *what) {
    if (static_cast<int64_t>(found) > profile.limit(rule))
      report(rule, "", "has {} {}s, at most {}", found, what,
             profile.limit(rule));
  }

  void checkSurface(const mil::Type &type, const std::string &name,
                    const char *what) {
    if (type.rank() != 4 || type.dims[0] != 1 || type.dims[2] != 1 ||
        type.elementCount() == mil::dynamicSize) {
      report(Rule::IoLayout, name, "{} is {}, expected [1, C, 1, S]", what,
             toString(type));
      return;
    }
    if (type.element != mil::ScalarType::FP16)
      report(Rule::IoDtypeFp16, name, "{} is {}, expected fp16", what,
             scalarTypeName(type.element));
    int64_t channels = type.dims[1], width = type.dims[3];
    int64_t rowBytes = width * scalarTypeBits(type.element) / 8;
    int64_t granule = profile.limit(Rule::IoRowStride);
    if (rowBytes % granule != 0)
      report(Rule::IoRowStride, name,
             "{} has rows of {} elements, {} bytes; expected a multiple of {} "
             "bytes",
             what, width, rowBytes, granule);
    if (channels % profile.limit(Rule::IoChannels) != 0)
      report(Rule::IoChannels, name,
             "{} has {} channels, expected a multiple of {}", what, channels,
             profile.limit(Rule::IoChannels));
    int64_t bytes = channels * rowBytes;
    if (bytes < profile.limit(Rule::IoMinBytes))
      report(Rule::IoMinBytes, name, "{} has {} bytes, at least {}", what,
             bytes, profile.limit(Rule::IoMinBytes));
    for (int64_t dim : type.dims)
      if (dim > profile.limit(Rule::Dim16384))
        report(Rule::Dim16384, name, "{} has a dimension of {}, at most {}",
               what, dim, profile.limit(Rule::Dim16384));
  }

  // Text ---------------------------------------------------------------------

  void checkText(const mil::Statement &statement) {
    for (const mil::Argument &argument : statement.arguments)
      for (const mil::Operand &operand : argument.operands)
        if (std::holds_alternative<mil::Value>(operand))
          report(Rule::NamedConst, "", "passes '{}' as a literal",
                 argument.name);
    const mil::Attribute *name = statement.findAttribute("name");
    const auto *text = name ? name->value.strings() : nullptr;
    if (!text || text->size() != 1)
      report(Rule::OpName, "", "has no name");
    else if (!operatorNames.insert(text->front()).second)
      report(Rule::OpName, "", "repeats the name '{}'", text->front());
    for (const mil::Attribute &attribute : statement.attributes)
      if (const mil::BlobFile *blob = attribute.value.blob())
        checkBlob(*blob);
    for (const mil::Argument &argument : statement.arguments)
      for (const mil::Operand &operand : argument.operands)
        if (const auto *value = std::get_if<mil::Value>(&operand))
          if (const mil::BlobFile *blob = value->blob())
            checkBlob(*blob);
  }

  void checkBlob(const mil::BlobFile &blob) {
    auto [known, isNew] = blobOffsets.try_emplace(blob.path, blob.offset);
    uint64_t first = profile.limit(Rule::BlobfileOffset);
    if (!isNew && known->second != blob.offset)
      report(Rule::BlobfileMulti, "", "reads a second entry of '{}', at {}",
             blob.path, blob.offset);
    else if (blob.offset != first)
      report(Rule::BlobfileOffset, "", "reads '{}' at {}, expected {}",
             blob.path, blob.offset, first);
  }

  // Operators ----------------------------------------------------------------

  void checkOperator(const mil::Statement &statement) {
    const std::string &op = statement.op;
    if (op == "scaled_dot_product_attention" &&
        statement.findArgument("attn_mask"))
      report(Rule::OpSdpaMask, "", "has an attn_mask");
    else if (!isProvenOperator(op))
      report(refusalOf(op), "", "is not an operator of the target");
    if (op == "conv")
      checkConvolution(statement);
    if (op == "concat")
      checkConcat(statement);
    if (op == "softmax")
      checkSoftmax(statement);
  }

  void checkConvolution(const mil::Statement &statement) {
    ++convolutions;
    if (statement.findArgument("bias"))
      report(Rule::ConvBias, "", "has a bias");
    const std::string *weight = reference(statement, "weight");
    if (weight && !constantNames.count(*weight))
      report(Rule::ConvRuntimeWeights, "", "has a weight that is no constant");
  }

  void checkConcat(const mil::Statement &statement) {
    const mil::Value *axis = constant(statement, "axis");
    const mil::Value *interleave = constant(statement, "interleave");
    if (!axis || !axis->integers() || axis->type.rank() != 0 || !interleave ||
        !interleave->integers() || interleave->integers()->front() != 0)
      report(Rule::ConcatArgs, "",
             "expects a scalar constant axis and interleave = false");
  }

  void checkSoftmax(const mil::Statement &statement) {
    const std::string *x = reference(statement, "x");
    const mil::Type *type = x ? typeOf(*x) : nullptr;
    const mil::Value *axis = constant(statement, "axis");
    if (!type || !axis || !axis->integers())
      return;
    int64_t dim = axis->integers()->front();
    dim = dim < 0 ? dim + type->rank() : dim;
    if (dim < type->rank() - 1 && !isPowerOfTwo(type->dims[dim]))
      report(Rule::OpSoftmaxAxis, "",
             "is along axis {} of {} elements, expected the last axis or a "
             "power of two",
             dim, type->dims[dim]);
  }

  // Sizes --------------------------------------------------------------------

  void checkSizes(const mil::Statement &statement) {
    int64_t limit = profile.limit(Rule::Dim16384);
    const mil::Type *weight = nullptr;
    if (const std::string *name = reference(statement, "weight"))
      weight = typeOf(*name);
    if (statement.op == "conv" && weight && weight->rank() == 4 &&
        weight->dims[1] > limit) {
      report(Rule::Dim16384, "", "convolves {} input channels, at most {}",
             weight->dims[1], limit);
      return;
    }
    int64_t contraction =
        statement.op == "matmul" ? contractionOf(statement) : 0;
    if (contraction > limit) {
      report(Rule::Dim16384, "", "sums over {} elements, at most {}",
             contraction, limit);
      return;
    }
    // A constant is checked where it is used.
    if (statement.op == "const")
      return;
    for (const mil::TypedName &result : statement.results)
      for (int64_t dim : result.type.dims)
        if (dim > limit) {
          report(Rule::Dim16384, "", "has a dimension of {}, at most {}", dim,
                 limit);
          return;
        }
  }

  /// How many products a matmul adds up; 0 when that cannot be told.
  int64_t contractionOf(const mil::Statement &statement) const {
    const std::string *x = reference(statement, "x");
    const mil::Type *type = x ? typeOf(*x) : nullptr;
    if (!type || type->rank() < 2)
      return 0;
    const mil::Value *transposed = constant(statement, "transpose_x");
    bool isTransposed = transposed && transposed->integers() &&
                        transposed->integers()->front() != 0;
    return type->dims[type->rank() - (isTransposed ? 2 : 1)];
  }

  // The program as a whole ---------------------------------------------------

  void checkProgram() {
    bool computes = false;
    for (const mil::Statement &statement : function.statements)
      computes |= statement.op != "const" && !isDataMovement(statement.op);
    if (!computes)
      report(Rule::OpReshapeTranspose, "", "only moves data");
    if (convolutions > profile.limit(Rule::Depth512))
      report(Rule::Depth512, "", "has {} convolutions, at most {}",
             convolutions, profile.limit(Rule::Depth512));
  }

  // Look-ups -----------------------------------------------------------------

  const mil::Type *typeOf(const std::string &name) const {
    auto found = types.find(name);
    return found == types.end() ? nullptr : found->second;
  }

  const std::string *reference(const mil::Statement &statement,
                               std::string_view parameter) const {
    const mil::Argument *argument = statement.findArgument(parameter);
    if (!argument || argument->operands.size() != 1)
      return nullptr;
    const auto *use = std::get_if<mil::Reference>(&argument->operands.front());
    return use ? &use->name : nullptr;
  }

  /// The constant value of a parameter, named or literal.
  const mil::Value *constant(const mil::Statement &statement,
                             std::string_view parameter) const {
    const mil::Argument *argument = statement.findArgument(parameter);
    if (!argument || argument->operands.size() != 1)
      return nullptr;
    if (const auto *value =
            std::get_if<mil::Value>(&argument->operands.front()))
      return value;
    auto found = constants.find(*reference(statement, parameter));
    return found == constants.end() ? nullptr : found->second;
  }

  template <typename... Args>
  void report(Rule rule, const std::string &name,
              fmt::format_string<Args...> format, Args &&...args) {
    if (!profile.checks(rule))
      return;
    Violation violation{rule,
                        fmt::format(format, std::forward<Args>(args)...),
                        name,
                        place,
                        {}};
    if (current) {
      violation.location = current->location;
      violation.op = current->op;
      if (!current->results.empty())
        violation.name = current->results.front().name;
    }
    violations.push_back(std::move(violation));
  }

  const mil::Function &function;
  const Profile &profile;
  std::map<std::string, const mil::Type *> types;
  std::map<std::string, const mil::Value *> constants;
  std::set<std::string> constantNames, operatorNames;
  std::map<std::string, uint64_t> blobOffsets;
  int64_t convolutions = 0;
  const mil::Statement *current = nullptr;
  /// Where violations are that are not of a statement.
  mil::SourceLocation place;
  std::vector<Violation> violations;
};

} // namespace

bool isDataMovement(const std::string &op) {
  static const std::set<std::string> names = {
      "reshape", "transpose", "slice_by_size", "slice_by_index", "concat",
      "split",   "squeeze",   "expand_dims",   "identity",       "tile"};
  return names.count(op) != 0;
}

std::vector<Violation> check(const mil::Program &program,
                             const Profile &profile) {
  std::vector<Violation> violations;
  for (const mil::Function &function : program.functions) {
    std::vector<Violation> found = Checker(function, profile).run();
    violations.insert(violations.end(), found.begin(), found.end());
  }
  return violations;
}

} // namespace anec::rt::target

//===- CheckText.cpp - Header, names, constants and weight files ----------===//

#include "runtime/target/CheckContext.h"

#include <fmt/format.h>

#include <cmath>
#include <set>

namespace anec::rt::target {

namespace {

/// Whether scalars in the text are spelled as scalar types.
bool hasShortScalars(const mil::Statement &statement) {
  for (const mil::TypedName &result : statement.results)
    if (result.type.kind == mil::Type::Kind::Scalar)
      return true;
  for (const mil::Attribute &attribute : statement.attributes)
    if (attribute.value.type.kind == mil::Type::Kind::Scalar)
      return true;
  return false;
}

/// The form that compiled on M1: 1.0, ios16, scalars as tensors of rank 0.
void checkOldForm(CheckContext &context) {
  const mil::Program &program = context.program;
  if (program.versionMajor != 1 || program.versionMinor != 0)
    context.atFunction(Rule::MilHeader10,
                       fmt::format("is program({}.{})", program.versionMajor,
                                   program.versionMinor));
  else if (context.function.opset != "ios16")
    context.atFunction(Rule::MilHeader10,
                       "is of opset " + context.function.opset);
  else
    for (const mil::Statement &statement : context.function.statements)
      if (hasShortScalars(statement)) {
        context.at(Rule::MilHeader10, statement,
                   "has scalars spelled as scalar types");
        break;
      }
}

class TextChecker {
public:
  explicit TextChecker(CheckContext &context)
      : context(context), profile(context.profile) {}

  void run() {
    for (const mil::TypedName &input : context.function.parameters)
      checkName(input);
    for (const mil::Statement &statement : context.function.statements) {
      checkNames(statement);
      checkConstants(statement);
    }
  }

private:
  void checkName(const mil::TypedName &value) {
    static const std::set<std::string> unlucky = {"var", "diff",  "mean", "std",
                                                  "eps", "x",     "y",    "mul",
                                                  "add", "rsqrt", "c",    "C"};
    if (unlucky.count(value.name))
      context.atValue(Rule::VarNames, value.name, value.location, value.name);
  }

  void checkNames(const mil::Statement &statement) {
    for (const mil::TypedName &result : statement.results)
      checkName(result);
    for (const mil::Argument &argument : statement.arguments)
      for (const mil::Operand &operand : argument.operands)
        if (std::holds_alternative<mil::Value>(operand))
          context.at(Rule::NamedConst, statement, argument.name);
    const mil::Attribute *name = statement.findAttribute("name");
    const auto *text = name ? name->value.strings() : nullptr;
    if (!text || text->size() != 1)
      context.at(Rule::OpName, statement, "has no name");
    else if (!operatorNames.insert(text->front()).second)
      context.at(Rule::OpName, statement,
                 "repeats the name '" + text->front() + "'");
  }

  void checkConstants(const mil::Statement &statement) {
    for (const mil::Attribute &attribute : statement.attributes)
      checkConstant(statement, attribute.value);
    for (const mil::Argument &argument : statement.arguments)
      for (const mil::Operand &operand : argument.operands)
        if (const auto *value = std::get_if<mil::Value>(&operand))
          checkConstant(statement, *value);
  }

  void checkConstant(const mil::Statement &statement, const mil::Value &value) {
    const mil::ScalarType element = value.type.element;
    const int64_t bits =
        value.type.isTensorLike() ? mil::scalarTypeBits(element) : 0;
    if (bits > 0 && bits < 8 && element != mil::ScalarType::Bool)
      context.at(Rule::OpCompressInt4, statement,
                 std::string(scalarTypeName(element)));
    if (const mil::BlobFile *blob = value.blob()) {
      checkBlob(statement, *blob);
      if (bits == 8 && statement.op.rfind("constexpr_", 0) != 0)
        context.at(Rule::BlobfileInt8, statement, toString(value.type));
      return;
    }
    if (profile.checks(Rule::ConstInline) && value.type.isTensorLike() &&
        value.type.elementCount() > profile.limit(Rule::ConstInline))
      context.at(Rule::ConstInline, statement, "", value.type.elementCount());
    if (const auto *numbers = value.floats())
      for (double number : *numbers)
        if (!std::isfinite(number))
          return context.at(Rule::NumMaskConst, statement,
                            fmt::format("{}", number));
  }

  void checkBlob(const mil::Statement &statement, const mil::BlobFile &blob) {
    const std::string path = "'" + blob.path + "'";
    const int64_t found = int64_t(blob.offset);
    const int64_t first = profile.checks(Rule::BlobfileOffset)
                              ? profile.limit(Rule::BlobfileOffset)
                              : found;
    auto [known, isNew] = blobOffsets.try_emplace(blob.path, blob.offset);
    if (!isNew && known->second != blob.offset &&
        profile.checks(Rule::BlobfileMulti))
      context.at(Rule::BlobfileMulti, statement, path, found);
    // An entry that is not the first begins after a header and its data.
    else if (found != first && (profile.checks(Rule::BlobfileMulti) ||
                                found < 3 * first || found % first != 0))
      context.at(Rule::BlobfileOffset, statement, path, found);
  }

  CheckContext &context;
  const Profile &profile;
  std::set<std::string> operatorNames;
  std::map<std::string, uint64_t> blobOffsets;
};

} // namespace

void checkHeader(CheckContext &context) {
  const mil::Program &program = context.program;
  const std::string &opset = context.function.opset;
  const std::pair version(program.versionMajor, program.versionMinor);
  if (version != std::pair<int64_t, int64_t>(1, 3) &&
      (version != std::pair<int64_t, int64_t>(1, 0) || opset != "ios16"))
    context.atFunction(Rule::MilHeader13,
                       fmt::format("{}.{}", version.first, version.second));
  if (opset != "ios16" && opset != "ios17" && opset != "ios18")
    context.atFunction(Rule::MilOpset, opset);
  bool hasBuildInfo = false;
  for (const mil::Attribute &attribute : program.attributes)
    hasBuildInfo |= attribute.name == "buildInfo";
  if (!hasBuildInfo)
    context.atFunction(Rule::MilBuildinfo);
  if (context.profile.checks(Rule::MilHeader10))
    checkOldForm(context);
}

void checkTexts(CheckContext &context) { TextChecker(context).run(); }

} // namespace anec::rt::target

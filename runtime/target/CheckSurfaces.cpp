//===- CheckSurfaces.cpp - Inputs and outputs -----------------------------===//

#include "runtime/target/CheckContext.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace anec::rt::target {

namespace {

/// What all inputs, or all outputs, of a function have in common.
struct Side {
  const char *what;
  Rule order;
  std::vector<std::string> names;
};

/// Slots follow the sorted names, whatever the text says.
void checkOrder(CheckContext &context, const Side &side) {
  const Profile &profile = context.profile;
  const int64_t count = int64_t(side.names.size());
  if (profile.checks(side.order) && count > profile.limit(side.order))
    context.atFunction(side.order,
                       fmt::format("{} {}s, at most {}", count, side.what,
                                   profile.limit(side.order)));
  else if (!std::is_sorted(side.names.begin(), side.names.end()))
    context.atFunction(side.order,
                       fmt::format("{}s {} in an order that is not that of "
                                   "their names",
                                   side.what, fmt::join(side.names, ", ")));
  if (profile.checks(Rule::IoSlotsMax) &&
      count > profile.limit(Rule::IoSlotsMax))
    context.atFunction(Rule::IoSlotsMax, std::string(side.what) + "s", count);
}

/// The rule about surfaces of this type, if it is not fp16.
Rule typeRule(mil::ScalarType type) {
  if (type == mil::ScalarType::FP32)
    return Rule::IoDtypeFp32;
  if (mil::scalarTypeBits(type) == 8 && type != mil::ScalarType::Bool)
    return Rule::IoDtypeInt8;
  return Rule::IoDtypeFp16;
}

class SurfaceChecker {
public:
  SurfaceChecker(CheckContext &context, const mil::Type &type,
                 const std::string &name, mil::SourceLocation place,
                 const char *what)
      : context(context), profile(context.profile), type(type), name(name),
        place(place), what(what) {}

  void run() {
    if (!type.isTensorLike())
      return report(Rule::IoLayout, shown());
    if (profile.checks(Rule::IoLayout) &&
        (type.rank() != 4 || type.dims[0] != 1 || type.dims[2] != 1 ||
         type.elementCount() == mil::dynamicSize))
      return report(Rule::IoLayout, shown());
    if (type.element != mil::ScalarType::FP16)
      report(typeRule(type.element),
             fmt::format("{} is {}", what, scalarTypeName(type.element)));
    if (type.rank() > 0 && type.elementCount() > 0)
      checkBytes();
    for (int64_t dim : type.dims)
      if (profile.checks(Rule::Dim16384) && dim > profile.limit(Rule::Dim16384))
        report(Rule::Dim16384,
               fmt::format("{} has a dimension of {}", what, dim));
  }

private:
  std::string shown() const {
    return fmt::format("{} is {}", what, toString(type));
  }

  void checkBytes() {
    const int64_t width = type.dims.back();
    const int64_t rowBytes = width * mil::scalarTypeBits(type.element) / 8;
    const int64_t rows = type.elementCount() / width;
    for (Rule rule : {Rule::IoRowStride, Rule::IoAlignM5})
      if (profile.checks(rule) && rowBytes % profile.limit(rule) != 0)
        report(rule, fmt::format("{} has rows of {} elements", what, width),
               rowBytes);
    const int64_t channels = type.rank() > 1 ? type.dims[1] : 1;
    if (profile.checks(Rule::IoChannels) &&
        channels % profile.limit(Rule::IoChannels) != 0)
      report(Rule::IoChannels,
             fmt::format("{} has {} channels", what, channels));
    if (profile.checks(Rule::Dim5120Cliff) &&
        channels > profile.limit(Rule::Dim5120Cliff))
      report(Rule::Dim5120Cliff, what, channels);
    if (profile.checks(Rule::IoMinBytes) &&
        rows * rowBytes < profile.limit(Rule::IoMinBytes))
      report(Rule::IoMinBytes, what, rows * rowBytes);
  }

  void report(Rule rule, const std::string &text, int64_t found = 0) {
    context.atValue(rule, name, place, text, found);
  }

  CheckContext &context;
  const Profile &profile;
  const mil::Type &type;
  const std::string &name;
  mil::SourceLocation place;
  const char *what;
};

/// Outputs are results of operators, each returned once.
void checkOutputs(CheckContext &context) {
  std::set<std::string> returned;
  for (const mil::Reference &output : context.function.outputs) {
    const char *problem = nullptr;
    if (context.inputIndex(output.name) >= 0)
      problem = "returns an input";
    else if (context.isConstant(output.name))
      problem = "returns a constant";
    else if (!returned.insert(output.name).second)
      problem = "is returned twice";
    if (problem)
      context.atValue(Rule::MultiOutNames, output.name, output.location,
                      problem);
  }
}

void checkMixedInputs(CheckContext &context) {
  std::set<int64_t> sizes;
  int64_t ofRankFour = 0;
  for (const mil::TypedName &input : context.function.parameters) {
    sizes.insert(input.type.elementCount());
    ofRankFour += input.type.rank() == 4;
  }
  const int64_t outputs = int64_t(context.function.outputs.size());
  if (outputs > 1 && sizes.size() > 1)
    context.atFunction(Rule::MultiOutMixedSmall, "", outputs);
  if (context.profile.checks(Rule::Io4dTwoRuntime) &&
      ofRankFour > context.profile.limit(Rule::Io4dTwoRuntime))
    context.atFunction(Rule::Io4dTwoRuntime, "", ofRankFour);
}

} // namespace

void checkSurfaces(CheckContext &context) {
  Side inputs{"input", Rule::MultiInOrder, {}};
  Side outputs{"output", Rule::MultiOutOrder, {}};
  for (const mil::TypedName &input : context.function.parameters)
    inputs.names.push_back(input.name);
  for (const mil::Reference &output : context.function.outputs)
    outputs.names.push_back(output.name);
  checkOrder(context, inputs);
  checkOrder(context, outputs);
  checkMixedInputs(context);
  for (const mil::TypedName &input : context.function.parameters)
    SurfaceChecker(context, input.type, input.name, input.location, "input")
        .run();
  for (const mil::Reference &output : context.function.outputs)
    if (const mil::Type *type = context.typeOf(output.name))
      SurfaceChecker(context, *type, output.name, output.location, "output")
          .run();
  checkOutputs(context);
}

} // namespace anec::rt::target

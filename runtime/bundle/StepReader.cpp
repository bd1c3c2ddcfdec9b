//===- StepReader.cpp - The steps of a host program -----------------------===//
//
// Names become indices here, and every step is checked against the shapes of
// what it names, so that the executor runs without questions.
//
//===----------------------------------------------------------------------===//
#include "runtime/bundle/HostOpSignatures.h"
#include "runtime/bundle/Readers.h"

namespace anec::rt {
namespace {

constexpr size_t maximumSteps = 100000;
/// Inputs or outputs of one kernel.
constexpr size_t maximumSlots = 128;

class StepReader {
public:
  explicit StepReader(const Plan &plan) : plan(plan) {
    for (size_t i = 0; i < plan.buffers.size(); ++i)
      buffers[plan.buffers[i].name] = i;
    for (size_t i = 0; i < plan.parameters.size(); ++i)
      parameters[plan.parameters[i].name] = i;
    for (size_t i = 0; i < plan.surfaces.size(); ++i)
      surfaces[plan.surfaces[i].spec.name] = i;
    for (size_t i = 0; i < plan.kernels.size(); ++i)
      kernels[plan.kernels[i].name] = i;
  }

  Result<std::vector<Step>> readList(const JsonPlace &place);

private:
  using Names = std::map<std::string, size_t>;

  Result<Step> readStep(const JsonPlace &place);
  std::optional<Error> readFor(const JsonPlace &place, Step &step);
  std::optional<Error> readMove(const JsonPlace &place, Step &step);
  std::optional<Error> readCopy(const JsonPlace &place, Step &step);
  std::optional<Error> readDispatch(const JsonPlace &place, Step &step);
  std::optional<Error> readHost(const JsonPlace &place, Step &step);
  std::optional<Error> readStage(const JsonPlace &place, Step &step);
  std::optional<Error> readLoad(const JsonPlace &place, Step &step);

  Result<size_t> readName(const JsonPlace &place, const std::string &key,
                          const Names &names);
  Result<Index> readIndex(const JsonPlace &place, const std::string &key,
                          int64_t count);
  Result<ValueRef> readValue(const JsonPlace &place);
  Result<SurfaceRef> readSurfaceRef(const JsonPlace &place);
  Result<RegionRef> readRegionRef(const JsonPlace &place);
  Result<ValueRef> readColumnScale(const JsonPlace &place,
                                   const Parameter &matrix);
  HostType typeOf(const ValueRef &value) const;

  const Region &region(const RegionRef &ref) const {
    return plan.surfaces[ref.at.surface].spec.regions[ref.region];
  }

  const Plan &plan;
  Names buffers, parameters, surfaces, kernels;
  /// Iterations of the loop around the step, 0 outside.
  int64_t loopCount = 0;
};

Result<size_t> StepReader::readName(const JsonPlace &place,
                                    const std::string &key,
                                    const Names &names) {
  ANEC_ASSIGN(JsonPlace member, place.member(key));
  ANEC_ASSIGN(std::string name, member.string());
  auto found = names.find(name);
  if (found == names.end())
    return member.expects(fmt::format("the name of a {} of this plan", key));
  return found->second;
}

Result<Index> StepReader::readIndex(const JsonPlace &place,
                                    const std::string &key, int64_t count) {
  Index result;
  if (!place.has(key))
    return result;
  ANEC_ASSIGN(JsonPlace member, place.member(key));
  if (member.json() == "i" || member.json() == "i+1") {
    if (loopCount == 0)
      return member.error(
          fmt::format("expects a number outside of a loop, but got {}",
                      member.json().dump()));
    result.loop = true;
    result.constant = member.json() == "i" ? 0 : 1;
    if (loopCount + result.constant > count)
      return member.error(fmt::format("expects at least {} instances for a "
                                      "loop of {}, but there are {}",
                                      loopCount + result.constant, loopCount,
                                      count));
    return result;
  }
  if (!member.json().is_number())
    return member.expects("a number, \"i\" or \"i+1\"");
  ANEC_ASSIGN(result.constant, member.integer(0, count - 1));
  return result;
}

Result<ValueRef> StepReader::readValue(const JsonPlace &place) {
  ValueRef result;
  int64_t count = 0;
  if (place.has("buffer")) {
    ANEC_ASSIGN(result.id, readName(place, "buffer", buffers));
    result.kind = ValueRef::Kind::Buffer;
    count = plan.buffers[result.id].count;
  } else {
    bool gradient = place.has("gradient");
    if (!gradient && !place.has("parameter"))
      return place.expects(
          "an object with 'buffer', 'parameter' or 'gradient'");
    result.kind =
        gradient ? ValueRef::Kind::Gradient : ValueRef::Kind::Parameter;
    ANEC_ASSIGN(result.id, readName(place, gradient ? "gradient" : "parameter",
                                    parameters));
    const Parameter &parameter = plan.parameters[result.id];
    count = parameter.count;
    if (gradient && !parameter.trainable)
      return place.error(fmt::format("expects a trainable parameter, but '{}' "
                                     "is frozen",
                                     parameter.name));
  }
  ANEC_ASSIGN(result.index, readIndex(place, "index", count));
  return result;
}

Result<SurfaceRef> StepReader::readSurfaceRef(const JsonPlace &place) {
  SurfaceRef result;
  ANEC_ASSIGN(result.surface, readName(place, "surface", surfaces));
  ANEC_ASSIGN(result.index,
              readIndex(place, "index", plan.surfaces[result.surface].count));
  return result;
}

Result<RegionRef> StepReader::readRegionRef(const JsonPlace &place) {
  RegionRef result;
  ANEC_ASSIGN(result.at, readSurfaceRef(place));
  const SurfaceSpec &spec = plan.surfaces[result.at.surface].spec;
  Names names;
  for (size_t i = 0; i < spec.regions.size(); ++i)
    names[spec.regions[i].name] = i;
  ANEC_ASSIGN(result.region, readName(place, "region", names));
  return result;
}

HostType StepReader::typeOf(const ValueRef &value) const {
  if (value.kind == ValueRef::Kind::Buffer) {
    const Buffer &buffer = plan.buffers[value.id];
    return {buffer.type == Buffer::Type::Int32, buffer.shape};
  }
  const Parameter &parameter = plan.parameters[value.id];
  HostType type{false, parameter.shape};
  type.shape[0] = plan.rowsOf(parameter);
  return type;
}

std::optional<Error> StepReader::readFor(const JsonPlace &place, Step &step) {
  step.kind = Step::Kind::For;
  if (loopCount != 0)
    return place.error("expects loops not to be nested");
  ANEC_ASSIGN(step.count, place.integer("count", 1, 65536));
  ANEC_ASSIGN(step.reverse, place.booleanOr("reverse", false));
  ANEC_ASSIGN(JsonPlace body, place.member("steps"));
  loopCount = step.count;
  auto steps = readList(body);
  loopCount = 0;
  if (!steps)
    return steps.error();
  step.body = std::move(*steps);
  return std::nullopt;
}

std::optional<Error> StepReader::readMove(const JsonPlace &place, Step &step) {
  bool write = step.kind == Step::Kind::Write;
  ANEC_ASSIGN(JsonPlace valuePlace, place.member("value"));
  ANEC_ASSIGN(step.value, readValue(valuePlace));
  ANEC_ASSIGN(JsonPlace regionPlace, place.member(write ? "to" : "from"));
  RegionRef &ref = write ? step.to : step.from;
  ANEC_ASSIGN(ref, readRegionRef(regionPlace));
  HostType type = typeOf(step.value);
  const bool isValue = step.value.kind == ValueRef::Kind::Buffer ||
                       (write && step.value.kind == ValueRef::Kind::Parameter);
  if (!isValue || type.integer)
    return valuePlace.error(write ? "expects a real buffer or a parameter"
                                  : "expects a real buffer");
  const Region &where = region(ref);
  if (where.kind != RegionKind::Activation)
    return regionPlace.error(fmt::format(
        "expects an activation region, but '{}' holds a weight", where.name));
  if (matrixOf(type.shape) != matrixOf(where)) {
    auto [rows, columns] = matrixOf(where);
    auto [valueRows, valueColumns] = matrixOf(type.shape);
    return place.error(fmt::format(
        "expects a value of {} x {} for region '{}', but {} is {} x {}", rows,
        columns, where.name, toString(type), valueRows, valueColumns));
  }
  return std::nullopt;
}

std::optional<Error> StepReader::readCopy(const JsonPlace &place, Step &step) {
  step.kind = Step::Kind::Copy;
  ANEC_ASSIGN(JsonPlace from, place.member("from"));
  ANEC_ASSIGN(step.from, readRegionRef(from));
  ANEC_ASSIGN(JsonPlace to, place.member("to"));
  ANEC_ASSIGN(step.to, readRegionRef(to));
  const Region &source = region(step.from), &target = region(step.to);
  if (source.kind != RegionKind::Activation ||
      target.kind != RegionKind::Activation)
    return place.error("expects activation regions, but one holds a weight");
  if (matrixOf(source) != matrixOf(target))
    return place.error(fmt::format(
        "expects regions of one shape, but '{}' is {} x {} and '{}' is {} x {}",
        source.name, source.rows, source.columns, target.name, target.rows,
        target.columns));
  return std::nullopt;
}

std::optional<Error> StepReader::readDispatch(const JsonPlace &place,
                                              Step &step) {
  step.kind = Step::Kind::Dispatch;
  ANEC_ASSIGN(step.kernel, readName(place, "kernel", kernels));
  ANEC_ASSIGN(step.instance, readIndex(place, "instance",
                                       plan.kernels[step.kernel].instances));
  for (bool output : {false, true}) {
    ANEC_ASSIGN(JsonPlace list, place.member(output ? "outputs" : "inputs"));
    ANEC_ASSIGN(std::vector<JsonPlace> refs, list.elements(maximumSlots));
    for (const JsonPlace &ref : refs) {
      ANEC_ASSIGN(SurfaceRef at, readSurfaceRef(ref));
      (output ? step.outputs : step.inputs).push_back(at);
    }
  }
  return std::nullopt;
}

std::optional<Error> StepReader::readHost(const JsonPlace &place, Step &step) {
  step.kind = Step::Kind::Host;
  ANEC_ASSIGN(JsonPlace namePlace, place.member("name"));
  ANEC_ASSIGN(step.name, namePlace.string());
  const HostOpSignature *signature = findHostOp(step.name);
  if (!signature)
    return namePlace.expects("the name of a host op");
  std::vector<HostType> operandTypes, resultTypes;
  for (bool results : {false, true}) {
    ANEC_ASSIGN(JsonPlace list, place.member(results ? "results" : "operands"));
    ANEC_ASSIGN(std::vector<JsonPlace> refs, list.elements(16));
    for (const JsonPlace &ref : refs) {
      ANEC_ASSIGN(ValueRef value, readValue(ref));
      bool good = results ? value.kind != ValueRef::Kind::Parameter
                          : value.kind != ValueRef::Kind::Gradient;
      if (!good)
        return ref.expects(results ? "a buffer or a gradient as result"
                                   : "a buffer or a parameter as operand");
      (results ? resultTypes : operandTypes).push_back(typeOf(value));
      (results ? step.results : step.operands).push_back(value);
    }
  }
  step.attributes = nlohmann::json::object();
  if (place.has("attributes")) {
    ANEC_ASSIGN(JsonPlace attributes, place.member("attributes"));
    if (!attributes.json().is_object())
      return attributes.expects("an object");
    step.attributes = attributes.json();
  }
  if (auto complaint =
          checkHostOp(*signature, operandTypes, resultTypes, step.attributes))
    return place.error(fmt::format("'{}' {}", step.name, *complaint));
  return std::nullopt;
}

Result<ValueRef> StepReader::readColumnScale(const JsonPlace &place,
                                             const Parameter &matrix) {
  ANEC_ASSIGN(ValueRef scale, readValue(place));
  if (scale.kind != ValueRef::Kind::Parameter)
    return place.error("expects a parameter");
  ANEC_TRY(checkColumnScale(place, plan, matrix, plan.parameters[scale.id]));
  return scale;
}

std::optional<Error> StepReader::readStage(const JsonPlace &place, Step &step) {
  step.kind = Step::Kind::Stage;
  step.value.kind = ValueRef::Kind::Parameter;
  ANEC_ASSIGN(step.value.id, readName(place, "parameter", parameters));
  const Parameter &parameter = plan.parameters[step.value.id];
  ANEC_ASSIGN(step.value.index, readIndex(place, "index", parameter.count));
  ANEC_ASSIGN(JsonPlace to, place.member("to"));
  ANEC_ASSIGN(step.to, readRegionRef(to));
  const Region &target = region(step.to);
  if (target.kind != RegionKind::Weight)
    return to.error(fmt::format(
        "expects a weight region, but '{}' holds an activation", target.name));
  int64_t parameterRows = plan.rowsOf(parameter);
  if (parameterRows < 0)
    return place.error(fmt::format("expects a parameter of fixed size, but "
                                   "'{}' is compacted to the active vocabulary",
                                   parameter.name));
  auto [rows, columns] = matrixOf(target);
  bool fits =
      parameter.shape.size() == 1
          ? rows * columns == parameterRows && (rows == 1 || columns == 1)
          : rows == parameterRows && columns == parameter.shape[1];
  if (!fits)
    return place.error(fmt::format(
        "expects a parameter of {} x {} for region '{}', but '{}' is {}", rows,
        columns, target.name, parameter.name,
        toString(HostType{false, parameter.shape})));
  if (place.has("column_scale")) {
    ANEC_ASSIGN(JsonPlace scale, place.member("column_scale"));
    ANEC_ASSIGN(step.columnScale, readColumnScale(scale, parameter));
  }
  return std::nullopt;
}

std::optional<Error> StepReader::readLoad(const JsonPlace &place, Step &step) {
  step.kind = Step::Kind::Load;
  ANEC_ASSIGN(step.kernel, readName(place, "kernel", kernels));
  ANEC_ASSIGN(step.instance, readIndex(place, "instance",
                                       plan.kernels[step.kernel].instances));
  ANEC_ASSIGN(step.delta, place.booleanOr("delta", false));
  return std::nullopt;
}

Result<Step> StepReader::readStep(const JsonPlace &place) {
  ANEC_ASSIGN(JsonPlace opPlace, place.member("op"));
  ANEC_ASSIGN(std::string op, opPlace.string());
  Step step;
  if (op == "for") {
    ANEC_TRY(readFor(place, step));
  } else if (op == "write" || op == "read") {
    step.kind = op == "write" ? Step::Kind::Write : Step::Kind::Read;
    ANEC_TRY(readMove(place, step));
  } else if (op == "copy") {
    ANEC_TRY(readCopy(place, step));
  } else if (op == "dispatch") {
    ANEC_TRY(readDispatch(place, step));
  } else if (op == "host") {
    ANEC_TRY(readHost(place, step));
  } else if (op == "stage") {
    ANEC_TRY(readStage(place, step));
  } else if (op == "load") {
    ANEC_TRY(readLoad(place, step));
  } else {
    return opPlace.expects("one of for, write, read, copy, dispatch, host, "
                           "stage, load");
  }
  return step;
}

Result<std::vector<Step>> StepReader::readList(const JsonPlace &place) {
  ANEC_ASSIGN(std::vector<JsonPlace> places, place.elements(maximumSteps));
  std::vector<Step> result;
  for (const JsonPlace &stepPlace : places) {
    ANEC_ASSIGN(Step step, readStep(stepPlace));
    result.push_back(std::move(step));
  }
  return result;
}

} // namespace

std::pair<int64_t, int64_t> matrixOf(const std::vector<int64_t> &shape) {
  switch (shape.size()) {
  case 0:
    return {1, 1};
  case 1:
    return {shape[0], 1};
  case 2:
    return {shape[0], shape[1]};
  default:
    return {shape[2], shape[0] * shape[1]};
  }
}

std::pair<int64_t, int64_t> matrixOf(const Region &region) {
  if (region.order.transposed)
    return {region.columns, region.rows};
  return {region.rows, region.columns};
}

Result<std::vector<Step>> readSteps(const JsonPlace &steps, const Plan &plan) {
  return StepReader(plan).readList(steps);
}

} // namespace anec::rt

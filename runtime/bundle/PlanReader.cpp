//===- PlanReader.cpp - plan.json -----------------------------------------===//
//
// The head of a plan, its buffers, kernels and programs.
//
//===----------------------------------------------------------------------===//
#include "runtime/bundle/Readers.h"

#include <algorithm>

namespace anec::rt {
namespace {

constexpr int64_t maximumBufferElements = int64_t(1) << 36;
/// Inputs or outputs of one program.
constexpr size_t maximumPorts = 4096;
constexpr char modelPath[] = "@model_path/";

Result<Buffer> readBuffer(const JsonPlace &place, const Plan &plan) {
  Buffer result;
  ANEC_ASSIGN(result.name, place.string("name"));
  ANEC_ASSIGN(JsonPlace type, place.member("type"));
  ANEC_ASSIGN(std::string typeName, type.string());
  if (typeName != "real" && typeName != "int32")
    return type.expects("\"real\" or \"int32\"");
  result.type = typeName == "real" ? Buffer::Type::Real : Buffer::Type::Int32;
  ANEC_ASSIGN(result.count, place.integer("count", 1, 65536));
  ANEC_ASSIGN(JsonPlace shape, place.member("shape"));
  ANEC_ASSIGN(std::vector<JsonPlace> sizes, shape.elements(3));
  int64_t elements = 1;
  for (const JsonPlace &size : sizes) {
    int64_t value = plan.activeRows ? plan.activeRows : plan.vocabulary;
    bool symbolic = size.json() == "vocabulary";
    if (symbolic && value == 0)
      return size.expects("a number, since the model has no vocabulary");
    if (!symbolic) {
      ANEC_ASSIGN(value, size.integer(1, maximumSide));
    }
    if (elements > maximumBufferElements / value)
      return shape.error(
          fmt::format("expects at most {} elements", maximumBufferElements));
    elements *= value;
    result.shape.push_back(
        symbolic && plan.compactable && !plan.activeRows ? -1 : value);
  }
  return result;
}

Result<std::string> readFileName(const JsonPlace &place,
                                 const std::set<std::string> &files) {
  ANEC_ASSIGN(std::string name, place.string());
  if (!files.count(name))
    return place.expects("a path listed under /files");
  return name;
}

/// The parameter family with a tensor for each instance of a kernel, or one.
Result<size_t> readFamily(const JsonPlace &place, const Plan &plan,
                          int64_t instances) {
  ANEC_ASSIGN(std::string name, place.string());
  size_t found = 0;
  while (found < plan.parameters.size() && plan.parameters[found].name != name)
    ++found;
  if (found == plan.parameters.size())
    return place.expects("the name of a parameter of params.json");
  const Parameter &parameter = plan.parameters[found];
  if (parameter.count != 1 && parameter.count < instances)
    return place.error(fmt::format(
        "expects 1 tensor or at least {}, one for each instance, but '{}' has "
        "{}",
        instances, name, parameter.count));
  return found;
}

Result<Baked> readBaked(const JsonPlace &place, const Orders &orders,
                        const Plan &plan, int64_t instances) {
  Baked result;
  ANEC_ASSIGN(JsonPlace path, place.member("path"));
  ANEC_ASSIGN(result.path, path.string());
  if (result.path.rfind(modelPath, 0) != 0 ||
      result.path.find("..") != std::string::npos)
    return path.expects("a path below @model_path");
  ANEC_ASSIGN(JsonPlace parameterPlace, place.member("parameter"));
  ANEC_ASSIGN(result.parameter, readFamily(parameterPlace, plan, instances));
  const Parameter &parameter = plan.parameters[result.parameter];
  int64_t rows = plan.rowsOf(parameter);
  if (rows < 0)
    return parameterPlace.error(fmt::format(
        "expects a parameter of fixed size, but '{}' is compacted to the "
        "active vocabulary",
        parameter.name));
  int64_t columns = parameter.shape.size() > 1 ? parameter.shape[1] : 1;
  ANEC_ASSIGN(bool transposed, place.booleanOr("transposed", false));
  if (transposed)
    std::swap(rows, columns);
  ANEC_ASSIGN(result.order, readMatrixOrder(place, orders, rows, columns));
  if (place.has("column_scale")) {
    ANEC_ASSIGN(JsonPlace scale, place.member("column_scale"));
    ANEC_ASSIGN(result.columnScale, readFamily(scale, plan, instances));
    ANEC_TRY(checkColumnScale(scale, plan, parameter,
                              plan.parameters[*result.columnScale]));
  }
  return result;
}

/// What constants are before fp16 rounded them.
std::optional<Error> readExact(const JsonPlace &place,
                               const std::set<std::string> &files,
                               Kernel &kernel) {
  if (place.has("exact_blobs")) {
    ANEC_ASSIGN(JsonPlace object, place.member("exact_blobs"));
    ANEC_ASSIGN(auto members, object.members(4096));
    for (const auto &[blob, file] : members) {
      if (std::find(kernel.blobs.begin(), kernel.blobs.end(), blob) ==
          kernel.blobs.end())
        return file.error(fmt::format(
            "expects the key to be one of the kernel's blobs, but '{}' is not",
            blob));
      ANEC_ASSIGN(kernel.exactBlobs[blob], readFileName(file, files));
    }
  }
  if (place.has("exact_values")) {
    ANEC_ASSIGN(JsonPlace object, place.member("exact_values"));
    ANEC_ASSIGN(auto members, object.members(65536));
    for (const auto &[name, list] : members) {
      ANEC_ASSIGN(std::vector<JsonPlace> values, list.elements(4096));
      for (const JsonPlace &value : values) {
        ANEC_ASSIGN(double number, value.number());
        kernel.exactValues[name].push_back(number);
      }
    }
  }
  return std::nullopt;
}

Result<Kernel> readKernel(const JsonPlace &place, const Orders &orders,
                          const Plan &plan,
                          const std::set<std::string> &files) {
  Kernel result;
  ANEC_ASSIGN(result.name, place.string("name"));
  ANEC_ASSIGN(JsonPlace file, place.member("file"));
  ANEC_ASSIGN(result.file, readFileName(file, files));
  if (place.has("instances")) {
    ANEC_ASSIGN(result.instances, place.integer("instances", 1, 65536));
  }
  if (place.has("blobs")) {
    ANEC_ASSIGN(JsonPlace list, place.member("blobs"));
    ANEC_ASSIGN(std::vector<JsonPlace> blobs, list.elements(4096));
    for (const JsonPlace &blob : blobs) {
      ANEC_ASSIGN(std::string name, readFileName(blob, files));
      result.blobs.push_back(std::move(name));
    }
  }
  ANEC_TRY(readExact(place, files, result));
  if (place.has("recomputed_flops")) {
    ANEC_ASSIGN(JsonPlace flops, place.member("recomputed_flops"));
    ANEC_ASSIGN(result.recomputedFlops, flops.number());
  }
  if (place.has("gradient_flops")) {
    ANEC_ASSIGN(JsonPlace flops, place.member("gradient_flops"));
    ANEC_ASSIGN(result.gradientFlops, flops.number());
  }
  if (place.has("baked")) {
    ANEC_ASSIGN(JsonPlace list, place.member("baked"));
    ANEC_ASSIGN(std::vector<JsonPlace> entries, list.elements(4096));
    for (const JsonPlace &entry : entries) {
      ANEC_ASSIGN(Baked baked,
                  readBaked(entry, orders, plan, result.instances));
      result.baked.push_back(std::move(baked));
    }
  }
  return result;
}

Result<size_t> readBufferName(const JsonPlace &place, const Plan &plan) {
  ANEC_ASSIGN(JsonPlace member, place.member("buffer"));
  ANEC_ASSIGN(std::string name, member.string());
  for (size_t i = 0; i < plan.buffers.size(); ++i)
    if (plan.buffers[i].name == name)
      return i;
  return member.expects("the name of a buffer of this plan");
}

/// One row for each factor.
std::optional<Error> checkFactors(const JsonPlace &place,
                                  const Buffer &buffer) {
  if (buffer.type == Buffer::Type::Real && buffer.count == 1 &&
      buffer.shape.size() == 3 && buffer.shape[0] == 1 &&
      buffer.shape[2] == updateFactors)
    return std::nullopt;
  return place.error(fmt::format("expects one real buffer of 1 x columns x {} "
                                 "for role 'factors', but '{}' is not",
                                 updateFactors, buffer.name));
}

Result<HostProgram::Input> readInput(const std::string &program,
                                     const JsonPlace &place, const Plan &plan) {
  HostProgram::Input result;
  ANEC_ASSIGN(JsonPlace role, place.member("role"));
  ANEC_ASSIGN(result.role, role.string());
  ANEC_ASSIGN(result.buffer, readBufferName(place, plan));
  const Buffer &buffer = plan.buffers[result.buffer];
  if (program == "update") {
    if (result.role != "factors")
      return role.expects("\"factors\"");
    ANEC_TRY(checkFactors(place, buffer));
    return result;
  }
  bool integer = buffer.type == Buffer::Type::Int32;
  if (result.role != "targets" && result.role != (integer ? "tokens" : "data"))
    return role.expects(integer ? "\"tokens\" or \"targets\""
                                : "\"data\" or \"targets\"");
  // A target may be for a whole sequence.
  bool anyLength = plan.vocabulary == 0 && result.role == "targets";
  bool fits = buffer.count == 1 && buffer.shape.size() == (integer ? 2u : 3u) &&
              buffer.shape[0] == plan.batch &&
              (anyLength || buffer.shape[1] == plan.sequence);
  if (!fits)
    return place.error(fmt::format(
        "expects one {}buffer of {} x {}{} for role '{}', but '{}' is not",
        integer ? "int32 " : "real ", plan.batch,
        anyLength ? "length" : std::to_string(plan.sequence),
        integer ? "" : " x features", result.role, buffer.name));
  return result;
}

Result<HostProgram::Output> readOutput(const JsonPlace &place,
                                       const Plan &plan) {
  HostProgram::Output result;
  ANEC_ASSIGN(JsonPlace name, place.member("name"));
  ANEC_ASSIGN(result.name, name.string());
  const bool ofRows =
      result.name == "gradient_peaks" || result.name == "gradient_squares";
  if (result.name != "loss" && result.name != "logits" &&
      result.name != "witness" && !ofRows)
    return name.expects("\"loss\", \"logits\", \"witness\", "
                        "\"gradient_peaks\" or \"gradient_squares\"");
  ANEC_ASSIGN(result.buffer, readBufferName(place, plan));
  const Buffer &buffer = plan.buffers[result.buffer];
  size_t rank = result.name == "logits" || ofRows ? 3 : 0;
  if (buffer.type != Buffer::Type::Real || buffer.shape.size() != rank)
    return place.error(fmt::format("expects a real buffer of rank {} for '{}', "
                                   "but '{}' has rank {}",
                                   rank, result.name, buffer.name,
                                   buffer.shape.size()));
  return result;
}

Result<HostProgram> readProgram(const std::string &name, const JsonPlace &place,
                                const Plan &plan) {
  HostProgram result;
  result.name = name;
  if (name != "train_step" && name != "eval_loss" && name != "logits" &&
      name != "stage" && name != "finish_gradients" &&
      name != "accumulate_step" && name != "update")
    return place.error("expects a program named train_step, accumulate_step, "
                       "eval_loss, logits, finish_gradients, update or stage");
  if (place.has("inputs")) {
    ANEC_ASSIGN(JsonPlace list, place.member("inputs"));
    ANEC_ASSIGN(std::vector<JsonPlace> inputs, list.elements(maximumPorts));
    for (const JsonPlace &inputPlace : inputs) {
      ANEC_ASSIGN(HostProgram::Input input, readInput(name, inputPlace, plan));
      result.inputs.push_back(std::move(input));
    }
  }
  if (place.has("outputs")) {
    ANEC_ASSIGN(JsonPlace list, place.member("outputs"));
    ANEC_ASSIGN(std::vector<JsonPlace> outputs, list.elements(maximumPorts));
    for (const JsonPlace &outputPlace : outputs) {
      ANEC_ASSIGN(HostProgram::Output output, readOutput(outputPlace, plan));
      result.outputs.push_back(std::move(output));
    }
  }
  ANEC_ASSIGN(JsonPlace steps, place.member("steps"));
  ANEC_ASSIGN(result.steps, readSteps(steps, plan));
  return result;
}

std::optional<Error> readHead(const JsonPlace &root, Plan &plan) {
  ANEC_ASSIGN(plan.model, root.string("model"));
  ANEC_ASSIGN(plan.weights, root.string("weights"));
  ANEC_ASSIGN(plan.offload, root.string("offload"));
  ANEC_ASSIGN(plan.recompute, root.string("recompute"));
  ANEC_ASSIGN(plan.target, root.string("target"));
  ANEC_ASSIGN(plan.batch, root.integer("batch", 1, 65536));
  ANEC_ASSIGN(plan.sequence, root.integer("sequence", 1, 1 << 20));
  ANEC_ASSIGN(plan.vocabulary, root.integer("vocabulary", 0, 1 << 24));
  ANEC_ASSIGN(plan.compactable, root.booleanOr("compactable", false));
  plan.compactable = plan.compactable && plan.vocabulary > 0;
  if (root.json().contains("active_rows")) {
    ANEC_ASSIGN(plan.activeRows,
                root.integer("active_rows", 1, plan.vocabulary));
  }
  return std::nullopt;
}

/// Reads the array `key` with `read`, refusing equal names.
template <typename T, typename Read>
std::optional<Error> readNamed(const JsonPlace &root, const std::string &key,
                               std::vector<T> &into, Read read) {
  ANEC_ASSIGN(JsonPlace list, root.member(key));
  ANEC_ASSIGN(std::vector<JsonPlace> places, list.elements(65536));
  std::set<std::string> names;
  for (const JsonPlace &place : places) {
    ANEC_ASSIGN(T item, read(place));
    if (!names.insert(item.name).second)
      return place.error(
          fmt::format("expects unique names, but '{}' comes twice", item.name));
    into.push_back(std::move(item));
  }
  return std::nullopt;
}

} // namespace

std::optional<Error> checkColumnScale(const JsonPlace &place, const Plan &plan,
                                      const Parameter &matrix,
                                      const Parameter &scale) {
  if (matrix.shape.size() != 2)
    return place.error(fmt::format(
        "expects only matrices to have a scale, but '{}' is a vector",
        matrix.name));
  if (scale.shape.size() != 1 || plan.rowsOf(scale) != matrix.shape[1])
    return place.error(fmt::format(
        "expects a vector of {} elements, one for each column of '{}', but "
        "'{}' is {}",
        matrix.shape[1], matrix.name, scale.name,
        fmt::join(scale.shape, " x ")));
  return std::nullopt;
}

Result<Plan> readPlan(const JsonPlace &root, const JsonPlace &parameters,
                      const std::set<std::string> &files) {
  Plan plan;
  ANEC_TRY(readHead(root, plan));
  ANEC_ASSIGN(plan.parameters, readParameters(parameters, plan.vocabulary));
  ANEC_ASSIGN(Orders orders, readOrders(root));
  ANEC_TRY(readNamed(root, "buffers", plan.buffers, [&](const JsonPlace &at) {
    return readBuffer(at, plan);
  }));
  ANEC_ASSIGN(plan.surfaces, readSurfaces(root, orders));
  ANEC_TRY(readNamed(root, "kernels", plan.kernels, [&](const JsonPlace &at) {
    return readKernel(at, orders, plan, files);
  }));
  ANEC_ASSIGN(JsonPlace list, root.member("programs"));
  ANEC_ASSIGN(auto programs, list.members(16));
  for (const auto &[name, place] : programs) {
    ANEC_ASSIGN(HostProgram program, readProgram(name, place, plan));
    plan.programs.push_back(std::move(program));
  }
  if (plan.program("accumulate_step"))
    for (const char *name : {"train_step", "finish_gradients"})
      if (!plan.program(name))
        return list.error(fmt::format("expects a program '{}' beside "
                                      "'accumulate_step'",
                                      name));
  ANEC_ASSIGN(plan.deviceParameters, readDeviceParameters(root, plan));
  return plan;
}

} // namespace anec::rt

//===- Handover.cpp - A run on its way to another process -----------------===//
//
// Numbers go as JSON, which keeps every double; those that JSON lacks as null.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/Handover.h"

#include "runtime/support/JsonPlace.h"
#include "runtime/support/Safetensors.h"

#include <algorithm>
#include <limits>

namespace anec::rt {
namespace {

constexpr char stateKey[] = "anec.run", masterPrefix[] = "master.";
constexpr char fileName[] = "handover";

double read(const nlohmann::json &json) {
  return json.is_null() ? std::numeric_limits<double>::quiet_NaN()
                        : json.get<double>();
}

/// The members of a record, once for both directions. `visit(name, member)`.
template <typename Record, typename Visitor>
void visitUpdate(Record &record, Visitor visit) {
  visit("loss", record.loss);
  visit("norm", record.norm);
  visit("scale", record.scale);
  visit("rate", record.rate);
  visit("seconds", record.seconds);
  visit("witness", record.witness);
  visit("skipped", record.skipped);
}

template <typename Measured, typename Visitor>
void visitMeasured(Measured &measured, Visitor visit) {
  visit("updates", measured.updates);
  visit("micro_steps", measured.microSteps);
  visit("tokens", measured.tokens);
  visit("train_seconds", measured.trainSeconds);
  visit("device_flops", measured.deviceFlops);
  visit("host_flops", measured.hostFlops);
  visit("dispatches", measured.dispatches);
  visit("host_written", measured.hostWritten);
  visit("host_read", measured.hostRead);
  visit("device_bytes", measured.deviceBytes);
  visit("staged_bytes", measured.stagedBytes);
  visit("initial_validation_loss", measured.initialValidationLoss);
  visit("validation_loss", measured.validationLoss);
  visit("estimated_seconds", measured.estimatedSeconds);
  visit("compiles", measured.compiles);
  visit("reloads", measured.reloads);
  visit("restarts", measured.restarts);
  visit("background_ops", measured.background.ops);
  visit("background_seconds", measured.background.seconds);
  visit("waited_seconds", measured.background.waited);
  visit("compiling_ops", measured.compiling.ops);
  visit("compiling_seconds", measured.compiling.seconds);
  visit("compiling_waited_seconds", measured.compiling.waited);
}

template <typename State, typename Visitor>
void visitState(State &state, Visitor visit) {
  visit("update", state.update);
  visit("optimizer_steps", state.optimizerSteps);
  visit("scale", state.lossScale.scale);
  visit("quiet", state.lossScale.quiet);
  visit("skipped_in_a_row", state.lossScale.skipped);
  visit("started", state.started);
}

/// Fills members from an object; remembers the first mistake.
class MemberReader {
public:
  explicit MemberReader(JsonPlace place) : place(std::move(place)) {}

  void operator()(const char *name, double &value) {
    with(name, [&](const JsonPlace &member) -> std::optional<Error> {
      if (!member.json().is_null() && !member.json().is_number())
        return member.expects("a number or null");
      value = read(member.json());
      return std::nullopt;
    });
  }
  void operator()(const char *name, bool &value) {
    with(name, [&](const JsonPlace &member) -> std::optional<Error> {
      ANEC_ASSIGN(value, member.boolean());
      return std::nullopt;
    });
  }
  template <typename Integer>
  void operator()(const char *name, Integer &value) {
    with(name, [&](const JsonPlace &member) -> std::optional<Error> {
      ANEC_ASSIGN(int64_t number, member.integer(0, INT64_MAX));
      value = static_cast<Integer>(number);
      return std::nullopt;
    });
  }

  std::optional<Error> error;

private:
  template <typename Body> void with(const char *name, Body body) {
    if (error)
      return;
    auto member = place.member(name);
    error = member ? body(*member) : std::optional<Error>(member.error());
  }

  JsonPlace place;
};

/// JSON has no NaN; nlohmann writes null.
template <typename Visit> nlohmann::json objectOf(Visit visit) {
  nlohmann::json object = nlohmann::json::object();
  visit([&object](const char *name, auto value) { object[name] = value; });
  return object;
}

nlohmann::json toJson(const RunState &state) {
  nlohmann::json json = objectOf([&](auto put) { visitState(state, put); });
  json["measured"] =
      objectOf([&](auto put) { visitMeasured(state.measured, put); });
  json["phases"] = state.measured.seconds;
  json["unfinished"] = nullptr;
  if (state.unfinished)
    json["unfinished"] =
        objectOf([&](auto put) { visitUpdate(*state.unfinished, put); });
  return json;
}

} // namespace

Result<RunState> parseRunState(std::string_view text) {
  ANEC_ASSIGN(nlohmann::json document,
              parseJson(text, fileName, size_t(1) << 24));
  JsonPlace root(document, fileName);
  RunState state;
  MemberReader reader(root);
  visitState(state, std::ref(reader));
  if (reader.error)
    return *reader.error;
  ANEC_ASSIGN(JsonPlace measured, root.member("measured"));
  MemberReader measuredReader(measured);
  visitMeasured(state.measured, std::ref(measuredReader));
  if (measuredReader.error)
    return *measuredReader.error;
  ANEC_ASSIGN(JsonPlace phases, root.member("phases"));
  ANEC_ASSIGN(auto seconds, phases.members(10000));
  for (const auto &[name, value] : seconds) {
    ANEC_ASSIGN(state.measured.seconds[name], value.number());
  }
  ANEC_ASSIGN(JsonPlace unfinished, root.member("unfinished"));
  if (!unfinished.json().is_null()) {
    MemberReader updateReader(unfinished);
    visitUpdate(state.unfinished.emplace(), std::ref(updateReader));
    if (updateReader.error)
      return *updateReader.error;
  }
  return state;
}

Result<SharedMemory> writeHandover(const RunState &state,
                                   ParameterStore<float> &store,
                                   const Optimizer &optimizer) {
  ParameterStore<float>::Tensors masters = store.tensors();
  std::vector<NamedTensor> &tensors = masters.views;
  for (NamedTensor &tensor : tensors)
    tensor.name = masterPrefix + tensor.name;
  for (NamedTensor &tensor : optimizer.tensors())
    tensors.push_back(std::move(tensor));
  ANEC_ASSIGN(
      SafetensorsHeader header,
      safetensorsHeader(fileName, tensors, {{stateKey, toJson(state).dump()}}));
  ANEC_ASSIGN(SharedMemory memory, SharedMemory::create(header.fileBytes));
  uint8_t *to = memory.bytes().data();
  to = std::copy(header.text.begin(), header.text.end(), to);
  for (const NamedTensor &tensor : tensors)
    to = std::copy(tensor.tensor.bytes.begin(), tensor.tensor.bytes.end(), to);
  return Result<SharedMemory>(std::move(memory));
}

Result<RunState> readHandover(Span<const uint8_t> bytes,
                              ParameterStore<float> &store,
                              Optimizer &optimizer) {
  ANEC_ASSIGN(SafetensorsFile file, SafetensorsFile::read(bytes, fileName));
  auto text = file.metadata().find(stateKey);
  if (text == file.metadata().end())
    return makeError(ErrorCode::InvalidInput,
                     "{}: expects the state of a run, but there is none",
                     fileName);
  ANEC_ASSIGN(RunState state, parseRunState(text->second));
  ANEC_TRY(store.load(file, fileName, masterPrefix));
  ANEC_TRY(optimizer.load(file, fileName, state.optimizerSteps));
  return state;
}

} // namespace anec::rt

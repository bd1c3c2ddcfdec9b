//===- Checkpoint.cpp - State of a run on disk ----------------------------===//
//
// Names that begin with a dot are unfinished; numbers are complete.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/Checkpoint.h"

#include "runtime/support/AtomicFile.h"
#include "runtime/support/JsonPlace.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>

namespace anec::rt {
namespace {

namespace fs = std::filesystem;

constexpr char unfinishedPrefix[] = ".unfinished-";

nlohmann::json toJson(const CheckpointState &state) {
  nlohmann::json active = nullptr;
  if (!state.active.empty())
    active = state.active;
  return {{"format", 1},
          {"update", state.update},
          {"optimizer_steps", state.optimizerSteps},
          {"loss_scale",
           {{"scale", state.lossScale.scale},
            {"quiet", state.lossScale.quiet},
            {"skipped", state.lossScale.skipped}}},
          {"initial_val_loss", state.initialValidationLoss},
          {"bundle", state.bundle},
          {"data", state.data},
          {"tokenizer", state.tokenizer},
          {"vocabulary", state.vocabulary},
          {"active", active}};
}

/// A member that may be an empty string.
Result<std::string> textMember(const JsonPlace &root, const std::string &key) {
  ANEC_ASSIGN(JsonPlace place, root.member(key));
  if (!place.json().is_string())
    return place.expects("a string");
  return place.json().get<std::string>();
}

std::optional<Error> readActive(const JsonPlace &root, CheckpointState &state) {
  ANEC_ASSIGN(JsonPlace place, root.member("active"));
  if (place.json().is_null())
    return std::nullopt;
  ANEC_ASSIGN(std::vector<JsonPlace> ids, place.elements(1 << 24));
  for (const JsonPlace &id : ids) {
    ANEC_ASSIGN(int64_t value, id.integer(0, state.vocabulary - 1));
    state.active.push_back(int32_t(value));
  }
  return std::nullopt;
}

std::optional<Error> rename(const std::string &from, const std::string &to) {
  std::error_code code;
  fs::rename(from, to, code);
  if (code)
    return makeError(ErrorCode::Io, "cannot rename '{}' to '{}': {}", from, to,
                     code.message());
  return std::nullopt;
}

std::optional<Error> removeOld(const std::string &folder, int64_t keep) {
  std::vector<int64_t> updates = listCheckpoints(folder);
  for (size_t i = 0; i + size_t(keep) < updates.size(); ++i) {
    std::string doomed =
        fmt::format("{}/{}{}", folder, unfinishedPrefix, updates[i]);
    ANEC_TRY(rename(fmt::format("{}/{}", folder, updates[i]), doomed));
    std::error_code code;
    fs::remove_all(doomed, code);
  }
  return std::nullopt;
}

} // namespace

Result<ActiveVocabulary> CheckpointState::activeVocabulary() const {
  if (active.empty())
    return ActiveVocabulary(vocabulary);
  return ActiveVocabulary::select(vocabulary, active);
}

Result<CheckpointState> readCheckpointState(const std::string &path) {
  std::string file = path + "/state.json";
  ANEC_ASSIGN(std::string text, readFile(file));
  ANEC_ASSIGN(nlohmann::json document, parseJson(text, file, size_t(1) << 30));
  JsonPlace root(document, file);
  CheckpointState state;
  ANEC_ASSIGN(int64_t format, root.integer("format", 1, 1));
  (void)format;
  ANEC_ASSIGN(state.update, root.integer("update", 0, INT64_MAX));
  ANEC_ASSIGN(state.optimizerSteps,
              root.integer("optimizer_steps", 0, INT64_MAX));
  ANEC_ASSIGN(JsonPlace scale, root.member("loss_scale"));
  ANEC_ASSIGN(JsonPlace value, scale.member("scale"));
  ANEC_ASSIGN(state.lossScale.scale, value.number());
  ANEC_ASSIGN(state.lossScale.quiet, scale.integer("quiet", 0, INT64_MAX));
  ANEC_ASSIGN(state.lossScale.skipped, scale.integer("skipped", 0, INT64_MAX));
  ANEC_ASSIGN(JsonPlace initial, root.member("initial_val_loss"));
  state.initialValidationLoss = std::numeric_limits<double>::quiet_NaN();
  if (!initial.json().is_null()) {
    ANEC_ASSIGN(state.initialValidationLoss, initial.number());
  }
  ANEC_ASSIGN(state.bundle, textMember(root, "bundle"));
  ANEC_ASSIGN(state.data, textMember(root, "data"));
  ANEC_ASSIGN(state.tokenizer, textMember(root, "tokenizer"));
  ANEC_ASSIGN(state.vocabulary, root.integer("vocabulary", 0, 1 << 24));
  ANEC_TRY(readActive(root, state));
  return state;
}

std::optional<Error> writeCheckpoint(const std::string &folder, int64_t keep,
                                     const CheckpointState &state,
                                     ParameterStore<float> &store,
                                     const Optimizer &optimizer) {
  std::string name = std::to_string(state.update);
  std::string finished = folder + "/" + name;
  std::string unfinished = folder + "/" + unfinishedPrefix + name;
  std::error_code code;
  if (fs::exists(finished, code))
    return std::nullopt;
  fs::create_directories(unfinished, code);
  if (code)
    return makeError(ErrorCode::Io, "cannot create '{}': {}", unfinished,
                     code.message());
  ANEC_TRY(store.save(unfinished + "/model.safetensors"));
  ANEC_TRY(optimizer.save(unfinished + "/optimizer.safetensors"));
  ANEC_TRY(writeFileAtomically(unfinished + "/state.json",
                               std::string_view(toJson(state).dump() + "\n")));
  ANEC_TRY(syncFolder(unfinished));
  ANEC_TRY(rename(unfinished, finished));
  ANEC_TRY(syncFolder(folder));
  return removeOld(folder, keep);
}

std::vector<int64_t> listCheckpoints(const std::string &folder) {
  std::vector<int64_t> updates;
  std::error_code code;
  for (const auto &entry : fs::directory_iterator(folder, code)) {
    std::string name = entry.path().filename().string();
    bool number = !name.empty() && name.size() < 18 &&
                  name.find_first_not_of("0123456789") == std::string::npos;
    if (number)
      updates.push_back(std::stoll(name));
  }
  std::sort(updates.begin(), updates.end());
  return updates;
}

void removeUnfinishedCheckpoints(const std::string &folder) {
  std::error_code code;
  std::vector<fs::path> doomed;
  for (const auto &entry : fs::directory_iterator(folder, code))
    if (entry.path().filename().string().rfind(unfinishedPrefix, 0) == 0)
      doomed.push_back(entry.path());
  for (const fs::path &path : doomed)
    fs::remove_all(path, code);
}

Result<std::string> findCheckpoint(const std::string &path) {
  std::error_code code;
  if (fs::exists(path + "/state.json", code))
    return path;
  std::vector<int64_t> updates = listCheckpoints(path + "/checkpoints");
  if (updates.empty())
    return makeError(ErrorCode::InvalidInput,
                     "{}: expects a checkpoint or a run with one, but there is "
                     "no state.json and no checkpoints/N",
                     path);
  return fmt::format("{}/checkpoints/{}", path, updates.back());
}

} // namespace anec::rt

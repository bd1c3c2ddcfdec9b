//===- RunFolder.cpp - The folder a run leaves behind ---------------------===//
//
// metrics.jsonl is appended with one write per line, so a killed run leaves
// whole lines and at most one cut one.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/RunFolder.h"

#include "runtime/support/AtomicFile.h"
#include "runtime/support/JsonPlace.h"
#include "runtime/support/SharedMemory.h"
#include "runtime/train/Checkpoint.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace anec::rt {
namespace {

namespace fs = std::filesystem;

/// The first member of two objects that differs.
std::optional<std::string> firstDifference(const nlohmann::json &expected,
                                           const nlohmann::json &found) {
  for (auto it = found.begin(); it != found.end(); ++it)
    if (!expected.contains(it.key()) || expected[it.key()] != it.value())
      return it.key();
  return std::nullopt;
}

std::optional<Error> checkSameRun(const std::string &path,
                                  const nlohmann::json &description) {
  std::string file = path + "/run.json";
  ANEC_ASSIGN(std::string text, readFile(file));
  ANEC_ASSIGN(nlohmann::json document, parseJson(text, file, size_t(1) << 30));
  ANEC_ASSIGN(JsonPlace recorded,
              JsonPlace(document, file).member("mathematics"));
  const nlohmann::json &now = description["mathematics"];
  auto key = firstDifference(recorded.json(), now);
  if (!key)
    return std::nullopt;
  nlohmann::json before = recorded.json().value(*key, nlohmann::json());
  return recorded.error(
      fmt::format("expects '{}' to stay {} on resume, but got "
                  "{}",
                  *key, before.dump(), now[*key].dump()));
}

Error systemError(const char *action, const std::string &path) {
  return makeError(ErrorCode::Io, "cannot {} '{}': {}", action, path,
                   std::strerror(errno));
}

constexpr char lockName[] = "/lock";

/// Nothing but the lock of a run that never began.
bool holdsNothing(const std::string &path) {
  std::error_code code;
  for (const auto &entry : fs::directory_iterator(path, code))
    if ("/" + entry.path().filename().string() != lockName)
      return false;
  return !code;
}

} // namespace

Result<RunFolder> RunFolder::open(const std::string &path,
                                  const nlohmann::json &description,
                                  bool resume) {
  std::error_code code;
  RunFolder folder(path);
  bool exists = fs::exists(path, code);
  if (exists && !resume)
    return makeError(ErrorCode::InvalidInput,
                     "{}: expects a run folder that does not exist; --resume "
                     "continues one",
                     path);
  if (exists && fs::exists(path + "/run.json", code)) {
    ANEC_TRY(folder.takeLock());
    ANEC_TRY(checkSameRun(path, description));
    removeUnfinishedCheckpoints(folder.checkpoints());
    return Result<RunFolder>(std::move(folder));
  }
  // A run killed before its first file leaves an empty folder, or the lock.
  if (exists && !holdsNothing(path))
    return makeError(ErrorCode::InvalidInput,
                     "{}: expects the folder of a run to resume, but it has no "
                     "run.json",
                     path);
  fs::create_directories(path, code);
  if (code)
    return makeError(ErrorCode::Io, "cannot create run folder '{}': {}", path,
                     code.message());
  ANEC_TRY(folder.takeLock());
  ANEC_TRY(writeFileAtomically(path + "/run.json",
                               std::string_view(description.dump(1) + "\n")));
  return Result<RunFolder>(std::move(folder));
}

Result<RunFolder> RunFolder::adopt(const std::string &path,
                                   const nlohmann::json &description,
                                   int lock) {
  RunFolder folder(path);
  struct stat held{}, there{};
  if (lock < 0 || ::fstat(lock, &held) != 0 ||
      ::stat((path + lockName).c_str(), &there) != 0 ||
      held.st_dev != there.st_dev || held.st_ino != there.st_ino)
    return makeError(ErrorCode::InvalidInput,
                     "{}: expects the lock of the run as descriptor {}, which "
                     "another process left",
                     path, lock);
  folder.lock = lock;
  ANEC_TRY(setInherited(lock, false));
  ANEC_TRY(checkSameRun(path, description));
  return Result<RunFolder>(std::move(folder));
}

/// The system takes the lock back when the process ends, however it ends.
std::optional<Error> RunFolder::takeLock() {
  const std::string file = path + lockName;
  lock = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock < 0)
    return systemError("open", file);
  if (::flock(lock, LOCK_EX | LOCK_NB) == 0)
    return std::nullopt;
  if (errno == EWOULDBLOCK)
    return makeError(ErrorCode::Io,
                     "{}: another process is training this run; wait for it or "
                     "stop it",
                     path);
  return systemError("lock", file);
}

Result<int> RunFolder::releaseLock() {
  ANEC_TRY(setInherited(lock, true));
  return std::exchange(lock, -1);
}

RunFolder::RunFolder(RunFolder &&other) noexcept
    : path(std::move(other.path)), metrics(std::exchange(other.metrics, -1)),
      lock(std::exchange(other.lock, -1)) {}

RunFolder &RunFolder::operator=(RunFolder &&other) noexcept {
  std::swap(path, other.path);
  std::swap(metrics, other.metrics);
  std::swap(lock, other.lock);
  return *this;
}

RunFolder::~RunFolder() {
  if (metrics >= 0)
    ::close(metrics);
  if (lock >= 0)
    ::close(lock);
}

std::optional<std::string> RunFolder::newestCheckpoint() const {
  std::vector<int64_t> updates = listCheckpoints(checkpoints());
  if (updates.empty())
    return std::nullopt;
  return fmt::format("{}/{}", checkpoints(), updates.back());
}

std::optional<Error> RunFolder::startMetrics(int64_t update) {
  std::string file = path + "/metrics.jsonl";
  std::error_code code;
  std::string kept;
  if (fs::exists(file, code)) {
    ANEC_ASSIGN(std::string text, readFile(file));
    for (size_t begin = 0, end; begin < text.size(); begin = end + 1) {
      end = text.find('\n', begin);
      if (end == std::string::npos)
        break; // cut off by a kill
      nlohmann::json line = nlohmann::json::parse(
          text.substr(begin, end - begin), nullptr, /*allow_exceptions=*/false);
      if (!line.is_object() || !line.contains("update") ||
          line["update"] > update)
        break;
      kept.append(text, begin, end + 1 - begin);
    }
  }
  ANEC_TRY(writeFileAtomically(file, std::string_view(kept)));
  metrics = ::open(file.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (metrics < 0)
    return systemError("open", file);
  return std::nullopt;
}

std::optional<Error> RunFolder::addMetrics(const nlohmann::json &line) {
  std::string text = line.dump() + "\n";
  if (::write(metrics, text.data(), text.size()) != ssize_t(text.size()))
    return systemError("write", path + "/metrics.jsonl");
  return std::nullopt;
}

std::optional<Error> RunFolder::syncMetrics() {
  if (::fsync(metrics) != 0)
    return systemError("synchronise", path + "/metrics.jsonl");
  return std::nullopt;
}

std::optional<Error> RunFolder::writeReport(const nlohmann::json &report) {
  return writeFileAtomically(path + "/report.json",
                             std::string_view(report.dump(1) + "\n"));
}

} // namespace anec::rt

//===- Faults.cpp - Failures on request -----------------------------------===//
//
// Flags and files have the same members and the same limits.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/sim/Faults.h"

#include "runtime/support/AtomicFile.h"
#include "runtime/support/JsonPlace.h"

#include <array>
#include <cmath>

namespace anec::rt::sim {
namespace {

constexpr std::array<std::pair<std::string_view, FaultKind>, 5> kinds = {{
    {"compile-failure", FaultKind::CompileFailure},
    {"eval-error", FaultKind::EvaluationError},
    {"silent-zeros", FaultKind::SilentZeros},
    {"slow-service", FaultKind::SlowService},
    {"poisoned", FaultKind::Poisoned},
}};

constexpr int64_t largestCount = int64_t(1) << 40;
/// An hour: longer ones are mistakes.
constexpr double longestWait = 3.6e6;
constexpr size_t largestFile = 1 << 20, mostFaults = 1000;

std::string kindNames() {
  std::string names;
  for (const auto &[name, kind] : kinds)
    names += (names.empty() ? "" : ", ") + std::string(name);
  return names;
}

const FaultKind *findKind(std::string_view name) {
  for (const auto &[known, kind] : kinds)
    if (known == name)
      return &kind;
  return nullptr;
}

/// What the members say together; a message, or empty when it makes sense.
std::string complaint(const Fault &fault) {
  const bool isSlow = fault.kind == FaultKind::SlowService;
  if (isSlow && !(fault.milliseconds > 0 && fault.milliseconds <= longestWait))
    return "expects ms above 0 and up to 3600000 for slow-service";
  if (!isSlow && fault.milliseconds != 0)
    return "expects ms for slow-service only";
  return "";
}

/// A process stays poisoned, a slow service slow.
int64_t usualTimes(FaultKind kind) {
  return kind == FaultKind::Poisoned || kind == FaultKind::SlowService ? 0 : 1;
}

Error flagError(std::string_view text, const std::string &message) {
  return makeError(ErrorCode::InvalidInput, "--fault {}: {}", text, message);
}

Result<int64_t> parseCount(std::string_view flag, std::string_view key,
                           std::string_view value, int64_t minimum) {
  int64_t number = 0;
  bool isNumber = !value.empty() && value.size() <= 13;
  for (char c : value) {
    isNumber &= c >= '0' && c <= '9';
    number = isNumber ? number * 10 + (c - '0') : 0;
  }
  if (!isNumber || number < minimum || number > largestCount)
    return flagError(flag,
                     fmt::format("expects {}=N with N from {} to {}, but got "
                                 "'{}'",
                                 key, minimum, largestCount, value));
  return number;
}

std::optional<Error> setMember(std::string_view flag, std::string_view part,
                               Fault &fault) {
  const size_t equals = part.find('=');
  const std::string_view key = part.substr(0, equals);
  const std::string value(
      equals == std::string_view::npos ? "" : part.substr(equals + 1));
  if (key == "after") {
    ANEC_ASSIGN(fault.after, parseCount(flag, key, value, 0));
  } else if (key == "times") {
    ANEC_ASSIGN(fault.times, parseCount(flag, key, value, 1));
  } else if (key == "kernel" && !value.empty()) {
    fault.kernel = value;
  } else if (key == "ms") {
    char *end = nullptr;
    fault.milliseconds = std::strtod(value.c_str(), &end);
    if (value.empty() || *end != '\0' || !std::isfinite(fault.milliseconds))
      return flagError(
          flag, fmt::format("expects ms=F with a number, but got '{}'", value));
  } else {
    return flagError(flag, fmt::format("expects after=N, times=N, kernel=NAME "
                                       "or ms=F, but got '{}'",
                                       part));
  }
  return std::nullopt;
}

Result<Fault> readFault(const JsonPlace &place) {
  Fault fault;
  ANEC_ASSIGN(auto members, place.members(8));
  ANEC_ASSIGN(JsonPlace kind, place.member("kind"));
  ANEC_ASSIGN(std::string name, kind.string());
  const FaultKind *known = findKind(name);
  if (!known)
    return kind.expects("one of " + kindNames());
  fault.kind = *known;
  fault.times = usualTimes(fault.kind);
  for (const auto &[key, value] : members) {
    if (key == "after") {
      ANEC_ASSIGN(fault.after, value.integer(0, largestCount));
    } else if (key == "times") {
      ANEC_ASSIGN(fault.times, value.integer(1, largestCount));
    } else if (key == "kernel") {
      ANEC_ASSIGN(fault.kernel, value.string());
    } else if (key == "ms") {
      ANEC_ASSIGN(fault.milliseconds, value.number());
    } else if (key != "kind") {
      return value.error("expects kind, after, times, kernel or ms here");
    }
  }
  if (std::string message = complaint(fault); !message.empty())
    return place.error(message);
  return fault;
}

} // namespace

Result<Fault> parseFault(std::string_view text) {
  Fault fault;
  size_t end = text.find(',');
  const FaultKind *kind = findKind(text.substr(0, end));
  if (!kind)
    return flagError(text, fmt::format("expects one of {}, but got '{}'",
                                       kindNames(), text.substr(0, end)));
  fault.kind = *kind;
  fault.times = usualTimes(fault.kind);
  while (end != std::string_view::npos) {
    const size_t begin = end + 1;
    end = text.find(',', begin);
    ANEC_TRY(setMember(text, text.substr(begin, end - begin), fault));
  }
  if (std::string message = complaint(fault); !message.empty())
    return flagError(text, message);
  return fault;
}

Result<std::vector<Fault>> parseFaults(std::string_view text,
                                       const std::string &file) {
  ANEC_ASSIGN(nlohmann::json document, parseJson(text, file, largestFile));
  JsonPlace root(document, file);
  ANEC_ASSIGN([[maybe_unused]] int64_t format, root.integer("format", 1, 1));
  ANEC_ASSIGN(JsonPlace list, root.member("faults"));
  ANEC_ASSIGN(std::vector<JsonPlace> places, list.elements(mostFaults));
  ANEC_ASSIGN(auto members, root.members(8));
  for (const auto &[key, value] : members)
    if (key != "format" && key != "faults")
      return value.error("expects format or faults here");
  std::vector<Fault> faults;
  for (const JsonPlace &place : places) {
    ANEC_ASSIGN(Fault fault, readFault(place));
    faults.push_back(std::move(fault));
  }
  return faults;
}

Result<std::vector<Fault>> readFaults(const std::string &path) {
  ANEC_ASSIGN(std::string text, readFile(path));
  return parseFaults(text, path);
}

Mishap FaultCounter::next(Event event, const std::string &kernel) {
  Mishap mishap;
  if (faults.empty())
    return mishap;
  std::lock_guard<std::mutex> lock(mutex);
  for (size_t i = 0; i < faults.size(); ++i) {
    const Fault &fault = faults[i];
    const bool isCompile = fault.kind == FaultKind::CompileFailure;
    if (fault.kind != FaultKind::SlowService &&
        isCompile != (event == Event::Compile))
      continue;
    if (!fault.kernel.empty() && fault.kernel != kernel)
      continue;
    const int64_t number = seen[i]++;
    if (number < fault.after ||
        (fault.times > 0 && number - fault.after >= fault.times))
      continue;
    mishap.fails |= isCompile || fault.kind == FaultKind::EvaluationError;
    mishap.zeros |= fault.kind == FaultKind::SilentZeros;
    mishap.poisons |= fault.kind == FaultKind::Poisoned;
    mishap.milliseconds += fault.milliseconds;
  }
  return mishap;
}

} // namespace anec::rt::sim

//===- RunFolder.h - The folder a run leaves behind -------------*- C++ -*-===//
//
// run.json, metrics.jsonl, checkpoints/, report.json: made once, never over
// something that exists, and cut back to the last checkpoint on resume.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TRAIN_RUNFOLDER_H
#define ANEC_RUNTIME_TRAIN_RUNFOLDER_H

#include "runtime/support/Result.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace anec::rt {

class RunFolder {
public:
  /// Creates `path` with run.json holding `description`. With `resume` it may
  /// exist: then "mathematics" of its run.json must equal that of
  /// `description`, and the first member that differs is the error.
  ///
  /// The folder stays locked until the object, or the process, ends: a second
  /// process that opens it gets an error.
  static Result<RunFolder> open(const std::string &path,
                                const nlohmann::json &description, bool resume);
  /// Opens a folder whose lock the process before this one left as `lock`.
  static Result<RunFolder> adopt(const std::string &path,
                                 const nlohmann::json &description, int lock);

  RunFolder(RunFolder &&other) noexcept;
  RunFolder &operator=(RunFolder &&other) noexcept;
  ~RunFolder();

  std::string checkpoints() const { return path + "/checkpoints"; }
  /// The newest complete checkpoint; none when the run starts at update 0.
  std::optional<std::string> newestCheckpoint() const;

  /// Removes the lines of metrics.jsonl after `update`, and opens it. Comes
  /// before `addMetrics`.
  std::optional<Error> startMetrics(int64_t update);
  /// Appends one line.
  std::optional<Error> addMetrics(const nlohmann::json &line);
  /// Makes the lines so far durable.
  std::optional<Error> syncMetrics();

  std::optional<Error> writeReport(const nlohmann::json &report);

  /// Gives the lock away; it stays held on exec.
  Result<int> releaseLock();

private:
  explicit RunFolder(std::string path) : path(std::move(path)) {}

  std::optional<Error> takeLock();

  std::string path;
  int metrics = -1, lock = -1;
};

} // namespace anec::rt

#endif // ANEC_RUNTIME_TRAIN_RUNFOLDER_H

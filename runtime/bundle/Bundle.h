//===- Bundle.h - A compiled model on disk ----------------------*- C++ -*-===//
//
// Opens the folder that `anec -o` wrote: checks the version, the size and
// SHA-256 of every file and everything plan.json says, before anything runs.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_BUNDLE_BUNDLE_H
#define ANEC_RUNTIME_BUNDLE_BUNDLE_H

#include "runtime/bundle/Plan.h"

#include <map>
#include <string>
#include <vector>

namespace anec::rt {

/// A bundle in memory; the folder is not read again after `open`.
class Bundle {
public:
  /// The format this reader reads; newer bundles name the oldest reader that
  /// understands them in "minimum_reader".
  static constexpr int64_t format = 1;

  /// Reads and checks everything. Errors name the file, the place in it, what
  /// was expected and what was found.
  static Result<Bundle> open(const std::string &folder);

  const Plan &plan() const { return parsed; }
  const std::string &folder() const { return path; }
  /// SHA-256 of plan.json, which holds those of all other files: equal digests
  /// mean equal bundles.
  const std::string &digest() const { return planDigest; }

  /// MIL text and constant blobs of `kernel`; `baked` is left empty.
  ProgramFiles programFiles(const Kernel &kernel) const;

private:
  Bundle() = default;

  std::string path;
  std::string planDigest;
  Plan parsed;
  /// Files of the bundle but plan.json, by relative path.
  std::map<std::string, std::vector<uint8_t>> contents;
};

} // namespace anec::rt

#endif // ANEC_RUNTIME_BUNDLE_BUNDLE_H

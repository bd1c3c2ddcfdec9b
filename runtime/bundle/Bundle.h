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

class JsonPlace;

/// A bundle in memory; the folder is not read again after `open`.
class Bundle {
public:
  /// The format this reader reads; newer bundles name the oldest reader that
  /// understands them in "minimum_reader".
  static constexpr int64_t format = 3;
  /// The oldest format it still understands.
  static constexpr int64_t oldestFormat = 2;
  /// Files by their paths relative to the bundle.
  using Files = std::map<std::string, std::vector<uint8_t>>;

  /// Reads and checks everything. Errors name the file, the place in it, what
  /// was expected and what was found.
  static Result<Bundle> open(const std::string &folder);
  /// A bundle whose files, plan.json among them, are in memory; sizes and
  /// hashes are not compared.
  static Result<Bundle> fromFiles(Files files);

  const Plan &plan() const { return parsed; }
  const std::string &folder() const { return path; }
  /// SHA-256 of plan.json, which holds those of all other files: equal digests
  /// mean equal bundles.
  const std::string &digest() const { return planDigest; }

  /// MIL text and constant blobs of `kernel`; `baked` is left empty.
  ProgramFiles programFiles(const Kernel &kernel) const;

private:
  Bundle() = default;
  /// Reads everything but plan.json's list of files from `contents`.
  std::optional<Error> readFiles(const std::vector<uint8_t> &planBytes,
                                 const JsonPlace &root);

  std::string path;
  std::string planDigest;
  Plan parsed;
  /// Files of the bundle but plan.json, by relative path.
  Files contents;
};

} // namespace anec::rt

#endif // ANEC_RUNTIME_BUNDLE_BUNDLE_H

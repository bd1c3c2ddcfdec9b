//===- TestBundle.h - Bundles made by tests ---------------------*- C++ -*-===//
//
// Two tiny models as plans of host ops only, and the means to write them, and
// broken variants of them, to a folder.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TEST_RUNTIME_BUNDLE_TESTBUNDLE_H
#define ANEC_TEST_RUNTIME_BUNDLE_TESTBUNDLE_H

#include <nlohmann/json.hpp>

#include <filesystem>
#include <map>
#include <string>

namespace anec::rt {

/// A fresh folder that is removed at the end.
class TemporaryFolder {
public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder &) = delete;

  std::string operator/(const std::string &name) const {
    return (path / name).string();
  }
  std::string string() const { return path.string(); }

private:
  std::filesystem::path path;
};

/// plan.json and the other files of a bundle, before they are written.
struct TestBundle {
  nlohmann::json plan;
  std::map<std::string, std::string> files;

  /// Writes all files; sizes and digests of "files" are filled in.
  void write(const std::string &folder) const;

  /// y = x w^T + bias, mean squared error. B=2, S=4, 3 -> 2 features.
  /// Parameters "w" [2,3] normal and "bias" [2] zeros.
  static TestBundle linear();

  /// logits = rms_norm(embedding, gain) embedding^T, cross entropy. B=2, S=4,
  /// 16 tokens of 6 features, compactable. Parameters "embedding" and "gain".
  static TestBundle language();

  /// linear() with a surface, a kernel file and programs that use them, for
  /// loader tests; not a real kernel.
  static TestBundle withKernel();

  /// linear() whose "w" the device trains, by kernels that are no real ones.
  static TestBundle trainedOnDevice();
};

void writeText(const std::string &path, const std::string &text);
std::string readText(const std::string &path);

} // namespace anec::rt

#endif // ANEC_TEST_RUNTIME_BUNDLE_TESTBUNDLE_H

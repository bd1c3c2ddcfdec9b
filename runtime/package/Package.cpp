//===- Package.cpp - Core ML packages -------------------------------------===//
//
// Files are looked at before they are read: their sizes bound the memory that
// parsing takes.
//
//===----------------------------------------------------------------------===//
#include "runtime/package/Package.h"

#include "Model.pb.h"
#include "runtime/package/Manifest.h"
#include "runtime/package/ProgramConverter.h"
#include "runtime/support/AtomicFile.h"

#include <algorithm>
#include <filesystem>

namespace anec::rt::package {

namespace fs = std::filesystem;

namespace {

/// Manifests have a few entries of a few hundred bytes.
constexpr uintmax_t maxManifestBytes = uintmax_t(1) << 20;
/// Weights are in files of their own; programs of large language models take a
/// few MiB. What two bytes say, an empty operation, takes 150 once it is
/// parsed: the worst file of this size ends in an error after 2.5 GB.
constexpr uintmax_t maxModelBytes = uintmax_t(1) << 25;

/// The whole regular file, if it is not longer than `limit`.
Result<std::string> readBounded(const std::string &path, uintmax_t limit) {
  std::error_code failed;
  const fs::file_status status = fs::status(path, failed);
  if (!fs::exists(status))
    return makeError(ErrorCode::InvalidInput, "cannot open '{}': {}", path,
                     failed ? failed.message() : "No such file or directory");
  if (!fs::is_regular_file(status))
    return makeError(ErrorCode::InvalidInput,
                     "{}: expected a file, found something else", path);
  const uintmax_t size = fs::file_size(path, failed);
  if (!failed && size > limit)
    return makeError(ErrorCode::InvalidInput,
                     "{}: expected at most {} bytes, found {}", path, limit,
                     size);
  return readFile(path);
}

/// Refuses links out of the package: it brings its own files and reads nobody
/// else's.
std::optional<Error> checkInside(const std::string &path,
                                 const std::string &folder) {
  std::error_code failed;
  const fs::path root = fs::canonical(folder, failed);
  if (failed)
    return std::nullopt; // Opening the file says it.
  const fs::path file = fs::canonical(path, failed);
  if (failed)
    return std::nullopt;
  if (std::mismatch(root.begin(), root.end(), file.begin(), file.end()).first ==
      root.end())
    return std::nullopt;
  return makeError(ErrorCode::InvalidInput,
                   "{}: expected a file in the package, found a link to '{}'",
                   path, file.string());
}

const char *kindOf(const coreml::Model &model) {
  switch (model.kind_case()) {
  case coreml::Model::kPipeline:
    return "a pipeline";
  case coreml::Model::kNeuralNetwork:
    return "a neural network";
  case coreml::Model::kSerializedModel:
    return "a serialized model";
  default:
    return "a model of another kind, or none";
  }
}

} // namespace

bool isPackage(const std::string &path) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored))
    return false;
  const fs::path folder(path);
  const fs::path named = folder.has_filename() ? folder : folder.parent_path();
  return named.extension() == ".mlpackage" ||
         fs::exists(folder / "Manifest.json", ignored);
}

Result<mil::Program> parseModel(std::string_view bytes, const std::string &name,
                                std::string &defaultFunction) {
  coreml::Model model;
  if (bytes.size() > maxModelBytes ||
      !model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return makeError(ErrorCode::InvalidInput,
                     "{}: expected a Core ML model of {} bytes, found broken "
                     "or too deeply nested messages",
                     name, bytes.size());
  if (!model.has_ml_program())
    return makeError(ErrorCode::InvalidInput,
                     "{}: expected an ML program, found {}", name,
                     kindOf(model));
  defaultFunction = model.description().default_function_name();
  return convertProgram(model.ml_program(), name);
}

Result<Package> readPackage(const std::string &path) {
  const std::string manifest = path + "/Manifest.json", data = path + "/Data";
  ANEC_TRY(checkInside(manifest, path));
  ANEC_ASSIGN(std::string text, readBounded(manifest, maxManifestBytes));
  ANEC_ASSIGN(std::string relative, rootModelPath(text, manifest));
  Package package;
  package.modelFile = data + "/" + relative;
  ANEC_TRY(checkInside(package.modelFile, path));
  ANEC_ASSIGN(std::string bytes, readBounded(package.modelFile, maxModelBytes));
  ANEC_ASSIGN(package.program,
              parseModel(bytes, package.modelFile, package.defaultFunction));
  return Result<Package>(std::move(package));
}

} // namespace anec::rt::package

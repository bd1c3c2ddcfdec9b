//===- Bundle.cpp - A compiled model on disk ------------------------------===//
//
// Files are read once and kept, so that what was checked is what runs.
//
//===----------------------------------------------------------------------===//
#include "runtime/bundle/Bundle.h"

#include "runtime/bundle/Readers.h"
#include "runtime/support/Sha256.h"

#include <filesystem>
#include <fstream>

namespace anec::rt {
namespace {

namespace fs = std::filesystem;

constexpr size_t maximumPlanBytes = size_t(256) << 20;
constexpr int64_t maximumFileBytes = int64_t(4) << 30;

/// Reads a regular file of `expected` bytes (any size up to the maximum when
/// negative).
Result<std::vector<uint8_t>> readBundleFile(const fs::path &path,
                                            int64_t expected) {
  std::error_code code;
  if (!fs::is_regular_file(path, code))
    return makeError(ErrorCode::InvalidInput,
                     "{}: expects a file, but there is none", path.string());
  uint64_t size = fs::file_size(path, code);
  if (code)
    return makeError(ErrorCode::Io, "cannot read '{}': {}", path.string(),
                     code.message());
  if (expected >= 0 && size != uint64_t(expected))
    return makeError(ErrorCode::InvalidInput,
                     "{}: expects {} bytes as plan.json says, but got {}",
                     path.string(), expected, size);
  if (size > uint64_t(maximumFileBytes))
    return makeError(ErrorCode::InvalidInput,
                     "{}: expects at most {} bytes, but got {}", path.string(),
                     maximumFileBytes, size);
  std::vector<uint8_t> bytes(size);
  std::ifstream stream(path, std::ios::binary);
  if (!stream.read(reinterpret_cast<char *>(bytes.data()),
                   std::streamsize(size)))
    return makeError(ErrorCode::Io, "cannot read '{}'", path.string());
  return bytes;
}

/// A path of plan.json as a path below `folder`: relative, without "..", and
/// not through a link that leads out.
Result<fs::path> insideOf(const fs::path &folder, const JsonPlace &place) {
  ANEC_ASSIGN(std::string name, place.string());
  fs::path relative(name);
  bool good = relative.is_relative() && name.find('\\') == std::string::npos;
  for (const fs::path &part : relative)
    good = good && part != ".." && part != "." && !part.empty();
  if (!good)
    return place.expects("a path inside the bundle");
  std::error_code code;
  fs::path root = fs::weakly_canonical(folder, code);
  fs::path target = fs::weakly_canonical(folder / relative, code);
  auto mismatch =
      std::mismatch(root.begin(), root.end(), target.begin(), target.end());
  if (code || mismatch.first != root.end())
    return place.expects("a path that does not lead out of the bundle");
  return folder / relative;
}

std::optional<Error> checkVersion(const JsonPlace &root) {
  ANEC_ASSIGN(int64_t format, root.integer("format", 0, INT32_MAX));
  ANEC_ASSIGN(int64_t reader, root.integer("minimum_reader", 0, INT32_MAX));
  if (reader > Bundle::format || format < Bundle::oldestFormat) {
    ANEC_ASSIGN(JsonPlace place, root.member("minimum_reader"));
    return place.error(fmt::format(
        "expects a bundle of format {} to {}, but it has format {} and needs "
        "reader {}; compile it again or update ane-run",
        Bundle::oldestFormat, Bundle::format, format, reader));
  }
  return std::nullopt;
}

std::string_view textOf(const std::vector<uint8_t> &bytes) {
  return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

} // namespace

Result<Bundle> Bundle::open(const std::string &folder) {
  std::error_code code;
  if (!fs::is_directory(folder, code))
    return makeError(ErrorCode::InvalidInput,
                     "{}: expects the folder of a bundle, but there is none",
                     folder);
  Bundle bundle;
  bundle.path = folder;
  fs::path planPath = fs::path(folder) / "plan.json";
  ANEC_ASSIGN(std::vector<uint8_t> planBytes, readBundleFile(planPath, -1));
  ANEC_ASSIGN(
      nlohmann::json document,
      parseJson(textOf(planBytes), planPath.string(), maximumPlanBytes));
  JsonPlace root(document, planPath.string());
  ANEC_TRY(checkVersion(root));

  ANEC_ASSIGN(JsonPlace list, root.member("files"));
  ANEC_ASSIGN(std::vector<JsonPlace> entries, list.elements(1 << 20));
  for (const JsonPlace &entry : entries) {
    ANEC_ASSIGN(JsonPlace place, entry.member("path"));
    ANEC_ASSIGN(fs::path path, insideOf(folder, place));
    ANEC_ASSIGN(int64_t size, entry.integer("bytes", 0, maximumFileBytes));
    ANEC_ASSIGN(std::string expected, entry.string("sha256"));
    ANEC_ASSIGN(std::vector<uint8_t> bytes, readBundleFile(path, size));
    std::string found = sha256(bytes);
    if (found != expected)
      return makeError(ErrorCode::InvalidInput,
                       "{}: expects sha256 {} as plan.json says, but got {}",
                       path.string(), expected, found);
    ANEC_ASSIGN(std::string name, place.string());
    bundle.contents[name] = std::move(bytes);
  }
  ANEC_TRY(bundle.readFiles(planBytes, root));
  return bundle;
}

Result<Bundle> Bundle::fromFiles(Files files) {
  Bundle bundle;
  bundle.path = "bundle";
  std::vector<uint8_t> planBytes = std::move(files["plan.json"]);
  files.erase("plan.json");
  bundle.contents = std::move(files);
  ANEC_ASSIGN(nlohmann::json document,
              parseJson(textOf(planBytes), "plan.json", maximumPlanBytes));
  ANEC_TRY(bundle.readFiles(planBytes, JsonPlace(document, "plan.json")));
  return bundle;
}

std::optional<Error> Bundle::readFiles(const std::vector<uint8_t> &planBytes,
                                       const JsonPlace &root) {
  planDigest = sha256(planBytes);
  std::set<std::string> names;
  for (const auto &[name, bytes] : contents)
    names.insert(name);
  if (!names.count("params.json")) {
    ANEC_ASSIGN(JsonPlace list, root.member("files"));
    return list.error("expects an entry for params.json, but there is none");
  }
  std::string parametersPath = (fs::path(path) / "params.json").string();
  ANEC_ASSIGN(nlohmann::json parameters,
              parseJson(textOf(contents["params.json"]), parametersPath,
                        maximumPlanBytes));
  ANEC_ASSIGN(parsed,
              readPlan(root, JsonPlace(parameters, parametersPath), names));
  return std::nullopt;
}

ProgramFiles Bundle::programFiles(const Kernel &kernel) const {
  ProgramFiles files;
  files.name = kernel.name;
  files.text = textOf(contents.at(kernel.file));
  for (const std::string &blob : kernel.blobs)
    files.blobs["@model_path/" + blob] = contents.at(blob);
  for (const auto &[blob, file] : kernel.exactBlobs)
    files.exactBlobs["@model_path/" + blob] = contents.at(file);
  files.exactValues = kernel.exactValues;
  return files;
}

} // namespace anec::rt

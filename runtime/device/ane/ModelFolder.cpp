//===- ModelFolder.cpp - The files of a model -----------------------------===//

#include "runtime/device/ane/ModelFolder.h"

#include "runtime/support/AtomicFile.h"

#include <filesystem>
#include <fstream>
#include <mutex>

namespace anec::rt::ane {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view root = "@model_path/";

/// Folders in use, by path. The last owner of a folder may be the function that
/// looks for it, so the lock is taken again.
struct Registry {
  std::recursive_mutex mutex;
  std::map<std::string, std::weak_ptr<ModelFolder>> folders;
};

Registry &registry() {
  static Registry all;
  return all;
}

std::string fileOf(const std::string &folder, const std::string &name) {
  return folder + "/" + name.substr(root.size());
}

/// The files live as long as the process at most: not synchronised.
std::optional<Error> writeFile(const std::string &path, const void *data,
                               size_t size) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(static_cast<const char *>(data),
             static_cast<std::streamsize>(size));
  file.close();
  if (!file)
    return makeError(ErrorCode::Io, "cannot write '{}'", path);
  return std::nullopt;
}

} // namespace

Result<std::shared_ptr<ModelFolder>>
ModelFolder::create(const std::string &path, const std::string &text,
                    const Blobs &blobs) {
  Registry &all = registry();
  const std::lock_guard<std::recursive_mutex> guard(all.mutex);
  if (std::shared_ptr<ModelFolder> existing = all.folders[path].lock()) {
    if (!existing->holds(text, blobs))
      return makeError(ErrorCode::DeviceFailure,
                       "two models with different weights are both '{}' to "
                       "this system [hexid]: it does not tell them apart",
                       path);
    return existing;
  }
  std::shared_ptr<ModelFolder> folder(new ModelFolder(path));
  ANEC_TRY(folder->write(text, blobs));
  all.folders[path] = folder;
  return folder;
}

ModelFolder::~ModelFolder() {
  Registry &all = registry();
  const std::lock_guard<std::recursive_mutex> guard(all.mutex);
  auto entry = all.folders.find(path);
  // Another thread made the same folder again since this one was let go.
  if (entry != all.folders.end() && !entry->second.expired())
    return;
  if (entry != all.folders.end())
    all.folders.erase(entry);
  std::error_code ignored; // What stays is in a temporary folder.
  fs::remove_all(path, ignored);
}

std::optional<Error> ModelFolder::write(const std::string &text,
                                        const Blobs &blobs) {
  std::error_code failed;
  // What a process that was killed left behind.
  fs::remove_all(path, failed);
  fs::create_directories(path + "/weights", failed);
  if (failed)
    return makeError(ErrorCode::Io, "cannot create folder '{}': {}", path,
                     failed.message());
  ANEC_TRY(writeFile(path + "/model.mil", text.data(), text.size()));
  for (const auto &[name, bytes] : blobs) {
    if (name.compare(0, root.size(), root) != 0 ||
        name.find("..") != std::string::npos)
      return makeError(ErrorCode::InvalidInput,
                       "expected a weight file below '@model_path/', found "
                       "'{}'",
                       name);
    const std::string file = fileOf(path, name);
    fs::create_directories(fs::path(file).parent_path(), failed);
    ANEC_TRY(writeFile(file, bytes.data(), bytes.size()));
    names.push_back(name);
  }
  return std::nullopt;
}

Result<std::string> ModelFolder::text() const {
  return readFile(path + "/model.mil");
}

Result<Blobs> ModelFolder::blobs() const {
  Blobs all;
  for (const std::string &name : names) {
    ANEC_ASSIGN(std::string bytes, readFile(fileOf(path, name)));
    all[name].assign(bytes.begin(), bytes.end());
  }
  return all;
}

bool ModelFolder::holds(const std::string &text, const Blobs &blobs) const {
  const Result<std::string> ownText = this->text();
  const Result<Blobs> ownBlobs = this->blobs();
  return ownText && ownBlobs && *ownText == text && *ownBlobs == blobs;
}

std::string ModelFolder::compiledPlist() const {
  const Result<std::string> plist = readFile(path + "/net.plist");
  return plist ? *plist : std::string();
}

std::optional<Error> ModelFolder::writePlist(const std::string &plist) const {
  return writeFile(path + "/net.plist", plist.data(), plist.size());
}

} // namespace anec::rt::ane

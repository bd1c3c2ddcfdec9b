//===- BlobPath.cpp - Which files a MIL text names ------------------------===//
//
// Names are checked as text first, then as files with all links followed.
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/BlobPath.h"

#include <algorithm>
#include <filesystem>

namespace anec::rt::mil {

namespace fs = std::filesystem;

static void collect(const Value &value, std::vector<const Value *> &found) {
  if (value.blob())
    found.push_back(&value);
  if (value.members())
    for (const Value &member : *value.members())
      collect(member, found);
}

std::vector<const Value *> fileConstants(const Function &function) {
  std::vector<const Value *> found;
  for (const Statement &statement : function.statements) {
    for (const Attribute &attribute : statement.attributes)
      collect(attribute.value, found);
    for (const Argument &argument : statement.arguments)
      for (const Operand &operand : argument.operands)
        if (const auto *value = std::get_if<Value>(&operand))
          collect(*value, found);
  }
  return found;
}

std::string folderOf(const std::string &path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos)
    return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<std::string> resolveBlob(const std::string &path,
                                const std::string &folder) {
  constexpr std::string_view modelPath = "@model_path/";
  if (path.compare(0, modelPath.size(), modelPath) != 0 ||
      ("/" + path + "/").find("/../") != std::string::npos ||
      path.find('\0') != std::string::npos)
    return makeError(ErrorCode::InvalidInput,
                     "expected a path below '@model_path', found '{}'", path);
  std::error_code failed;
  const fs::path root = fs::canonical(folder, failed);
  if (failed)
    return makeError(ErrorCode::InvalidInput, "cannot open '{}': {}", folder,
                     failed.message());
  const std::string named = folder + "/" + path.substr(modelPath.size());
  const fs::path file = fs::canonical(named, failed);
  if (failed)
    return makeError(ErrorCode::InvalidInput, "cannot open '{}': {}", named,
                     failed.message());
  const auto [inRoot, inFile] =
      std::mismatch(root.begin(), root.end(), file.begin(), file.end());
  if (inRoot != root.end())
    return makeError(ErrorCode::InvalidInput,
                     "expected '{}' to be below '{}', found a link to '{}'",
                     path, root.string(), file.string());
  return file.string();
}

} // namespace anec::rt::mil

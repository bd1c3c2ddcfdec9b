//===- Manifest.cpp - Where a Core ML package has its model ---------------===//
//
// Items other than the root model (weights, metadata) need no look-up: programs
// name their weights relative to the model file.
//
//===----------------------------------------------------------------------===//
#include "runtime/package/Manifest.h"

#include <nlohmann/json.hpp>

#include <charconv>

namespace anec::rt::package {

using nlohmann::json;

/// Null unless `object` is an object with a text of this name.
static const std::string *textAt(const json &object, const std::string &name) {
  if (!object.is_object())
    return nullptr;
  auto found = object.find(name);
  return found == object.end() ? nullptr
                               : found->get_ptr<const std::string *>();
}

/// Three numbers; Core ML's own reader refuses what is newer than 1.0.0.
static bool isReadableVersion(const std::string &text) {
  unsigned numbers[3] = {};
  const char *at = text.data(), *end = at + text.size();
  for (int i = 0; i < 3; ++i) {
    if (i > 0 && (at == end || *at++ != '.'))
      return false;
    auto [next, failed] = std::from_chars(at, end, numbers[i]);
    if (failed != std::errc())
      return false;
    at = next;
  }
  const bool isOlder = numbers[0] < 1;
  return at == end &&
         (isOlder || (numbers[0] == 1 && numbers[1] == 0 && numbers[2] == 0));
}

Result<std::string> rootModelPath(std::string_view text,
                                  const std::string &name) {
  const json manifest = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!manifest.is_object())
    return makeError(ErrorCode::InvalidInput,
                     "{}: expected a JSON object, found something else", name);
  const std::string *version = textAt(manifest, "fileFormatVersion");
  if (!version || !isReadableVersion(*version))
    return makeError(ErrorCode::InvalidInput,
                     "{}: expected 'fileFormatVersion' 1.0.0 or older, found "
                     "{}",
                     name, version ? "'" + *version + "'" : "none");
  const std::string *root = textAt(manifest, "rootModelIdentifier");
  if (!root)
    return makeError(ErrorCode::InvalidInput,
                     "{}: expected 'rootModelIdentifier', found none", name);
  const auto items = manifest.find("itemInfoEntries");
  const std::string *path = nullptr;
  if (items != manifest.end() && items->is_object()) {
    auto item = items->find(*root);
    path = item == items->end() ? nullptr : textAt(*item, "path");
  }
  if (!path)
    return makeError(ErrorCode::InvalidInput,
                     "{}: expected an item '{}' with a path in "
                     "'itemInfoEntries', found none",
                     name, *root);
  if (path->empty() || path->front() == '/' ||
      ("/" + *path + "/").find("/../") != std::string::npos ||
      path->find('\0') != std::string::npos)
    return makeError(ErrorCode::InvalidInput,
                     "{}: expected a path below 'Data', found '{}'", name,
                     *path);
  return *path;
}

} // namespace anec::rt::package

//===- JsonPlace.h - A JSON value that knows where it stands ----*- C++ -*-===//
//
// Readers of files walk JSON through this, so that every error names
// the file, the path inside it, what was expected and what was found.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_SUPPORT_JSONPLACE_H
#define ANEC_RUNTIME_SUPPORT_JSONPLACE_H

#include "runtime/support/Result.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace anec::rt {

/// Parses `text`, at most `maximumBytes` long; errors name `file` and the byte.
Result<nlohmann::json> parseJson(std::string_view text, const std::string &file,
                                 size_t maximumBytes);

/// A view of one value of a document; valid as long as the document.
class JsonPlace {
public:
  JsonPlace(const nlohmann::json &document, std::string file)
      : value(&document), file(std::move(file)) {}

  /// The member of an object; an error when there is none.
  Result<JsonPlace> member(const std::string &key) const;
  bool has(const std::string &key) const;

  /// The members of an object or the elements of an array, `maximum` at most.
  Result<std::vector<std::pair<std::string, JsonPlace>>>
  members(size_t maximum) const;
  Result<std::vector<JsonPlace>> elements(size_t maximum) const;

  Result<int64_t> integer(int64_t minimum, int64_t maximum) const;
  Result<double> number() const;
  Result<bool> boolean() const;
  /// A string of 1 to 1024 bytes.
  Result<std::string> string() const;

  // The same for a member, the most frequent case.
  Result<int64_t> integer(const std::string &key, int64_t minimum,
                          int64_t maximum) const;
  Result<std::string> string(const std::string &key) const;
  /// `otherwise` when the member is absent.
  Result<bool> booleanOr(const std::string &key, bool otherwise) const;

  const nlohmann::json &json() const { return *value; }

  /// "<file>: <path>: <message>".
  Error error(const std::string &message) const;
  /// The same with "expects <expected>, but got <the value>".
  Error expects(const std::string &expected) const;

private:
  JsonPlace(const nlohmann::json &value, std::string file, std::string path)
      : value(&value), file(std::move(file)), path(std::move(path)) {}

  const nlohmann::json *value;
  std::string file;
  std::string path;
};

} // namespace anec::rt

#endif // ANEC_RUNTIME_SUPPORT_JSONPLACE_H

//===- JsonPlace.cpp - A JSON value that knows where it stands ------------===//
//
// nlohmann's exceptions stop here.
//
//===----------------------------------------------------------------------===//
#include "runtime/support/JsonPlace.h"

#include <cmath>

namespace anec::rt {
namespace {

/// The value as a message shows it: short, on one line.
std::string shown(const nlohmann::json &value) {
  if (value.is_object())
    return "an object";
  if (value.is_array())
    return fmt::format("an array of {}", value.size());
  std::string text =
      value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (text.size() > 60)
    text = text.substr(0, 57) + "...";
  return text;
}

/// Copying a document calls itself for every bracket.
constexpr int64_t mostNested = 128;

/// The byte where brackets are nested too deep, or the size.
size_t tooDeepAt(std::string_view text) {
  int64_t depth = 0;
  bool inString = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (inString && c == '\\')
      ++i;
    else if (c == '"')
      inString = !inString;
    else if (!inString && (c == '[' || c == '{') && ++depth > mostNested)
      return i;
    else if (!inString && (c == ']' || c == '}'))
      --depth;
  }
  return text.size();
}

} // namespace

Result<nlohmann::json> parseJson(std::string_view text, const std::string &file,
                                 size_t maximumBytes) {
  if (text.size() > maximumBytes)
    return makeError(ErrorCode::InvalidInput,
                     "{}: expects at most {} bytes, but got {}", file,
                     maximumBytes, text.size());
  if (const size_t deep = tooDeepAt(text); deep != text.size())
    return makeError(ErrorCode::InvalidInput,
                     "{}: expects at most {} nested brackets, but there are "
                     "more at byte {}",
                     file, mostNested, deep + 1);
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::parse_error &error) {
    return makeError(ErrorCode::InvalidInput,
                     "{}: expects JSON, but the text of {} bytes is malformed "
                     "or cut off at byte {}",
                     file, text.size(), error.byte);
  } catch (const nlohmann::json::exception &error) {
    return makeError(ErrorCode::InvalidInput, "{}: {}", file, error.what());
  }
}

Error JsonPlace::error(const std::string &message) const {
  return makeError(ErrorCode::InvalidInput, "{}: {}: {}", file,
                   path.empty() ? "/" : path, message);
}

Error JsonPlace::expects(const std::string &expected) const {
  return error(fmt::format("expects {}, but got {}", expected, shown(*value)));
}

bool JsonPlace::has(const std::string &key) const {
  return value->is_object() && value->contains(key);
}

Result<JsonPlace> JsonPlace::member(const std::string &key) const {
  if (!value->is_object())
    return expects("an object");
  auto found = value->find(key);
  if (found == value->end())
    return error(fmt::format("expects a member '{}', but there is none", key));
  return JsonPlace(*found, file, path + "/" + key);
}

Result<std::vector<std::pair<std::string, JsonPlace>>>
JsonPlace::members(size_t maximum) const {
  if (!value->is_object())
    return expects("an object");
  if (value->size() > maximum)
    return error(fmt::format("expects at most {} members, but got {}", maximum,
                             value->size()));
  std::vector<std::pair<std::string, JsonPlace>> result;
  for (auto it = value->begin(); it != value->end(); ++it)
    result.emplace_back(it.key(),
                        JsonPlace(it.value(), file, path + "/" + it.key()));
  return result;
}

Result<std::vector<JsonPlace>> JsonPlace::elements(size_t maximum) const {
  if (!value->is_array())
    return expects("an array");
  if (value->size() > maximum)
    return error(fmt::format("expects at most {} elements, but got {}", maximum,
                             value->size()));
  std::vector<JsonPlace> result;
  for (size_t i = 0; i < value->size(); ++i)
    result.push_back(
        JsonPlace((*value)[i], file, fmt::format("{}/{}", path, i)));
  return result;
}

Result<int64_t> JsonPlace::integer(int64_t minimum, int64_t maximum) const {
  bool inRange = false;
  if (value->is_number_unsigned())
    inRange = value->get<uint64_t>() <= uint64_t(INT64_MAX);
  else
    inRange = value->is_number_integer();
  if (inRange) {
    int64_t number = value->get<int64_t>();
    if (number >= minimum && number <= maximum)
      return number;
  }
  return expects(fmt::format("an integer from {} to {}", minimum, maximum));
}

Result<double> JsonPlace::number() const {
  if (!value->is_number() || !std::isfinite(value->get<double>()))
    return expects("a finite number");
  return value->get<double>();
}

Result<bool> JsonPlace::boolean() const {
  if (!value->is_boolean())
    return expects("true or false");
  return value->get<bool>();
}

Result<std::string> JsonPlace::string() const {
  if (!value->is_string())
    return expects("a string");
  const std::string &text = value->get_ref<const std::string &>();
  if (text.empty() || text.size() > 1024)
    return expects("a string of 1 to 1024 bytes");
  return text;
}

Result<int64_t> JsonPlace::integer(const std::string &key, int64_t minimum,
                                   int64_t maximum) const {
  ANEC_ASSIGN(JsonPlace place, member(key));
  return place.integer(minimum, maximum);
}

Result<std::string> JsonPlace::string(const std::string &key) const {
  ANEC_ASSIGN(JsonPlace place, member(key));
  return place.string();
}

Result<bool> JsonPlace::booleanOr(const std::string &key,
                                  bool otherwise) const {
  if (!has(key))
    return otherwise;
  ANEC_ASSIGN(JsonPlace place, member(key));
  return place.boolean();
}

} // namespace anec::rt

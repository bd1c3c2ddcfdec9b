//===- ParameterReader.cpp - params.json ----------------------------------===//
//
// The parameter families of a bundle and how they start.
//
//===----------------------------------------------------------------------===//
#include "runtime/bundle/Readers.h"

namespace anec::rt {
namespace {

constexpr int64_t maximumElements = int64_t(1) << 36;

Result<Initializer> readInitializer(const JsonPlace &place) {
  Initializer result;
  ANEC_ASSIGN(JsonPlace kind, place.member("kind"));
  ANEC_ASSIGN(std::string name, kind.string());
  if (name == "zeros") {
    result.kind = Initializer::Kind::Zeros;
  } else if (name == "ones") {
    result.kind = Initializer::Kind::Ones;
  } else if (name == "normal") {
    result.kind = Initializer::Kind::Normal;
    ANEC_ASSIGN(JsonPlace std, place.member("std"));
    ANEC_ASSIGN(result.standardDeviation, std.number());
    if (result.standardDeviation < 0)
      return std.expects("a standard deviation of at least 0");
  } else {
    return kind.expects("\"normal\", \"ones\" or \"zeros\"");
  }
  return result;
}

Result<std::vector<int64_t>> readShape(const JsonPlace &place) {
  ANEC_ASSIGN(std::vector<JsonPlace> sizes, place.elements(2));
  if (sizes.empty())
    return place.expects("1 or 2 dimensions");
  std::vector<int64_t> shape;
  for (const JsonPlace &size : sizes) {
    ANEC_ASSIGN(int64_t value, size.integer(1, maximumElements));
    shape.push_back(value);
  }
  if (shape.size() == 2 && shape[0] > maximumElements / shape[1])
    return place.error(fmt::format("expects at most {} elements, but got {}x{}",
                                   maximumElements, shape[0], shape[1]));
  return shape;
}

Result<Parameter> readParameter(const JsonPlace &place, int64_t vocabulary) {
  Parameter result;
  ANEC_ASSIGN(result.name, place.string("name"));
  ANEC_ASSIGN(JsonPlace shape, place.member("shape"));
  ANEC_ASSIGN(result.shape, readShape(shape));
  ANEC_ASSIGN(result.count, place.integer("count", 1, 65536));
  ANEC_ASSIGN(JsonPlace init, place.member("init"));
  ANEC_ASSIGN(result.init, readInitializer(init));
  ANEC_ASSIGN(result.trainable, place.booleanOr("trainable", true));
  ANEC_ASSIGN(result.decay, place.booleanOr("decay", result.shape.size() > 1));
  ANEC_ASSIGN(result.vocabularyRows, place.booleanOr("vocabulary_rows", false));
  if (result.count > 1 && result.name.find('*') == std::string::npos)
    return place.error(fmt::format("expects a '*' in the name of {} tensors, "
                                   "but got '{}'",
                                   result.count, result.name));
  if (result.vocabularyRows && result.shape[0] != vocabulary)
    return shape.error(fmt::format("expects {} rows, one for each token of the "
                                   "vocabulary, but got {}",
                                   vocabulary, result.shape[0]));
  if (result.vocabularyRows && result.count != 1)
    return place.error(fmt::format("expects one tensor with vocabulary rows, "
                                   "but got {}",
                                   result.count));
  return result;
}

} // namespace

Result<std::vector<Parameter>> readParameters(const JsonPlace &root,
                                              int64_t vocabulary) {
  ANEC_ASSIGN(int64_t format, root.integer("format", 0, INT32_MAX));
  if (format != 1) {
    ANEC_ASSIGN(JsonPlace place, root.member("format"));
    return place.expects("format 1");
  }
  ANEC_ASSIGN(JsonPlace list, root.member("parameters"));
  ANEC_ASSIGN(std::vector<JsonPlace> places, list.elements(65536));
  std::vector<Parameter> result;
  std::set<std::string> names;
  for (const JsonPlace &place : places) {
    ANEC_ASSIGN(Parameter parameter, readParameter(place, vocabulary));
    for (int64_t i = 0; i < parameter.count; ++i)
      if (!names.insert(parameter.tensorName(i)).second)
        return place.error(fmt::format("expects unique tensor names, but '{}' "
                                       "comes twice",
                                       parameter.tensorName(i)));
    result.push_back(std::move(parameter));
  }
  return result;
}

} // namespace anec::rt

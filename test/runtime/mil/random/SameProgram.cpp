//===- SameProgram.cpp - Are two programs the same? -----------------------===//
//
// Compares member by member; the path to a difference is built on the way out.
//
//===----------------------------------------------------------------------===//
#include "test/runtime/mil/random/SameProgram.h"

#include <cmath>

namespace anec::rt::mil::random {

namespace {

std::string compare(int64_t a, int64_t b) {
  return a == b ? "" : ": " + std::to_string(a) + " and " + std::to_string(b);
}

std::string compare(double a, double b) {
  const bool isSame = (std::isnan(a) && std::isnan(b)) ||
                      (a == b && std::signbit(a) == std::signbit(b));
  return isSame ? "" : ": " + std::to_string(a) + " and " + std::to_string(b);
}

std::string compare(const std::string &a, const std::string &b) {
  return a == b ? "" : ": '" + a + "' and '" + b + "'";
}

std::string compare(const Type &a, const Type &b);
std::string compare(const Value &a, const Value &b);
std::string compare(const Attribute &a, const Attribute &b);
std::string compare(const Operand &a, const Operand &b);
std::string compare(const Argument &a, const Argument &b);
std::string compare(const TypedName &a, const TypedName &b);
std::string compare(const Statement &a, const Statement &b);
std::string compare(const Function &a, const Function &b);

std::string compare(const Reference &a, const Reference &b) {
  return compare(a.name, b.name);
}

template <typename Items>
std::string compareAll(const std::string &what, const Items &a,
                       const Items &b) {
  if (a.size() != b.size())
    return "/" + what + ": " + std::to_string(a.size()) + " and " +
           std::to_string(b.size());
  for (size_t i = 0; i < a.size(); ++i)
    if (std::string found = compare(a[i], b[i]); !found.empty())
      return "/" + what + " " + std::to_string(i) + found;
  return "";
}

/// The first of some comparisons that found something.
std::string first(std::initializer_list<std::string> found) {
  for (const std::string &text : found)
    if (!text.empty())
      return text;
  return "";
}

std::string compare(const Type &a, const Type &b) {
  if (a.kind != b.kind || a.element != b.element || a.length != b.length)
    return "/type: " + toString(a) + " and " + toString(b);
  return first({compareAll("dims", a.dims, b.dims),
                compareAll("arguments", a.arguments, b.arguments)});
}

std::string compare(const Value &a, const Value &b) {
  if (a.data.index() != b.data.index())
    return "/value: data of another kind";
  std::string found = compare(a.type, b.type);
  if (!found.empty())
    return found;
  if (a.floats())
    return compareAll("floats", *a.floats(), *b.floats());
  if (a.integers())
    return compareAll("integers", *a.integers(), *b.integers());
  if (a.strings())
    return compareAll("strings", *a.strings(), *b.strings());
  if (a.members())
    return compareAll("members", *a.members(), *b.members());
  if (a.blob())
    return first({compare(a.blob()->path, b.blob()->path),
                  compare(static_cast<int64_t>(a.blob()->offset),
                          static_cast<int64_t>(b.blob()->offset))});
  return "";
}

std::string compare(const Attribute &a, const Attribute &b) {
  return first({compare(a.name, b.name), compare(a.value, b.value)});
}

std::string compare(const Operand &a, const Operand &b) {
  if (a.index() != b.index())
    return "/operand: a reference and a value";
  if (const auto *reference = std::get_if<Reference>(&a))
    return compare(*reference, std::get<Reference>(b));
  return compare(std::get<Value>(a), std::get<Value>(b));
}

std::string compare(const Argument &a, const Argument &b) {
  return first({compare(a.name, b.name),
                compare(int64_t(a.isTuple), int64_t(b.isTuple)),
                compareAll("operands", a.operands, b.operands)});
}

std::string compare(const TypedName &a, const TypedName &b) {
  return first({compare(a.name, b.name), compare(a.type, b.type)});
}

std::string compare(const Statement &a, const Statement &b) {
  return first({compare(a.op, b.op),
                compareAll("results", a.results, b.results),
                compareAll("arguments", a.arguments, b.arguments),
                compareAll("attributes", a.attributes, b.attributes)});
}

std::string compare(const Function &a, const Function &b) {
  return first({compare(a.name, b.name), compare(a.opset, b.opset),
                compareAll("parameters", a.parameters, b.parameters),
                compareAll("attributes", a.attributes, b.attributes),
                compareAll("statements", a.statements, b.statements),
                compareAll("outputs", a.outputs, b.outputs)});
}

} // namespace

std::string difference(const Program &a, const Program &b) {
  return first({compare(a.versionMajor, b.versionMajor),
                compare(a.versionMinor, b.versionMinor),
                compareAll("attributes", a.attributes, b.attributes),
                compareAll("functions", a.functions, b.functions)});
}

} // namespace anec::rt::mil::random

//===- HostOpChecks.h - What signatures of host ops are made of -*- C++ -*-===//
//
// Shape rules that several host ops share. Internal to this folder.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_BUNDLE_HOSTOPCHECKS_H
#define ANEC_RUNTIME_BUNDLE_HOSTOPCHECKS_H

#include "runtime/bundle/HostOpSignatures.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace anec::rt::signature {

using Types = Span<const HostType>;
using Complaint = std::optional<std::string>;

inline std::string toString(const std::vector<int64_t> &shape) {
  std::vector<std::string> parts;
  for (int64_t size : shape)
    parts.push_back(size < 0 ? "vocabulary" : std::to_string(size));
  return fmt::format("[{}]", fmt::join(parts, ", "));
}

inline Complaint expectType(const char *what, size_t number,
                            const HostType &found, bool integer,
                            const std::vector<int64_t> &shape) {
  HostType expected{integer, shape};
  if (found.integer == integer && found.shape == shape)
    return std::nullopt;
  return fmt::format("expects {} {} to be {}, but got {}", what, number,
                     rt::toString(expected), rt::toString(found));
}

inline Complaint expectOperand(Types types, size_t i,
                               const std::vector<int64_t> &shape,
                               bool integer = false) {
  return expectType("operand", i, types[i], integer, shape);
}

inline Complaint expectResult(Types types, const std::vector<int64_t> &shape) {
  return expectType("result", 0, types[0], false, shape);
}

inline Complaint expectRank(Types types, size_t i, size_t rank,
                            bool integer = false) {
  if (types[i].integer == integer && types[i].shape.size() == rank)
    return std::nullopt;
  return fmt::format("expects operand {} to be {} of rank {}, but got {}", i,
                     integer ? "int32" : "real", rank, rt::toString(types[i]));
}

inline Complaint expectReal(Types types, size_t i) {
  if (!types[i].integer)
    return std::nullopt;
  return fmt::format("expects operand {} to be real, but got {}", i,
                     rt::toString(types[i]));
}

/// `shape` with another last dimension.
inline std::vector<int64_t> withFeatures(std::vector<int64_t> shape,
                                         int64_t last) {
  shape.back() = last;
  return shape;
}

/// Returns what an expression complains of, if anything.
#define ANEC_CHECK(expression)                                                 \
  do {                                                                         \
    if (Complaint complaint = (expression))                                    \
      return complaint;                                                        \
  } while (false)

} // namespace anec::rt::signature

#endif // ANEC_RUNTIME_BUNDLE_HOSTOPCHECKS_H

//===- HostOpSignatures.h - What host ops take and give ---------*- C++ -*-===//
//
// One row for each host op a plan may name: operand and result counts,
// attributes, shape rules. The loader checks plans against it, so that the
// functions of runtime/host need no checks of their own.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_BUNDLE_HOSTOPSIGNATURES_H
#define ANEC_RUNTIME_BUNDLE_HOSTOPSIGNATURES_H

#include "runtime/support/Span.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace anec::rt {

/// Element type and logical shape of a host value; -1 is the vocabulary.
struct HostType {
  bool integer = false;
  std::vector<int64_t> shape;
};

/// "int32 [4, 128]", "real [vocabulary, 64]".
std::string toString(const HostType &type);

/// An attribute every use of the op must give.
struct HostAttribute {
  enum class Kind {
    Number,
    PositiveInteger,
    Size,
    Boolean,
    RopeStyle,
    PoolKind
  } kind;
  const char *name;
};

/// One host op.
struct HostOpSignature {
  const char *name;
  size_t operands;
  size_t results;
  std::vector<HostAttribute> attributes;
  /// What is wrong with the types, if anything. Counts and attributes have
  /// been checked before.
  std::optional<std::string> (*check)(Span<const HostType> operands,
                                      Span<const HostType> results,
                                      const nlohmann::json &attributes);
};

/// Every host op, sorted by name.
const std::vector<HostOpSignature> &hostOpSignatures();

/// Null when there is no such op.
const HostOpSignature *findHostOp(const std::string &name);

/// Checks one use completely; the result says what was expected and found.
std::optional<std::string> checkHostOp(const HostOpSignature &signature,
                                       Span<const HostType> operands,
                                       Span<const HostType> results,
                                       const nlohmann::json &attributes);

} // namespace anec::rt

#endif // ANEC_RUNTIME_BUNDLE_HOSTOPSIGNATURES_H

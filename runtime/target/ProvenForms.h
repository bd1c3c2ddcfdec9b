//===- ProvenForms.h - Forms of operators that ran on hardware --*- C++ -*-===//
#ifndef ANEC_RUNTIME_TARGET_PROVENFORMS_H
#define ANEC_RUNTIME_TARGET_PROVENFORMS_H

#include "runtime/support/Span.h"
#include "runtime/target/CheckContext.h"

#include <string>
#include <string_view>

namespace anec::rt::target {

/// One row of ProvenForms.def.
struct ProvenForm {
  std::string_view op;
  int tier; ///< 1 is proven best.
  std::string_view pattern;
  std::string_view form;
  std::string_view source;
};

Span<const ProvenForm> provenForms();

/// Of an operator without a row.
constexpr int neverRan = 9;

/// The best tier that any form of the operator is proven in.
int tierOf(std::string_view op);

/// What is wrong when no form of `tier` or better covers the statement, naming
/// the nearest one; empty when one does.
std::string findUnprovenForm(const CheckContext &context,
                             const mil::Statement &statement, int tier);

} // namespace anec::rt::target

#endif // ANEC_RUNTIME_TARGET_PROVENFORMS_H

//===- ProfileFile.h - A user's own target ----------------------*- C++ -*-===//
//
//   {"name": "m2-pro", "base": "m1",
//    "rules": {"weights-per-program": 8388608,
//              "op-slice-width-x16": {"level": "refuse"},
//              "mil-header-10": false}}
//
// A rule is a number (its limit), false (off), true (refused, with the base's
// limit, or strict's where the base has none), or an object of "level" (off,
// note, refuse) and "value". Everything not named is the base's.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TARGET_PROFILEFILE_H
#define ANEC_RUNTIME_TARGET_PROFILEFILE_H

#include "runtime/target/Profile.h"

#include <string_view>

namespace anec::rt::target {

/// Errors name `file`, the place in it, what was expected and what was found.
Result<Profile> parseProfile(std::string_view text, const std::string &file);

} // namespace anec::rt::target

#endif // ANEC_RUNTIME_TARGET_PROFILEFILE_H

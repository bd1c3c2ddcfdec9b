//===- Check.h - Does a program keep the rules of a target ------*- C++ -*-===//
#ifndef ANEC_RUNTIME_TARGET_CHECK_H
#define ANEC_RUNTIME_TARGET_CHECK_H

#include "runtime/mil/Ast.h"
#include "runtime/target/Profile.h"

#include <string>
#include <vector>

namespace anec::rt::target {

/// One broken rule, or one that is worth a note.
struct Violation {
  Rule rule;
  /// What was found and what is allowed, with numbers; lower case.
  std::string message;
  /// The result of the statement, or the parameter or output, that breaks it;
  /// empty when it is the program as a whole.
  std::string name;
  /// Of the statement, parameter, output or function in the text; 0 when the
  /// program was not read from one.
  mil::SourceLocation location;
  /// The statement's operator; empty for parameters, outputs and functions.
  std::string op;
  /// Refuse or Note.
  Level level = Level::Refuse;

  bool isNote() const { return level == Level::Note; }
};

/// Every violation of a compile-time rule of `profile`, notes among them, in
/// program order. The program has passed the type checker of runtime/mil, which
/// may have believed operators that it does not know.
std::vector<Violation> check(const mil::Program &program,
                             const Profile &profile);

/// Whether an operator only moves data: a reshape, slice, transposition, concat
/// and the like.
bool isDataMovement(const std::string &op);

} // namespace anec::rt::target

#endif // ANEC_RUNTIME_TARGET_CHECK_H

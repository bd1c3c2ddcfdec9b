//===- CheckContext.h - A function while it is checked ----------*- C++ -*-===//
//
// Look-ups in a function, and the list of what it breaks. The checks stand in
// one file for each part of AneConstraints.def.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TARGET_CHECKCONTEXT_H
#define ANEC_RUNTIME_TARGET_CHECKCONTEXT_H

#include "runtime/target/Check.h"

#include <map>

namespace anec::rt::target {

class CheckContext {
public:
  CheckContext(const mil::Program &program, const mil::Function &function,
               const Profile &profile);

  const mil::Program &program;
  const mil::Function &function;
  const Profile &profile;

  // What a message says: {what} and {found}; {limit} is the profile's.
  void atFunction(Rule rule, const std::string &what = "", int64_t found = 0);
  void atValue(Rule rule, const std::string &name, mil::SourceLocation place,
               const std::string &what = "", int64_t found = 0);
  void at(Rule rule, const mil::Statement &statement,
          const std::string &what = "", int64_t found = 0);

  /// Null for names that nothing defines.
  const mil::Type *typeOf(const std::string &name) const;
  /// The statement that defines a name; null for inputs.
  const mil::Statement *producerOf(const std::string &name) const;
  /// A const or constexpr.
  bool isConstant(const std::string &name) const;
  /// Position among the inputs, -1 for anything else.
  int64_t inputIndex(const std::string &name) const;

  /// The name that a parameter refers to; null for literals and tuples.
  const std::string *reference(const mil::Statement &statement,
                               std::string_view parameter) const;
  const mil::Type *operandType(const mil::Statement &statement,
                               std::string_view parameter) const;
  /// The constant value of a parameter, named or literal.
  const mil::Value *constant(const mil::Statement &statement,
                             std::string_view parameter) const;
  /// Of a bool parameter; false when it is not there.
  bool flag(const mil::Statement &statement, std::string_view parameter) const;

  std::vector<Violation> take() { return std::move(violations); }

private:
  void report(Rule rule, const std::string &what, int64_t found,
              const std::string &name, mil::SourceLocation place,
              const std::string &op);

  std::map<std::string, const mil::Type *> types;
  std::map<std::string, const mil::Statement *> producers;
  std::map<std::string, int64_t> inputs;
  std::vector<Violation> violations;
};

// The parts of a check, in the order of their messages.
void checkSurfaces(CheckContext &context);
void checkHeader(CheckContext &context);
void checkTexts(CheckContext &context);
void checkOperators(CheckContext &context);
void checkProductForms(CheckContext &context);
void checkSizes(CheckContext &context);
void checkProvenSizes(CheckContext &context);

} // namespace anec::rt::target

#endif // ANEC_RUNTIME_TARGET_CHECKCONTEXT_H

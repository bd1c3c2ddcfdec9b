//===- Check.cpp - Does a program keep the rules of a target --------------===//

#include "runtime/target/Check.h"
#include "runtime/target/CheckContext.h"

#include <set>

namespace anec::rt::target {

bool isDataMovement(const std::string &op) {
  static const std::set<std::string> names = {
      "reshape", "transpose", "slice_by_size", "slice_by_index", "concat",
      "split",   "squeeze",   "expand_dims",   "identity",       "tile"};
  return names.count(op) != 0;
}

std::vector<Violation> check(const mil::Program &program,
                             const Profile &profile) {
  std::vector<Violation> violations;
  for (const mil::Function &function : program.functions) {
    CheckContext context(program, function, profile);
    checkHeader(context);
    checkSurfaces(context);
    checkTexts(context);
    checkOperators(context);
    checkProductForms(context);
    checkSizes(context);
    checkProvenSizes(context);
    std::vector<Violation> found = context.take();
    violations.insert(violations.end(), found.begin(), found.end());
  }
  return violations;
}

} // namespace anec::rt::target

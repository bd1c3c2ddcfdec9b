//===- Plan.cpp - The host programs of a bundle ---------------------------===//
//
// The few questions a plan answers about itself.
//
//===----------------------------------------------------------------------===//
#include "runtime/bundle/Plan.h"

namespace anec::rt {

int64_t Parameter::elements() const {
  int64_t product = 1;
  for (int64_t size : shape)
    product *= size;
  return product;
}

std::string Parameter::tensorName(int64_t index) const {
  std::string result = name;
  size_t star = result.find('*');
  if (star != std::string::npos)
    result.replace(star, 1, std::to_string(index));
  return result;
}

int64_t Plan::rowsOf(const Parameter &parameter) const {
  if (!parameter.vocabularyRows || !compactable)
    return parameter.shape[0];
  return activeRows ? activeRows : -1;
}

const HostProgram *Plan::program(const std::string &wanted) const {
  for (const HostProgram &candidate : programs)
    if (candidate.name == wanted)
      return &candidate;
  return nullptr;
}

} // namespace anec::rt

//===- Plan.cpp - The host programs of a bundle ---------------------------===//
//
// The few questions a plan answers about itself.
//
//===----------------------------------------------------------------------===//
#include "runtime/bundle/Plan.h"

#include <algorithm>

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

std::vector<int64_t> Plan::fullShape(const ValueRef &value) const {
  std::vector<int64_t> shape;
  if (value.kind == ValueRef::Kind::Buffer) {
    shape = buffers[value.id].shape;
  } else {
    shape = parameters[value.id].shape;
    shape[0] = rowsOf(parameters[value.id]);
  }
  for (int64_t &size : shape)
    size = size < 0 ? vocabulary : size;
  return shape;
}

bool Step::onlyMakesGradients() const {
  return kind == Kind::Host && !results.empty() &&
         std::all_of(results.begin(), results.end(), [](const ValueRef &value) {
           return value.kind == ValueRef::Kind::Gradient;
         });
}

const DeviceParameter *Plan::onDevice(size_t parameter) const {
  for (const DeviceParameter &candidate : deviceParameters)
    if (candidate.parameter == parameter)
      return &candidate;
  return nullptr;
}

const HostProgram *Plan::program(const std::string &wanted) const {
  for (const HostProgram &candidate : programs)
    if (candidate.name == wanted)
      return &candidate;
  return nullptr;
}

} // namespace anec::rt

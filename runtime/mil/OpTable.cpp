//===- OpTable.cpp - The operators and their type rules -------------------===//
//
// Collects the families; shape helpers that several of them use.
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/OpTable.h"

#include <algorithm>

namespace anec::rt::mil {

const OpTable &opTable() {
  static const OpTable table = [] {
    OpTable all;
    addConstantOps(all);
    addElementwiseOps(all);
    addReductionOps(all);
    addLinearOps(all);
    addShapeOps(all);
    addSliceOps(all);
    addPoolOps(all);
    addCompressedOps(all);
    addIndexOps(all);
    addNormOps(all);
    addRearrangeOps(all);
    addRecurrentOps(all);
    addResampleOps(all);
    addTransposedConvOps(all);
    return all;
  }();
  return table;
}

std::vector<OpParameter> parametersOf(const OpInfo &info) {
  std::vector<OpParameter> parameters;
  std::string_view rest = info.parameters;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find(' '), rest.size());
    std::string name(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    OpParameter parameter;
    for (; std::string_view("!?*").find(name.back()) != std::string_view::npos;
         name.pop_back()) {
      parameter.isConstant |= name.back() == '!';
      parameter.isOptional |= name.back() == '?';
      parameter.isVariadic |= name.back() == '*';
    }
    parameter.name = name;
    parameters.push_back(parameter);
  }
  return parameters;
}

std::string dimsText(const std::vector<int64_t> &dims) {
  std::string text;
  for (int64_t dim : dims)
    text += (text.empty() ? "" : ", ") +
            (dim == dynamicSize ? "?" : std::to_string(dim));
  return "[" + text + "]";
}

std::vector<Type> single(ScalarType element, std::vector<int64_t> dims) {
  return {Type::tensor(element, std::move(dims))};
}

Result<std::vector<int64_t>> broadcast(const std::vector<int64_t> &a,
                                       const std::vector<int64_t> &b) {
  std::vector<int64_t> dims(std::max(a.size(), b.size()));
  for (size_t i = 0; i < dims.size(); ++i) {
    int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1;
    int64_t y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1 && x != dynamicSize && y != dynamicSize)
      return makeError(ErrorCode::InvalidInput,
                       "expected shapes that broadcast, found {} and {}",
                       dimsText(a), dimsText(b));
    bool takeY = x == 1 || (x == dynamicSize && y != 1);
    dims[dims.size() - 1 - i] = takeY ? y : x;
  }
  return dims;
}

} // namespace anec::rt::mil

//===- Scatter.cpp - Elements changed at indices --------------------------===//
//
// A copy of the data into which updates go one after the other, in row-major
// order, so that repeated indices accumulate the same way everywhere.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/Indexing.h"

#include <algorithm>
#include <cmath>

namespace anec::rt::cpu {

namespace {

using Combine = double (*)(double data, double update);

double replace(double, double update) { return update; }
double add(double data, double update) { return data + update; }
double subtract(double data, double update) { return data - update; }
double multiply(double data, double update) { return data * update; }
double divide(double data, double update) { return data / update; }
double divideIntegers(double data, double update) {
  // As integer division everywhere: toward minus infinity.
  return std::floor(data / update);
}
double maximum(double data, double update) {
  return std::isnan(data) || data > update ? data : update;
}
double minimum(double data, double update) {
  return std::isnan(data) || data < update ? data : update;
}

/// The type rule has checked the mode.
Combine combineOf(const std::string &mode, bool areIntegers) {
  struct Row {
    const char *mode;
    Combine combine;
  };
  constexpr Row rows[] = {{"update", replace}, {"add", add},
                          {"sub", subtract},   {"mul", multiply},
                          {"max", maximum},    {"min", minimum}};
  for (const Row &row : rows)
    if (row.mode == mode)
      return row.combine;
  return areIntegers ? divideIntegers : divide;
}

struct Scatter {
  Combine combine;
  int64_t axis;
};

/// data, indices and updates become inputs 0, 1 and 2.
Result<Scatter> prepare(Preparation &preparation) {
  const mil::Operands &operands = preparation.operands;
  ANEC_ASSIGN(std::string mode, operands.string("mode", "add"));
  ANEC_ASSIGN(mil::Type data, operands.type("data"));
  Scatter scatter;
  scatter.combine = combineOf(mode, !mil::isFloat(data.element));
  ANEC_ASSIGN(scatter.axis, operands.axis("axis", data.rank(), 0));
  for (const char *name : {"data", "indices", "updates"})
    preparation.input(name);
  return scatter;
}

Result<Kernel> prepareScatter(Preparation &preparation) {
  ANEC_ASSIGN(Scatter scatter, prepare(preparation));
  return Kernel([scatter](const KernelArguments &arguments) {
    Numbers data = numbersOf(arguments.inputs[0]);
    const Numbers indices = numbersOf(arguments.inputs[1]);
    const Numbers updates = numbersOf(arguments.inputs[2]);
    const AxisSplit to(arguments.inputs[0].dims, scatter.axis);
    const AxisSplit from(arguments.inputs[2].dims, scatter.axis);
    for (int64_t i = 0; i < from.length; ++i) {
      std::optional<int64_t> place =
          placeOf(indices[static_cast<size_t>(i)], to.length, arguments);
      if (!place)
        return;
      for (int64_t block = 0; block < from.outer; ++block)
        for (int64_t lane = 0; lane < from.inner; ++lane) {
          double &target =
              data[static_cast<size_t>(to.at(block, *place, lane))];
          target = scatter.combine(
              target, updates[static_cast<size_t>(from.at(block, i, lane))]);
        }
    }
    storeNumbers(data, arguments.results[0]);
  });
}

Result<Kernel> prepareScatterAlongAxis(Preparation &preparation) {
  ANEC_ASSIGN(Scatter scatter, prepare(preparation));
  return Kernel([scatter](const KernelArguments &arguments) {
    Numbers data = numbersOf(arguments.inputs[0]);
    const Numbers indices = numbersOf(arguments.inputs[1]);
    const Numbers updates = numbersOf(arguments.inputs[2]);
    const AxisSplit to(arguments.inputs[0].dims, scatter.axis);
    const AxisSplit from(arguments.inputs[1].dims, scatter.axis);
    for (int64_t block = 0; block < from.outer; ++block)
      for (int64_t i = 0; i < from.length; ++i)
        for (int64_t lane = 0; lane < from.inner; ++lane) {
          const size_t source = static_cast<size_t>(from.at(block, i, lane));
          std::optional<int64_t> place =
              placeOf(indices[source], to.length, arguments);
          if (!place)
            return;
          double &target =
              data[static_cast<size_t>(to.at(block, *place, lane))];
          target = scatter.combine(target, updates[source]);
        }
    storeNumbers(data, arguments.results[0]);
  });
}

Result<Kernel> prepareScatterND(Preparation &preparation) {
  ANEC_ASSIGN(Scatter scatter, prepare(preparation));
  return Kernel([scatter](const KernelArguments &arguments) {
    Numbers data = numbersOf(arguments.inputs[0]);
    const Numbers updates = numbersOf(arguments.inputs[2]);
    std::optional<IndexedSlices> slices = indexedSlices(
        arguments, arguments.inputs[0].dims, arguments.inputs[1], 0);
    if (!slices)
      return;
    const double *update = updates.data();
    for (int64_t begin : slices->begins)
      for (int64_t i = 0; i < slices->length; ++i) {
        double &target = data[static_cast<size_t>(begin + i)];
        target = scatter.combine(target, *update++);
      }
    storeNumbers(data, arguments.results[0]);
  });
}

} // namespace

void addScatterKernels(KernelTable &table) {
  table["scatter"] = prepareScatter;
  table["scatter_along_axis"] = prepareScatterAlongAxis;
  table["scatter_nd"] = prepareScatterND;
}

} // namespace anec::rt::cpu

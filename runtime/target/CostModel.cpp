//===- CostModel.cpp - How long a chip would take -------------------------===//
//
// The model that tools/fit-cost-model fits; both must say the same.
//
//===----------------------------------------------------------------------===//

#include "runtime/target/CostModel.h"

#include <algorithm>
#include <iterator>

namespace anec::rt::target {
namespace {

constexpr Chip chips[] = {
#define ANE_CHIP(...) {__VA_ARGS__},
#include "runtime/target/CostParameters.def"
};

constexpr FitError fit = {
#define ANE_FIT(...) __VA_ARGS__
#include "runtime/target/CostParameters.def"
};

/// Amounts per millisecond, by HostWork without Products.
constexpr double hostRates[] = {
#define ANE_HOST_WORK(work, rate) rate,
#include "runtime/target/CostParameters.def"
};

/// Convolutions that add up so many products are slower.
constexpr int64_t deepInputs = 2048;
/// Strides that conflict on some chips are multiples of this many inputs.
constexpr int64_t conflictInputs = 4096;

/// 10^9 per second is 10^6 per millisecond.
constexpr double perMs = 1e6;

double productMs(const Product &product, const Chip &chip) {
  double rate = product.kind == Product::Kind::Matmul ? chip.matmulGflops
                : product.summed >= deepInputs        ? chip.deepConvGflops
                                                      : chip.convGflops;
  double ms = product.flops() / (rate * perMs);
  double weights = double(product.weightBytes);
  if (weights > chip.closeMB * 1e6) {
    bool conflict = chip.conflictGB > 0 && product.summed % conflictInputs == 0;
    double stream = conflict ? chip.conflictGB : chip.streamGB;
    ms = std::max(ms, weights / (stream * perMs));
  }
  bool spills = chip.workingSetMB > 0 &&
                double(product.operandBytes) > chip.workingSetMB * 1e6;
  return spills ? ms * chip.slowdown : ms;
}

} // namespace

const FitError &fitError() { return fit; }

Span<const Chip> allChips() { return {chips, std::size(chips)}; }

const Chip *findChip(std::string_view name) {
  for (const Chip &chip : chips)
    if (chip.name == name)
      return &chip;
  return nullptr;
}

const Chip &chipOf(const Profile &profile) {
  return *findChip(profile.name() == "m1"   ? "M1"
                   : profile.name() == "m5" ? "M5"
                                            : "M4");
}

double dispatchMs(const ProgramWork &work, const Chip &chip) {
  double surfaces = double(work.inputBytes + work.outputBytes);
  double ms = chip.floorMs + surfaces / (chip.surfaceGB * perMs) +
              double(work.movedBytes) / (chip.movedGB * perMs);
  for (const Product &product : work.products)
    ms += productMs(product, chip);
  return ms;
}

double dispatchMs(const mil::Program &program, const Chip &chip) {
  return dispatchMs(programWork(program), chip);
}

double dispatchMs(const mil::Program &program, const Profile &profile) {
  return dispatchMs(program, chipOf(profile));
}

double hostMs(HostWork work, double amount, const Chip &chip) {
  if (work == HostWork::Products)
    return amount / (chip.hostGflops * perMs);
  return amount / hostRates[size_t(work)];
}

} // namespace anec::rt::target

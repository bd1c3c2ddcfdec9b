//===- CostModel.h - How long a chip would take -----------------*- C++ -*-===//
//
// Estimates from measurements that others published; tools/fit-cost-model fits
// the numbers, cost/README.md states sources and errors. Nothing here was
// measured by us.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TARGET_COSTMODEL_H
#define ANEC_RUNTIME_TARGET_COSTMODEL_H

#include "runtime/support/Span.h"
#include "runtime/target/Profile.h"
#include "runtime/target/ProgramWork.h"

#include <string_view>

namespace anec::rt::target {

/// What dispatches cost on one chip. Gflops and GB are 10^9 per second, MB is
/// 10^6 bytes.
struct Chip {
  std::string_view name; ///< "M4".
  double floorMs;        ///< Of a dispatch, whatever it does.
  double convGflops;
  double deepConvGflops; ///< Of convolutions with many inputs.
  double matmulGflops;
  double streamGB;     ///< Constants that the engine does not keep close.
  double surfaceGB;    ///< Inputs and outputs.
  double movedGB;      ///< Inside a kernel.
  double closeMB;      ///< Constants up to this size cost nothing to read.
  double workingSetMB; ///< Operators beyond it are `slowdown` times slower;
  double slowdown;     ///< 0 where no such limit was seen.
  double conflictGB;   ///< Streams of a multiple of 4,096 inputs; 0: as others.
  double hostGflops;   ///< Products on the CPU beside it.
};

/// How well the model fits: part of the measurements took no part in it.
struct FitError {
  int64_t fitted, heldBack;
  /// Median of those held back, as a part of 1; and the same when only the chip
  /// is known, not how slow a contributor's dispatches were.
  double median, medianOfChip;
};
const FitError &fitError();

/// All chips, from old to new.
Span<const Chip> allChips();
/// Null when there is none of this name.
const Chip *findChip(std::string_view name);
/// The chip that a profile stands for: "m1" is M1, "m5" M5, all others M4.
const Chip &chipOf(const Profile &profile);

/// Milliseconds of one dispatch.
double dispatchMs(const ProgramWork &work, const Chip &chip);
double dispatchMs(const mil::Program &program, const Chip &chip);
double dispatchMs(const mil::Program &program, const Profile &profile);

/// Kinds of work on the CPU that somebody timed.
enum class HostWork {
#define ANE_HOST_WORK(work, rate) work,
#include "runtime/target/CostParameters.def"
  Products, ///< FLOPs; the only kind with a rate of its own for each chip.
};

/// Milliseconds of `amount` of work: bytes of surfaces for Convert, bytes for
/// Copy, FLOPs for Products, elements for the rest.
double hostMs(HostWork work, double amount, const Chip &chip);

} // namespace anec::rt::target

#endif // ANEC_RUNTIME_TARGET_COSTMODEL_H

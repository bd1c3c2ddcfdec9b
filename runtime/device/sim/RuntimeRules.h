//===- RuntimeRules.h - What a simulated device does -----------*- C++ -*-===//
//
// The rules of a profile that no compiler can check, from the table of
// runtime/target, as the simulated device needs them.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_SIM_RUNTIMERULES_H
#define ANEC_RUNTIME_DEVICE_SIM_RUNTIMERULES_H

#include "runtime/target/Profile.h"

namespace anec::rt::sim {

/// Each member names the rule that it is the value of.
struct RuntimeRules {
  /// compile-budget: compiles of one process that work.
  int64_t compiles = 0;
  /// loaded-models: programs loaded at once.
  int64_t loadedPrograms = 0;
  /// io-min-bytes: the smallest surface that evaluation takes.
  int64_t surfaceBytes = 0;
  /// io-row-stride: rows of a surface begin at multiples of this.
  int64_t rowBytes = 64;
  /// io-min-bytes-hypothesis: allocations are made of whole pages.
  int64_t pageBytes = 16384;
  /// io-slots-max: inputs, and outputs, of one program.
  int64_t slots = 32;
  /// multi-in-size, multi-out-size: all surfaces of one direction have one
  /// size.
  bool sameSizes = false;
  /// io-in-place: a surface may be input and output of one dispatch.
  bool inPlace = false;
  /// num-matmul-sat: products are infinite from this magnitude on.
  double productLimit = 32768;
  /// num-specials: no result is NaN.
  bool hasNoNan = true;
  /// num-denormals: products flush denormals to zero.
  bool flushesDenormals = false;
  /// num-lut: knots of the tables of activations.
  int64_t tableKnots = 33;
  /// num-partial-sums: products that are added up before the wide sum.
  int64_t lanes = 4;
  /// num-reduce: up to where reduce_sum counts exactly.
  int64_t exactCount = 2048;
  /// op-slice-width-x16: what a slice along the width with a begin leaves is
  /// infinite above 65504 divided by this; 1 when it is not.
  double widthSliceScale = 1;
  /// matmul-k32: other contractions give zeros; 1 when all work.
  int64_t contractionMultiple = 1;
  /// watchdog: the firmware ends longer evaluations.
  double watchdogSeconds = 2;
  /// compile-retry: how often a driver tries to compile.
  int compileAttempts = 6;
};

RuntimeRules runtimeRules(const target::Profile &profile);

/// Bytes of [1, channels, 1, width] in fp16 with padded rows: BatchStride.
int64_t batchStride(const RuntimeRules &rules, int64_t channels, int64_t width);

/// What a careful program allocates for such a surface.
int64_t allocationBytes(const RuntimeRules &rules, int64_t channels,
                        int64_t width);

} // namespace anec::rt::sim

#endif // ANEC_RUNTIME_DEVICE_SIM_RUNTIMERULES_H

//===- TrainOptions.h - What a training run is told -------------*- C++ -*-===//
//
// The flags of `ane-run train`, with their defaults.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TRAIN_TRAINOPTIONS_H
#define ANEC_RUNTIME_TRAIN_TRAINOPTIONS_H

#include "runtime/gemm/Gemm.h"

#include <cstdint>
#include <optional>
#include <string>

namespace anec::rt {

/// Descriptors that a process inherits from the one it replaces.
struct HandoverDescriptors {
  /// The state of the run, in shared memory.
  int memory = -1;
  /// The lock of the run folder.
  int lock = -1;
};

struct TrainOptions {
  std::string data;
  /// Empty: no validation.
  std::string validation;
  /// The run folder.
  std::string output;
  int64_t steps = 0;
  int64_t validationEvery = 100;
  /// Batches of one validation, spread over the file; 0 for all of it.
  int64_t validationBatches = 20;
  int64_t accumulation = 1;
  double learningRate = 3e-4;
  double minimumRateFraction = 0.1;
  /// Updates of warm-up; negative: a tenth of the steps.
  int64_t warmup = -1;
  /// Largest gradient norm; 0: no clipping.
  double clip = 1;
  double weightDecay = 0.1;
  double beta1 = 0.9, beta2 = 0.95;
  /// Fixed loss scale; none: dynamic under Ane numerics, 1 under F32.
  std::optional<double> lossScale;
  /// Dynamic under F32 too.
  bool dynamicLossScale = false;
  uint64_t seed = 1;
  /// safetensors to start from; empty: initialisers.
  std::string initialize;
  bool compact = true;
  /// Of products on the host.
  GemmPrecision hostPrecision = GemmPrecision::Full;
  int tokenBits = 0;
  /// A name for makeTokenizer; empty: that of the data's sidecar, else "bytes"
  /// where the data is text.
  std::string tokenizer;
  bool resume = false;
  int64_t checkpointEvery = 100;
  int64_t keep = 3;
  /// Weight gradients and compiling beside the device; none: as it says.
  std::optional<bool> overlap;
  /// Whether the caller replaces this process when the trainer wants it.
  bool mayRestart = false;
  /// When the program began, as Trainer::now() counts, for the report; none:
  /// when the trainer was made.
  std::optional<double> launched;
  /// What the process before this one left; it must be the same run.
  std::optional<HandoverDescriptors> handover;

  int64_t warmupUpdates() const { return warmup < 0 ? steps / 10 : warmup; }
};

} // namespace anec::rt

#endif // ANEC_RUNTIME_TRAIN_TRAINOPTIONS_H

//===- Handover.h - A run on its way to another process ---------*- C++ -*-===//
//
// A device that may not compile again, or that stopped working, needs a new
// process. The state of the run goes there through shared memory, not through
// files, and the run's lock goes along.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TRAIN_HANDOVER_H
#define ANEC_RUNTIME_TRAIN_HANDOVER_H

#include "runtime/support/SharedMemory.h"
#include "runtime/train/LossScale.h"
#include "runtime/train/Optimizer.h"
#include "runtime/train/Report.h"

namespace anec::rt {

/// One update as metrics.jsonl has it.
struct UpdateRecord {
  double loss = 0, norm = 0, scale = 1, rate = 0, seconds = 0;
  /// The largest magnitude in the device's gradients, times the scale.
  double witness = 0;
  bool skipped = false;
};

/// What a process knows of a run besides tensors.
struct RunState {
  /// Updates done, skipped ones included.
  int64_t update = 0;
  int64_t optimizerSteps = 0;
  LossScale::State lossScale;
  RunMeasurements measured;
  /// When the first process began, in seconds of the steady clock.
  double started = 0;
  /// An update that is done but not validated and written down.
  std::optional<UpdateRecord> unfinished;
};

/// All of a run in one piece of memory: a safetensors image, whose metadata is
/// the state.
Result<SharedMemory> writeHandover(const RunState &state,
                                   ParameterStore<float> &store,
                                   const Optimizer &optimizer);

/// Reads what `writeHandover` made. InvalidInput when it is something else or
/// of another model.
Result<RunState> readHandover(Span<const uint8_t> bytes,
                              ParameterStore<float> &store,
                              Optimizer &optimizer);

/// The part of `readHandover` that says what was written; the fuzz target's.
Result<RunState> parseRunState(std::string_view text);

} // namespace anec::rt

#endif // ANEC_RUNTIME_TRAIN_HANDOVER_H

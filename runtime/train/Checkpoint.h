//===- Checkpoint.h - State of a run on disk --------------------*- C++ -*-===//
//
// A checkpoint is a folder with model.safetensors, optimizer.safetensors and
// state.json. It appears complete or not at all.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TRAIN_CHECKPOINT_H
#define ANEC_RUNTIME_TRAIN_CHECKPOINT_H

#include "runtime/train/LossScale.h"
#include "runtime/train/Optimizer.h"

#include <string>

namespace anec::rt {

/// state.json: everything but the tensors.
struct CheckpointState {
  /// Updates done, skipped ones included; the name of the folder.
  int64_t update = 0;
  int64_t optimizerSteps = 0;
  LossScale::State lossScale;
  /// Loss on the validation data before the first update; NaN without.
  double initialValidationLoss = 0;
  /// Digest of the bundle and fingerprint of the training data.
  std::string bundle, data;
  /// A name for makeTokenizer; empty when unknown.
  std::string tokenizer;
  /// Size of the vocabulary; 0 for models without.
  int64_t vocabulary = 0;
  /// Active token ids; empty when all are active.
  std::vector<int32_t> active;

  /// The active set; an error when the ids do not fit the vocabulary.
  Result<ActiveVocabulary> activeVocabulary() const;
};

/// Reads state.json of the checkpoint folder `path`.
Result<CheckpointState> readCheckpointState(const std::string &path);

/// Writes `folder`/<state.update> beside, synchronises, renames, and removes
/// all but the `keep` newest checkpoints of `folder`. Does nothing when that
/// checkpoint exists.
std::optional<Error> writeCheckpoint(const std::string &folder, int64_t keep,
                                     const CheckpointState &state,
                                     ParameterStore<float> &store,
                                     const Optimizer &optimizer);

/// Complete checkpoints of `folder`, ascending by update; empty when there is
/// no such folder.
std::vector<int64_t> listCheckpoints(const std::string &folder);

/// Removes what interrupted writes and removals left behind.
void removeUnfinishedCheckpoints(const std::string &folder);

/// The checkpoint that --checkpoint DIR means: DIR itself, or the newest one of
/// the run folder DIR.
Result<std::string> findCheckpoint(const std::string &path);

} // namespace anec::rt

#endif // ANEC_RUNTIME_TRAIN_CHECKPOINT_H

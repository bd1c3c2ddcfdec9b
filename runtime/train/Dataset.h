//===- Dataset.h - Sequences to train and validate on -----------*- C++ -*-===//
//
// What stands between files and the input buffers of a program: sequences
// drawn for training, or taken one after the other for validation.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TRAIN_DATASET_H
#define ANEC_RUNTIME_TRAIN_DATASET_H

#include "runtime/train/ActiveVocabulary.h"
#include "runtime/train/TokenData.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace anec::rt {

/// One sequence. Language models use the integers; others the reals ([S,
/// features], row-major), and as targets either.
struct Sequence {
  std::vector<int32_t> tokens, targetTokens;
  std::vector<float> data, targets;
};

/// A source of sequences.
class Dataset {
public:
  virtual ~Dataset() = default;

  /// The training sequence with global index `index` (SequenceOrder.h).
  virtual void draw(uint64_t index, Sequence &to) const = 0;

  /// Sequences that cover the data once without overlap.
  virtual int64_t windows() const = 0;
  virtual void window(int64_t number, Sequence &to) const = 0;

  /// Identifies the data in run.json and in checkpoints.
  virtual std::string fingerprint() const = 0;
};

/// Language model data; ids become active indices. `data` has only ids that
/// are active in `vocabulary`, and at least `sequence` + 1 of them.
std::unique_ptr<Dataset> makeTokenDataset(TokenData data,
                                          ActiveVocabulary vocabulary,
                                          int64_t sequence, uint64_t seed);

/// Shapes of one sequence of a model without tokens.
struct RealDataShape {
  int64_t sequence = 0, features = 0;
  int64_t targetSequence = 0, targetFeatures = 0;
  /// Targets are numbers of classes, one a position, when this is not 0.
  int64_t classes = 0;

  int64_t dataElements() const { return sequence * features; }
  int64_t targetElements() const {
    return targetSequence * (classes ? 1 : targetFeatures);
  }
};

/// Data of models on real inputs.
///
///   synthetic:N   N sequences of data and targets, standard normal by seed, or
///                 classes that are all as likely
///   FILE.npy      floats of shape [N, elements]: each row one sequence, its
///                 data, then its targets; or, where data and targets have one
///                 shape, [2, N, S, D]: all data, then all targets
///
/// Errors: another kind of name, another shape, a target that is no class.
Result<std::unique_ptr<Dataset>> openRealDataset(const std::string &name,
                                                 const RealDataShape &shape,
                                                 uint64_t seed);

} // namespace anec::rt

#endif // ANEC_RUNTIME_TRAIN_DATASET_H

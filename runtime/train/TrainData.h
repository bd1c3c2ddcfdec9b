//===- TrainData.h - The data of a run and its vocabulary -------*- C++ -*-===//
//
// Opens training and validation data together, because both decide which
// tokens are active.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TRAIN_TRAINDATA_H
#define ANEC_RUNTIME_TRAIN_TRAINDATA_H

#include "runtime/bundle/Plan.h"
#include "runtime/train/Dataset.h"
#include "runtime/train/TrainOptions.h"

namespace anec::rt {

struct TrainData {
  std::unique_ptr<Dataset> training;
  /// Null without --val.
  std::unique_ptr<Dataset> validation;
  /// The active tokens: those of both files and the required ids of the
  /// tokenizer, or all of them when the plan or the options forbid compaction.
  ActiveVocabulary vocabulary;
  /// A name for makeTokenizer; empty when unknown.
  std::string tokenizer;
};

/// Errors name the file or flag, what was expected and what was found.
Result<TrainData> openTrainData(const Plan &plan, const TrainOptions &options);

/// Opens `name` for a plan whose vocabulary is already chosen, as `eval` does.
/// A token outside of it is an error.
Result<std::unique_ptr<Dataset>>
openEvaluationData(const Plan &plan, const std::string &name,
                   const ActiveVocabulary &vocabulary,
                   const TokenDataOptions &options, int64_t *textBytes,
                   int64_t *tokens);

/// The shapes of "data" and "targets" of a plan without tokens.
RealDataShape realDataShape(const Plan &plan);

} // namespace anec::rt

#endif // ANEC_RUNTIME_TRAIN_TRAINDATA_H

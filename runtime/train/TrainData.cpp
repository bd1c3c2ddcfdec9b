//===- TrainData.cpp - The data of a run and its vocabulary ---------------===//
//
// Tokenizer, files, active set: in that order.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/TrainData.h"

#include <algorithm>
#include <filesystem>

namespace anec::rt {
namespace {

bool isText(const std::string &name) {
  return std::filesystem::path(name).extension() == ".txt";
}

/// The tokenizer of a run: the flag, else the sidecar's, else bytes for text.
Result<std::string> chooseTokenizer(const TrainOptions &options) {
  if (!options.tokenizer.empty())
    return options.tokenizer;
  if (!isSynthetic(options.data)) {
    ANEC_ASSIGN(TokenSidecar sidecar, TokenSidecar::read(options.data));
    if (!sidecar.tokenizer.empty())
      return sidecar.tokenizer;
  }
  bool text = isText(options.data) || isText(options.validation);
  return std::string(text ? "bytes" : "");
}

Result<ActiveVocabulary> chooseActive(const Plan &plan,
                                      const TrainOptions &options,
                                      const TokenData &training,
                                      const TokenData *validation,
                                      const Tokenizer *tokenizer) {
  if (plan.activeRows && !options.compact)
    return makeError(ErrorCode::InvalidInput,
                     "expects no --no-compact, since the bundle was compiled "
                     "for {} of {} tokens",
                     plan.activeRows, plan.vocabulary);
  if (!plan.compactable || !options.compact)
    return ActiveVocabulary(plan.vocabulary);
  std::vector<int32_t> ids = training.distinct();
  if (validation)
    ids.insert(ids.end(), validation->distinct().begin(),
               validation->distinct().end());
  if (tokenizer)
    for (int32_t id : tokenizer->requiredIds())
      ids.push_back(id);
  if (plan.activeRows)
    return ActiveVocabulary::fill(plan.vocabulary, plan.activeRows,
                                  std::move(ids));
  return ActiveVocabulary::select(plan.vocabulary, std::move(ids));
}

Result<TrainData> openTokens(const Plan &plan, const TrainOptions &options) {
  TrainData result;
  ANEC_ASSIGN(result.tokenizer, chooseTokenizer(options));
  std::unique_ptr<Tokenizer> tokenizer;
  if (!result.tokenizer.empty()) {
    ANEC_ASSIGN(tokenizer, makeTokenizer(result.tokenizer));
    if (tokenizer->vocabularySize() > plan.vocabulary)
      return makeError(ErrorCode::InvalidInput,
                       "expects a tokenizer of at most {} tokens, the model's "
                       "vocabulary, but '{}' has {}",
                       plan.vocabulary, result.tokenizer,
                       tokenizer->vocabularySize());
  }
  TokenDataOptions open;
  open.vocabulary = plan.vocabulary;
  open.syntheticVocabulary = plan.activeRows;
  open.sequence = plan.sequence;
  open.tokenBits = options.tokenBits;
  open.tokenizer = tokenizer.get();
  open.seed = options.seed;
  ANEC_ASSIGN(TokenData training, TokenData::open(options.data, open));
  std::optional<TokenData> validation;
  if (!options.validation.empty()) {
    ANEC_ASSIGN(validation, TokenData::open(options.validation, open));
  }
  ANEC_ASSIGN(result.vocabulary,
              chooseActive(plan, options, training,
                           validation ? &*validation : nullptr,
                           tokenizer.get()));
  result.training = makeTokenDataset(std::move(training), result.vocabulary,
                                     plan.sequence, options.seed);
  if (validation)
    result.validation = makeTokenDataset(
        std::move(*validation), result.vocabulary, plan.sequence, options.seed);
  return result;
}

} // namespace

/// Classes of the loss of a plan, 0 when it compares real numbers.
static int64_t classesOf(const Plan &plan, const std::vector<Step> &steps) {
  int64_t classes = 0;
  for (const Step &step : steps) {
    if (step.kind == Step::Kind::For)
      classes = std::max(classes, classesOf(plan, step.body));
    else if (step.name == "cross_entropy" &&
             step.operands[0].kind == ValueRef::Kind::Buffer)
      classes = plan.buffers[step.operands[0].id].shape.back();
  }
  return classes;
}

RealDataShape realDataShape(const Plan &plan) {
  RealDataShape shape;
  int64_t classes = 1;
  for (const HostProgram &program : plan.programs)
    classes = std::max(classes, classesOf(plan, program.steps));
  for (const HostProgram &program : plan.programs) {
    for (const HostProgram::Input &input : program.inputs) {
      const Buffer &buffer = plan.buffers[input.buffer];
      const std::vector<int64_t> &dims = buffer.shape;
      bool data = input.role == "data";
      if (!data)
        shape.classes = buffer.type == Buffer::Type::Int32 ? classes : 0;
      (data ? shape.sequence : shape.targetSequence) = dims[1];
      (data ? shape.features : shape.targetFeatures) = dims.back();
    }
  }
  return shape;
}

Result<TrainData> openTrainData(const Plan &plan, const TrainOptions &options) {
  if (plan.vocabulary > 0)
    return openTokens(plan, options);
  TrainData result;
  ANEC_ASSIGN(result.training,
              openRealDataset(options.data, realDataShape(plan), options.seed));
  if (!options.validation.empty()) {
    // Other numbers than those of the training data.
    ANEC_ASSIGN(result.validation,
                openRealDataset(options.validation, realDataShape(plan),
                                options.seed + 1));
  }
  return result;
}

Result<std::unique_ptr<Dataset>>
openEvaluationData(const Plan &plan, const std::string &name,
                   const ActiveVocabulary &vocabulary,
                   const TokenDataOptions &options, int64_t *textBytes,
                   int64_t *tokens) {
  if (plan.vocabulary == 0)
    return openRealDataset(name, realDataShape(plan), options.seed);
  ANEC_ASSIGN(TokenData data, TokenData::open(name, options));
  for (int32_t id : data.distinct())
    if (vocabulary.index(id) < 0)
      return makeError(
          ErrorCode::InvalidInput,
          "{}: expects tokens of the {} the checkpoint was trained "
          "with, but got {}; train with --no-compact to use all {}",
          name, vocabulary.size(), id, plan.vocabulary);
  *textBytes = data.textBytes();
  *tokens = data.size();
  return makeTokenDataset(std::move(data), vocabulary, plan.sequence,
                          options.seed);
}

} // namespace anec::rt

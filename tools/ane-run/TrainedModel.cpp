//===- TrainedModel.cpp - A bundle with a checkpoint's weights ------------===//
//
// Bundle and checkpoint may come from different compilations of one model, so
// only vocabulary and tensors are compared.
//
//===----------------------------------------------------------------------===//
#include "tools/ane-run/TrainedModel.h"

namespace anec::rt {

Result<TrainedModel> TrainedModel::open(const std::string &bundlePath,
                                        const std::string &checkpoint,
                                        const DeviceOptions &options) {
  TrainedModel model;
  model.pool = std::make_unique<ThreadPool>(options.threads);
  ANEC_ASSIGN(Bundle bundle, Bundle::open(bundlePath));
  model.bundle = std::make_unique<Bundle>(std::move(bundle));
  const Plan &plan = model.bundle->plan();
  ANEC_ASSIGN(model.device, options.open(*model.pool));
  ANEC_ASSIGN(std::string path, findCheckpoint(checkpoint));
  ANEC_ASSIGN(model.state, readCheckpointState(path));
  if (model.state.vocabulary != plan.vocabulary)
    return makeError(ErrorCode::InvalidInput,
                     "{}: expects a checkpoint of {} tokens as the bundle, but "
                     "got {}",
                     path, plan.vocabulary, model.state.vocabulary);
  ActiveVocabulary active(plan.vocabulary);
  if (plan.compactable) {
    ANEC_ASSIGN(active, model.state.activeVocabulary());
  }
  model.store = std::make_unique<ParameterStore<float>>(
      plan, std::move(active), std::nullopt, *model.pool);
  ANEC_TRY(model.store->load(path + "/model.safetensors"));
  ANEC_ASSIGN(model.executor,
              Executor<float>::create(*model.bundle, *model.device,
                                      *model.store, *model.pool));
  ANEC_TRY(model.executor->run("stage"));
  return model;
}

Result<std::unique_ptr<Tokenizer>>
TrainedModel::tokenizer(const std::string &flag) const {
  const std::string &name = flag.empty() ? state.tokenizer : flag;
  if (name.empty())
    return makeError(ErrorCode::InvalidInput,
                     "expects --tokenizer, since the checkpoint does not name "
                     "one");
  return makeTokenizer(name);
}

} // namespace anec::rt

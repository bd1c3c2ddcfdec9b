//===- Loader.cpp - From text to a program that can run -------------------===//
//
// The policy: what to try again, how often, and after which pause.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/ane/Loader.h"

#include "runtime/device/CompileRetry.h"
#include "runtime/target/Profile.h"

namespace anec::rt::ane {

namespace {

using std::chrono::milliseconds;

/// The bridge of maderix/ANE tries a load again after this.
constexpr milliseconds loadPause{100};

/// How long the compiler service needs after a crash.
milliseconds servicePause() {
  return milliseconds(
      target::strictProfile().limit(target::Rule::CompileServiceCrash));
}

} // namespace

bool Loader::compiledBefore(const std::string &text) {
  const std::lock_guard<std::mutex> guard(mutex);
  return compiled.count(text) != 0;
}

std::optional<Error> Loader::compileWithRetries(const std::string &program,
                                                const std::string &text,
                                                Model &model) {
  const std::lock_guard<std::mutex> one(compiling);
  CompileBudget &budget = *options.budget;
  const int64_t most =
      target::strictProfile().limit(target::Rule::CompileRetry);
  bool waitedForService = false;
  for (int attempt = 1;; ++attempt) {
    if (!budget.take())
      return makeError(ErrorCode::BudgetExhausted,
                       "{}: this process did {} compiles, as many as it may "
                       "[compile-budget]; a new process can go on",
                       program, budget.limit());
    const std::optional<DeviceError> failure = model.compile(options.qos);
    if (!failure) {
      const std::lock_guard<std::mutex> guard(mutex);
      compiled.insert(text);
      return std::nullopt;
    }
    const Remedy remedy = compileRemedy(*failure);
    if (remedy == Remedy::WaitLonger && !waitedForService) {
      waitedForService = true;
      options.wait(servicePause());
      continue;
    }
    // What never compiled is not transient; trying costs compiles.
    if (remedy == Remedy::Retry && attempt <= most && compiledBefore(text)) {
      options.wait(compileRetryDelay(attempt));
      continue;
    }
    if (remedy == Remedy::Retry && compiledBefore(text))
      return makeError(ErrorCode::BudgetExhausted,
                       "{}: compiled before in this process and now fails {} "
                       "times, after {} compiles [compile-budget]: {}",
                       program, attempt, budget.used(), failure->text());
    return makeError(ErrorCode::DeviceFailure, "{}: cannot be compiled: {}{}",
                     program, failure->text(), compileHint(*failure));
  }
}

std::optional<Error> Loader::load(const std::string &program,
                                  const std::shared_ptr<LoadedModel> &loaded) {
  std::optional<DeviceError> failure = loaded->model.load(options.qos);
  if (failure) {
    options.wait(loadPause);
    failure = loaded->model.load(options.qos);
  }
  if (failure)
    return makeError(ErrorCode::DeviceFailure, "{}: cannot be loaded: {}{}",
                     program, failure->text(), loadHint(*failure));
  ANEC_ASSIGN(const Slots slots, loaded->model.slots(program));
  ANEC_ASSIGN(loaded->inputOrder,
              bindSlots(program, slots.inputs, loaded->signature.inputs));
  ANEC_ASSIGN(loaded->outputOrder,
              bindSlots(program, slots.outputs, loaded->signature.outputs));
  loaded->isReady = true;
  const std::lock_guard<std::mutex> guard(mutex);
  // New weights are new names: those of models that are gone would pile up.
  for (auto it = live.begin(); it != live.end();)
    it = it->second.expired() ? live.erase(it) : std::next(it);
  live[loaded->model.identifier()] = loaded;
  return std::nullopt;
}

Result<std::shared_ptr<LoadedModel>> Loader::create(const std::string &program,
                                                    const std::string &text,
                                                    const Blobs &blobs) {
  ANEC_ASSIGN(Signature signature, Signature::read(text, program));
  ANEC_ASSIGN(Model model, Model::create(framework, program, text, blobs));
  // An error when a model of the same name has other files.
  ANEC_ASSIGN(
      std::shared_ptr<ModelFolder> folder,
      ModelFolder::create(framework->temporaryFolder() + model.identifier(),
                          text, blobs));
  {
    const std::lock_guard<std::mutex> guard(mutex);
    if (std::shared_ptr<LoadedModel> same = live[model.identifier()].lock())
      return same;
  }
  auto loaded =
      std::make_shared<LoadedModel>(std::move(model), std::move(folder));
  loaded->signature = std::move(signature);
  return loaded;
}

Result<std::shared_ptr<LoadedModel>> Loader::compile(const std::string &program,
                                                     const std::string &text,
                                                     const Blobs &blobs) {
  ANEC_ASSIGN(std::shared_ptr<LoadedModel> loaded,
              create(program, text, blobs));
  if (loaded->isReady)
    return loaded;
  ANEC_TRY(compileWithRetries(program, text, loaded->model));
  ANEC_TRY(load(program, loaded));
  return loaded;
}

Result<std::shared_ptr<LoadedModel>> Loader::patch(const std::string &program,
                                                   const std::string &text,
                                                   const Blobs &blobs,
                                                   const std::string &plist) {
  ANEC_ASSIGN(std::shared_ptr<LoadedModel> loaded,
              create(program, text, blobs));
  if (loaded->isReady)
    return loaded;
  ANEC_TRY(loaded->folder->writePlist(plist));
  ANEC_TRY(load(program, loaded));
  return loaded;
}

} // namespace anec::rt::ane

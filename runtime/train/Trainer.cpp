//===- Trainer.cpp - Runs a training from first to last update ------------===//
//
// Update u (from 0) is written down as u + 1: the number of updates done.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/Trainer.h"

#include "runtime/support/Sha256.h"
#include "runtime/train/ApplyUpdate.h"
#include "runtime/train/Batch.h"
#include "runtime/train/DeviceAdamW.h"

#include <chrono>
#include <cmath>
#include <limits>

namespace anec::rt {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

LossScale makeLossScale(const TrainOptions &options, Numerics numerics) {
  if (options.lossScale)
    return LossScale::fixed(*options.lossScale);
  // f32 has the range of the gradients themselves.
  bool dynamic = options.dynamicLossScale || numerics == Numerics::Ane;
  return dynamic ? LossScale::dynamic() : LossScale::fixed(1);
}

} // namespace

double Trainer::now() {
  return std::chrono::duration<double>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

Trainer::Trainer(const Bundle &bundle, Device &device, ThreadPool &pool,
                 const TrainOptions &options, Log log)
    : bundle(bundle), device(device), pool(pool), options(options),
      log(std::move(log)),
      schedule{options.learningRate, options.minimumRateFraction,
               options.warmupUpdates(), options.steps},
      lossScale(makeLossScale(options, device.numerics())) {
  started = processStarted = now();
  measured.initialValidationLoss = nan;
  measured.validationLoss = nan;
}

Result<std::unique_ptr<Trainer>>
Trainer::create(const Bundle &bundle, Device &device, ThreadPool &pool,
                const TrainOptions &options, Log log) {
  std::unique_ptr<Trainer> trainer(
      new Trainer(bundle, device, pool, options, std::move(log)));
  ANEC_TRY(trainer->prepare());
  return trainer;
}

std::optional<Error> Trainer::prepare() {
  const Plan &plan = bundle.plan();
  ANEC_TRY(requireTraining(bundle, "train"));
  ANEC_ASSIGN(data, openTrainData(plan, options));
  bool random = options.initialize.empty();
  store = std::make_unique<ParameterStore<float>>(
      plan, data.vocabulary,
      random ? std::optional<uint64_t>(options.seed) : std::nullopt, pool);
  if (!random)
    ANEC_TRY(store->load(options.initialize));
  AdamWOptions adam{options.beta1, options.beta2, 1e-8, options.weightDecay};
  ANEC_TRY(checkDeviceAdamW(plan, adam, options.clip, options.learningRate));
  optimizer = std::make_unique<Optimizer>(*store, adam, pool);
  // A device that fails leaves no folder of a run that never began.
  const bool begins = !options.handover && !options.resume;
  if (auto error = begins ? startDevice() : openFolder())
    return stop(*error);
  if (auto error = begins ? openFolder() : startDevice())
    return stop(*error);
  if (plan.vocabulary > 0 && !isRestarted)
    log(fmt::format("vocabulary: {} of {} tokens active",
                    data.vocabulary.size(), plan.vocabulary));
  return std::nullopt;
}

std::optional<Error> Trainer::restore(const std::string &checkpoint) {
  ANEC_ASSIGN(CheckpointState state, readCheckpointState(checkpoint));
  ANEC_TRY(store->load(checkpoint + "/model.safetensors"));
  ANEC_TRY(optimizer->load(checkpoint + "/optimizer.safetensors",
                           state.optimizerSteps));
  lossScale.restore(state.lossScale);
  done = state.update;
  measured.initialValidationLoss = state.initialValidationLoss;
  log(fmt::format("resuming at update {}", done));
  return std::nullopt;
}

std::optional<Error> Trainer::openFolder() {
  if (options.handover) {
    ANEC_TRY(receive(*options.handover));
  } else {
    ANEC_ASSIGN(folder,
                RunFolder::open(options.output, describe(), options.resume));
    if (auto newest = folder->newestCheckpoint())
      ANEC_TRY(restore(*newest));
  }
  doneBefore = done;
  return folder->startMetrics(unfinished ? done - 1 : done);
}

std::optional<Error> Trainer::startDevice() {
  ANEC_ASSIGN(executor, Executor<float>::create(bundle, device, *store, pool));
  if (options.overlap)
    executor->workBeside(*options.overlap);
  ANEC_TRY(executor->setHostPrecision(options.hostPrecision));
  ANEC_TRY(executor->run("stage"));
  ANEC_TRY(putStates(*executor, *optimizer, momentUnit(options.clip)));
  holdsStates = true;
  return std::nullopt;
}

std::optional<Error> Trainer::fetchStates() {
  if (!holdsStates)
    return std::nullopt;
  return takeStates(*executor, *optimizer, momentUnit(options.clip));
}

nlohmann::json Trainer::describe() const {
  const char *numerics = device.numerics() == Numerics::Ane ? "ane" : "f32";
  nlohmann::json mathematics = {
      {"bundle", bundle.digest()},
      {"data", data.training->fingerprint()},
      {"val", data.validation ? data.validation->fingerprint() : ""},
      {"steps", options.steps},
      {"accum", options.accumulation},
      {"lr", options.learningRate},
      {"min_lr_frac", options.minimumRateFraction},
      {"warmup", options.warmupUpdates()},
      {"clip", options.clip},
      {"weight_decay", options.weightDecay},
      {"beta1", options.beta1},
      {"beta2", options.beta2},
      {"loss_scale", lossScale.isFixed() ? nlohmann::json(lossScale.value())
                                         : nlohmann::json("dynamic")},
      {"seed", options.seed},
      {"init", options.initialize},
      {"compact", options.compact},
      {"tokenizer", data.tokenizer},
      {"numerics", numerics},
      {"host_precision", hostPrecisionName(options.hostPrecision)}};
  nlohmann::json active = nullptr;
  if (data.vocabulary.isCompact())
    active = data.vocabulary.ids();
  return {{"format", 1},
          {"model", bundle.plan().model},
          {"bundle", bundle.folder()},
          {"data", options.data},
          {"val", options.validation},
          {"vocabulary", bundle.plan().vocabulary},
          {"active_vocab", data.vocabulary.size()},
          {"active", active},
          {"mathematics", mathematics}};
}

Result<nlohmann::json> Trainer::run() {
  const double startup = now() - options.launched.value_or(processStarted);
  measured.seconds["startup"] += startup;
  if (!isRestarted)
    log(fmt::format("ready for the first micro-step after {:.2f} s", startup));
  if (auto error = train())
    return stop(*error);
  ANEC_TRY(checkpoint());
  measured.wallSeconds = now() - started;
  measured.activeVocabulary = data.vocabulary.size();
  measured.vocabulary = bundle.plan().vocabulary;
  nlohmann::json report =
      makeReport(measured, executor->counters(), device.counters());
  ANEC_TRY(folder->writeReport(report));
  return report;
}

std::optional<Error> Trainer::train() {
  if (data.validation && done == 0) {
    ANEC_ASSIGN(measured.initialValidationLoss, validate());
    measured.validationLoss = measured.initialValidationLoss;
    log(fmt::format("update 0/{}  validation loss {:.4f}", options.steps,
                    measured.validationLoss));
  }
  while (unfinished || done < options.steps) {
    if (!unfinished)
      ANEC_TRY(runUpdate());
    ANEC_TRY(finishUpdate(*unfinished));
  }
  if (data.validation && !std::isfinite(measured.validationLoss)) {
    ANEC_ASSIGN(measured.validationLoss, validate());
  }
  // The kernels of an update that will not come are compiled all the same: a
  // run that ends has done what it counts.
  return executor->finishLoading();
}

std::optional<Error> Trainer::finishUpdate(Update &update) {
  bool last = done == options.steps;
  if (data.validation && (last || done % options.validationEvery == 0)) {
    ANEC_ASSIGN(update.validationLoss, validate());
    measured.validationLoss = *update.validationLoss;
  }
  ANEC_TRY(record(update));
  logUpdate(update);
  const Update finished = update;
  unfinished.reset();
  if (lossScale.diverged())
    return makeError(ErrorCode::Diverged,
                     "the loss or a gradient was not finite in the last {} "
                     "updates up to {}; loss {}, loss scale {}",
                     LossScale::maximumSkipped, done, finished.loss,
                     finished.scale);
  if (!last && done % options.checkpointEvery == 0)
    ANEC_TRY(checkpoint());
  return std::nullopt;
}

Result<double> Trainer::runMicroSteps(double scale, double &witness) {
  executor->setLossScale(scale);
  store->zeroGradients();
  double total = 0;
  for (int64_t m = 0; m < options.accumulation; ++m) {
    uint64_t step = uint64_t(done * options.accumulation + m);
    const std::string program = executor->microStep(m);
    putTrainingBatch(*executor, *bundle.plan().program(program), *data.training,
                     step * uint64_t(bundle.plan().batch));
    executor->expectNorm(m + 1 == options.accumulation);
    ANEC_ASSIGN(double loss, runForLoss(*executor, program));
    total += loss;
    witness = std::max(witness, executor->witness(program));
  }
  ANEC_TRY(executor->finishGradients());
  return total / double(options.accumulation);
}

std::optional<Error> Trainer::runUpdate() {
  double start = now();
  const ExecutorCounters executed = executor->counters();
  const DeviceCounters dispatched = device.counters();
  Update update;
  update.rate = schedule.rate(done);
  update.scale = lossScale.value();
  ANEC_ASSIGN(update.loss, runMicroSteps(update.scale, update.witness));

  AppliedUpdate applied{nan, true, std::nullopt, std::nullopt};
  const double gradientScale =
      1 / (update.scale * double(options.accumulation));
  // Only fp16 overflows there; what overflowed may look finite in the end.
  bool overflowed = device.numerics() == Numerics::Ane &&
                    update.witness >= LossScale::overflow;
  if (std::isfinite(update.loss) && overflowed) {
    applied.norm = gradientNorm(*executor, *optimizer) * gradientScale;
  } else if (std::isfinite(update.loss)) {
    UpdateRule rule;
    rule.rate = update.rate;
    rule.gradientScale = gradientScale;
    rule.clip = options.clip;
    applied =
        applyUpdate(*executor, *optimizer, rule, measured.seconds["optimizer"]);
  }
  if (applied.updateError) {
    isHalfDone = true;
    return applied.updateError;
  }
  update.norm = applied.norm;
  update.skipped = applied.skipped;
  // One NaN for people and files, whatever sign and payload arithmetic left.
  for (double *value : {&update.loss, &update.norm})
    if (std::isnan(*value))
      *value = nan;
  lossScale.update(!update.skipped);

  ++done;
  update.seconds = now() - start;
  measured.updates += 1;
  measured.microSteps += options.accumulation;
  measured.tokens +=
      options.accumulation * bundle.plan().batch * bundle.plan().sequence;
  measured.trainSeconds += update.seconds;
  const ExecutorCounters afterwards = executor->counters();
  measured.hostFlops += afterwards.hostFlops - executed.hostFlops;
  measured.deviceFlops += afterwards.deviceFlops - executed.deviceFlops;
  measured.hostWritten += afterwards.hostWritten - executed.hostWritten;
  measured.hostRead += afterwards.hostRead - executed.hostRead;
  const DeviceCounters counted = device.counters();
  measured.dispatches += counted.dispatches - dispatched.dispatches;
  measured.deviceBytes += counted.deviceBytes - dispatched.deviceBytes;
  measured.stagedBytes += counted.stagedBytes - dispatched.stagedBytes;
  measured.estimatedSeconds +=
      counted.estimatedSeconds - dispatched.estimatedSeconds;
  unfinished = update;
  return applied.stagingError;
}

Result<double> Trainer::validate() {
  double start = now();
  ANEC_ASSIGN(double loss,
              meanLoss(*executor, *data.validation, options.validationBatches));
  measured.seconds["validation"] += now() - start;
  return loss;
}

std::optional<Error> Trainer::record(const Update &update) {
  int64_t tokens =
      options.accumulation * bundle.plan().batch * bundle.plan().sequence;
  nlohmann::json line = {{"update", done},
                         {"loss", update.loss},
                         {"lr", update.rate},
                         {"grad_norm", update.norm},
                         {"loss_scale", update.scale},
                         {"witness", update.witness},
                         {"skipped", update.skipped},
                         {"tokens", tokens},
                         {"ms", update.seconds * 1000},
                         {"tokens_per_s", double(tokens) / update.seconds}};
  if (update.validationLoss)
    line["val_loss"] = *update.validationLoss;
  return folder->addMetrics(line);
}

std::optional<Error> Trainer::checkpoint() {
  double start = now();
  ANEC_TRY(fetchStates());
  ANEC_TRY(folder->syncMetrics());
  CheckpointState state;
  state.update = done;
  state.optimizerSteps = optimizer->steps();
  state.lossScale = lossScale.state();
  state.initialValidationLoss = measured.initialValidationLoss;
  state.bundle = bundle.digest();
  state.data = data.training->fingerprint();
  state.tokenizer = data.tokenizer;
  state.vocabulary = bundle.plan().vocabulary;
  if (data.vocabulary.isCompact())
    state.active = data.vocabulary.ids();
  ANEC_TRY(writeCheckpoint(folder->checkpoints(), options.keep, state, *store,
                           *optimizer));
  measured.seconds["checkpoint"] += now() - start;
  return std::nullopt;
}

void Trainer::logUpdate(const Update &update) {
  bool notable = update.skipped || update.validationLoss ||
                 done == options.steps || done == 1;
  if (!notable && now() - logged < 1)
    return;
  logged = now();
  int64_t tokens =
      options.accumulation * bundle.plan().batch * bundle.plan().sequence;
  std::string line = fmt::format(
      "update {}/{}  loss {:.4f}  lr {:.2e}  norm {:.3f}  {:.0f} tokens/s",
      done, options.steps, update.loss, update.rate, update.norm,
      double(tokens) / update.seconds);
  if (update.skipped)
    line += fmt::format("  skipped at loss scale {}", update.scale);
  if (update.validationLoss)
    line += fmt::format("  validation loss {:.4f}", *update.validationLoss);
  log(line);
}

} // namespace anec::rt

//===- Trainer.h - Runs a training from first to last update ----*- C++ -*-===//
//
// Micro-steps, clipping, optimiser, staging, validation, checkpoints and
// metrics, in that order, for each update.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TRAIN_TRAINER_H
#define ANEC_RUNTIME_TRAIN_TRAINER_H

#include "runtime/train/Checkpoint.h"
#include "runtime/train/Executor.h"
#include "runtime/train/Handover.h"
#include "runtime/train/Report.h"
#include "runtime/train/RunFolder.h"
#include "runtime/train/Schedule.h"
#include "runtime/train/TrainData.h"
#include "runtime/train/TrainOptions.h"

#include <functional>

namespace anec::rt {

/// One training run in this process.
class Trainer {
public:
  /// Takes a line for people; called once a second at most, but for
  /// validations, skipped updates and the last one.
  using Log = std::function<void(const std::string &)>;

  /// Opens data and run folder, fills parameters and restores the checkpoint
  /// when resuming. `device` has Ane or F32 numerics. Nothing is written before
  /// all input has been checked. Bundle, device and pool outlive the trainer.
  static Result<std::unique_ptr<Trainer>>
  create(const Bundle &bundle, Device &device, ThreadPool &pool,
         const TrainOptions &options, Log log);

  /// Trains until `options.steps` updates are done; returns report.json.
  /// Errors: Diverged when LossScale::maximumSkipped updates in a row had
  /// non-finite losses or gradients; those of the device and of files.
  ///
  /// When the device fails or may not compile again, the run goes on in another
  /// process if the options allow it and this one got anywhere: the error is
  /// RestartRequired, and `handover` has what the next process needs.
  /// Otherwise a checkpoint is written and the error says so.
  Result<nlohmann::json> run();

  /// After RestartRequired; inherited on exec. The caller waits until
  /// `restartDelay` seconds have passed, so that a device that fails all the
  /// time is not asked all the time.
  HandoverDescriptors handover() const { return *descriptors; }
  double restartDelay() const;

  /// Seconds of a clock that processes of one machine agree on.
  static double now();

private:
  Trainer(const Bundle &bundle, Device &device, ThreadPool &pool,
          const TrainOptions &options, Log log);

  /// One update, before it is written down.
  struct Update : UpdateRecord {
    std::optional<double> validationLoss;
  };

  std::optional<Error> prepare();
  std::optional<Error> openFolder();
  /// Everything that the device has a part in before the first update.
  std::optional<Error> startDevice();
  std::optional<Error> train();
  std::optional<Error> restore(const std::string &checkpoint);
  nlohmann::json describe() const;
  std::optional<Error> finishUpdate(Update &update);
  /// Leaves the update in `unfinished` as soon as parameters have changed.
  std::optional<Error> runUpdate();
  Result<double> runMicroSteps(double scale, double &witness);
  Result<double> validate();
  std::optional<Error> record(const Update &update);
  std::optional<Error> checkpoint();
  /// What the device keeps of parameters, to where files are written from.
  std::optional<Error> fetchStates();

  // What happens when the device fails; TrainerRestart.cpp.
  bool mayRestart(const Error &error) const;
  std::optional<Error> receive(const HandoverDescriptors &from);
  std::optional<Error> handOver();
  Error stop(const Error &error);
  void logUpdate(const Update &update);

  const Bundle &bundle;
  Device &device;
  ThreadPool &pool;
  TrainOptions options;
  Log log;
  Schedule schedule;
  LossScale lossScale;
  TrainData data;
  std::unique_ptr<ParameterStore<float>> store;
  std::unique_ptr<Executor<float>> executor;
  std::unique_ptr<Optimizer> optimizer;
  std::optional<RunFolder> folder;
  /// Updates done, skipped ones included; when this process began.
  int64_t done = 0, doneBefore = 0;
  /// Update `done`, while it is not written down.
  std::optional<Update> unfinished;
  /// When the first process of the run began, and this one.
  double started = 0, processStarted = 0;
  bool isRestarted = false;
  /// Whether the device has what it keeps of parameters, and whether it failed
  /// while it changed that.
  bool holdsStates = false, isHalfDone = false;
  std::optional<HandoverDescriptors> descriptors;
  /// When the last line for people was written.
  double logged = 0;
  RunMeasurements measured;
};

} // namespace anec::rt

#endif // ANEC_RUNTIME_TRAIN_TRAINER_H

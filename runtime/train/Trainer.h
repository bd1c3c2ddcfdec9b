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
  Result<nlohmann::json> run();

private:
  Trainer(const Bundle &bundle, Device &device, ThreadPool &pool,
          const TrainOptions &options, Log log);

  /// One update, before it is written down.
  struct Update {
    double loss = 0, norm = 0, scale = 1, rate = 0, seconds = 0;
    /// The largest magnitude in the device's gradients, times the scale.
    double witness = 0;
    bool skipped = false;
    std::optional<double> validationLoss;
  };

  std::optional<Error> prepare();
  std::optional<Error> restore(const std::string &checkpoint);
  nlohmann::json describe() const;
  std::optional<Error> finishUpdate(Update &update);
  Result<Update> runUpdate();
  Result<double> runMicroSteps(double scale, double &witness);
  Result<double> validate();
  std::optional<Error> record(const Update &update);
  std::optional<Error> checkpoint();
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
  /// Updates done, skipped ones included.
  int64_t done = 0;
  /// When the last line for people was written.
  double logged = 0;
  RunMeasurements measured;
};

} // namespace anec::rt

#endif // ANEC_RUNTIME_TRAIN_TRAINER_H

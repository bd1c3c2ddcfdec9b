//===- Report.h - What a run cost -------------------------------*- C++ -*-===//
//
// The efficiency report: report.json and the lines printed at the end.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TRAIN_REPORT_H
#define ANEC_RUNTIME_TRAIN_REPORT_H

#include "runtime/device/Device.h"
#include "runtime/train/Executor.h"

namespace anec::rt {

/// What the trainer measured of a run, restarts included, from the process on
/// that the user started.
struct RunMeasurements {
  int64_t updates = 0, microSteps = 0, tokens = 0;
  double wallSeconds = 0;
  /// Micro-steps and optimiser, without validation and checkpoints.
  double trainSeconds = 0;
  /// Operations of device programs in training.
  double deviceFlops = 0, hostFlops = 0;
  /// What training updates moved, without validation and the first staging:
  /// the bill, times their number.
  uint64_t dispatches = 0, hostWritten = 0, hostRead = 0;
  uint64_t deviceBytes = 0, stagedBytes = 0;
  /// Of the device's dispatches on the chip that it imitates.
  double estimatedSeconds = 0;
  /// Of processes before this one.
  uint64_t compiles = 0, reloads = 0, restarts = 0;
  BackgroundWork background, compiling;
  int64_t activeVocabulary = 0, vocabulary = 0;
  /// NaN without validation.
  double initialValidationLoss = 0, validationLoss = 0;
  /// Seconds of phases outside of this process' executor.
  std::map<std::string, double> seconds;
};

/// The keys of report.json, and val_loss, initial_val_loss, vocabulary besides.
nlohmann::json makeReport(const RunMeasurements &run,
                          const ExecutorCounters &executor,
                          const DeviceCounters &device);

/// What ran beside the device, and how much of it nobody waited for: host_ops,
/// their background_ms, hidden_ms, and share of the third in the second; and
/// under "compile" the same of kernels, with their number `loads`.
nlohmann::json overlapOf(const BackgroundWork &hostOps,
                         const BackgroundWork &compiling);

/// The lines of a report about `overlapOf`; empty when nothing ran beside.
std::string formatOverlap(const nlohmann::json &overlap);

/// A few lines for people.
std::string formatReport(const nlohmann::json &report);

/// Largest resident set of this process so far.
uint64_t peakResidentBytes();

} // namespace anec::rt

#endif // ANEC_RUNTIME_TRAIN_REPORT_H

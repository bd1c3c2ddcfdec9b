//===- TrainedModel.h - A bundle with a checkpoint's weights ----*- C++ -*-===//
//
// What generate and eval start from.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TOOLS_ANE_RUN_TRAINEDMODEL_H
#define ANEC_TOOLS_ANE_RUN_TRAINEDMODEL_H

#include "runtime/text/Tokenizer.h"
#include "runtime/train/Checkpoint.h"
#include "runtime/train/Executor.h"
#include "tools/ane-run/DeviceOptions.h"

namespace anec::rt {

/// Members in the order they need each other.
struct TrainedModel {
  std::unique_ptr<ThreadPool> pool;
  std::unique_ptr<Bundle> bundle;
  std::unique_ptr<Device> device;
  CheckpointState state;
  std::unique_ptr<ParameterStore<float>> store;
  std::unique_ptr<Executor<float>> executor;

  /// Opens both, and stages the weights. `checkpoint` is a checkpoint or a run.
  /// Errors: the checkpoint is of another vocabulary or has other tensors.
  static Result<TrainedModel> open(const std::string &bundle,
                                   const std::string &checkpoint,
                                   const DeviceOptions &options);

  /// The tokenizer of `flag`, else that of the checkpoint.
  Result<std::unique_ptr<Tokenizer>> tokenizer(const std::string &flag) const;
};

} // namespace anec::rt

#endif // ANEC_TOOLS_ANE_RUN_TRAINEDMODEL_H

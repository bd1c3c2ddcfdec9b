//===- Optimizer.h - AdamW over all parameters ------------------*- C++ -*-===//
//
// Moments of every trainable tensor, the step that uses them, and their way
// into checkpoints.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TRAIN_OPTIMIZER_H
#define ANEC_RUNTIME_TRAIN_OPTIMIZER_H

#include "runtime/train/AdamW.h"
#include "runtime/train/ParameterStore.h"

#include <functional>

namespace anec::rt {

/// Works on the gradients in the store, which hold sums over micro-steps times
/// the loss scale. Inactive vocabulary rows have no moments and do not decay.
class Optimizer {
public:
  Optimizer(ParameterStore<float> &store, const AdamWOptions &options,
            ThreadPool &pool);

  /// The global norm of the gradients as they stand; not finite when any of
  /// them is not.
  double gradientNorm() const;

  /// Told of each tensor as soon as it has its new values.
  using Changed =
      std::function<std::optional<Error>(size_t parameter, int64_t index)>;

  /// One update with gradients multiplied by `scale`. Errors: those of
  /// `changed`.
  std::optional<Error> step(double rate, double scale, const Changed &changed);

  /// Updates applied so far.
  int64_t steps() const { return applied; }

  /// safetensors "<tensor>.m" and "<tensor>.v", F32, active rows only.
  std::optional<Error> save(const std::string &path) const;
  std::optional<Error> load(const std::string &path, int64_t appliedSteps);
  /// What `save` writes; views of the optimizer's memory.
  std::vector<NamedTensor> tensors() const;
  /// The same as `load` from an open file; errors call it `path`.
  std::optional<Error> load(const SafetensorsFile &file,
                            const std::string &path, int64_t appliedSteps);

private:
  struct Moments {
    size_t parameter;
    int64_t index;
    std::vector<float> m, v;
  };

  ParameterStore<float> &store;
  AdamWOptions options;
  ThreadPool &pool;
  std::vector<Moments> moments;
  int64_t applied = 0;
};

} // namespace anec::rt

#endif // ANEC_RUNTIME_TRAIN_OPTIMIZER_H

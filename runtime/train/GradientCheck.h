//===- GradientCheck.h - Gradients against differences ----------*- C++ -*-===//
//
// Compares what a bundle's train_step computes with central differences of its
// eval_loss, tensor by tensor, in f64.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TRAIN_GRADIENTCHECK_H
#define ANEC_RUNTIME_TRAIN_GRADIENTCHECK_H

#include "runtime/train/Dataset.h"
#include "runtime/train/Executor.h"

#include <functional>

namespace anec::rt {

struct GradientCheckOptions {
  /// Elements of each tensor: half of them those with the largest gradients,
  /// the others drawn by `seed`.
  int64_t samples = 4;
  uint64_t seed = 1;
  /// Micro-steps of one update, of a batch each: losses and gradients are their
  /// means.
  int64_t accumulation = 1;
  /// What the loss is multiplied by on its way back; gradients are divided by
  /// it. Other than 1 only fp16 notices.
  double lossScale = 1;
  /// The difference is (loss(w + step) - loss(w - step)) / (2 step). In f64 a
  /// loss near 5 has noise 1e-15, so 1e-11 in the quotient; the step's own
  /// error is about (step / |w|)^2, 1e-6 for weights of 0.1.
  double step = 1e-4;
};

/// The worst element of one tensor.
struct GradientRow {
  std::string tensor;
  int64_t elements = 0, samples = 0;
  /// Root mean square of the tensor's gradient.
  double rms = 0;
  /// |difference - gradient| / max(|difference|, |gradient|, 1e-3 rms).
  double error = 0;
  int64_t element = 0;
  double gradient = 0, difference = 0;

  /// Central differences of smooth losses agree to 1e-6 in f64; a wrong rule is
  /// off by far more than this.
  static constexpr double threshold = 1e-3;
  /// False for NaN as well.
  bool passes() const { return error <= threshold; }
};

/// Moves parameters away from initial values that hide mistakes: gains of one
/// and biases of zero get noise of 0.25, small normal weights are multiplied by
/// 4 so that attention is not uniform.
template <typename Real>
void spreadParameters(ParameterStore<Real> &store, uint64_t seed);

/// Stages and runs the micro-steps of one update on the first training batches
/// of `data`. Returns the loss; gradients are in the store.
template <typename Real>
Result<double> computeGradients(Executor<Real> &executor, const Dataset &data,
                                const GradientCheckOptions &options);

/// One row for each trainable tensor, in plan order; `progress` is called with
/// each as it is done. Parameters are as before in the end.
Result<std::vector<GradientRow>>
checkGradients(Executor<double> &executor, const Dataset &data,
               const GradientCheckOptions &options,
               const std::function<void(const GradientRow &)> &progress);

/// Writes the gradients in the store as safetensors under the tensors' names,
/// with the loss in the metadata.
template <typename Real>
std::optional<Error> writeGradients(ParameterStore<Real> &store, double loss,
                                    const std::string &path);

} // namespace anec::rt

#endif // ANEC_RUNTIME_TRAIN_GRADIENTCHECK_H

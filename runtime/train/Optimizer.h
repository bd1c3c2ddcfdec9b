//===- Optimizer.h - AdamW over all parameters ------------------*- C++ -*-===//
//
// Moments of every trainable tensor, the step that uses them, and their way
// into checkpoints.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TRAIN_OPTIMIZER_H
#define ANEC_RUNTIME_TRAIN_OPTIMIZER_H

#include "runtime/device/Device.h"
#include "runtime/support/LargeArray.h"
#include "runtime/train/AdamW.h"
#include "runtime/train/ParameterStore.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace anec::rt {

/// Works on the gradients in the store, which hold sums over micro-steps times
/// the loss scale. Inactive vocabulary rows have no moments and do not decay.
/// Tensors that the device trains have only their place here, for files and the
/// next process: they take no part in norms and steps.
class Optimizer {
public:
  Optimizer(ParameterStore<float> &store, const AdamWOptions &options,
            ThreadPool &pool);

  /// The global norm of the gradients as they stand; not finite when any of
  /// them is not.
  double gradientNorm() const;

  /// Who is given a tensor's new values row by row, as soon as they are there.
  struct Receivers {
    std::vector<std::unique_ptr<RowStaging>> rows;
    /// Nobody else wants the tensor.
    bool complete = true;
  };
  class Listener {
  public:
    virtual ~Listener() = default;
    virtual Receivers receivers(size_t parameter, int64_t index) = 0;
    /// All of a tensor has its new values and somebody still wants them.
    virtual void changed(size_t parameter, int64_t index) = 0;
  };

  /// One update with gradients multiplied by `scale`. Every vector has its new
  /// values, and was `changed`, before rows of any matrix are received.
  void step(double rate, double scale, Listener &listener);

  /// Updates applied so far.
  int64_t steps() const { return applied; }

  /// A tensor that the device trains, as DeviceAdamW.h moves it.
  struct DeviceTensor {
    const DeviceParameter *where;
    int64_t index;
    /// What is left of the value beside the weight; see `hasRests`.
    Span<float> m, v, rest;
  };
  std::vector<DeviceTensor> onDevice() const;
  /// Whether rests were loaded; otherwise the store's values are new.
  bool hasRests() const { return loaded; }

  const AdamWOptions &constants() const { return options; }

  /// safetensors "<tensor>.m" and "<tensor>.v", F32, active rows only; of
  /// tensors that the device trains "<tensor>.rest" too.
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
    LargeArray<float> m, v;
    const DeviceParameter *where; ///< Null when the host trains it.
    LargeArray<float> rest;
  };
  /// The arrays of a tensor with their suffix in files.
  static std::vector<std::pair<const char *, Span<float>>>
  arraysOf(const Moments &moments);
  /// Some rows of a tensor: what one thread takes at a time.
  struct Piece;

  bool isVector(size_t parameter) const;
  AdamWFactors factorsOf(const Moments &moments, double rate,
                         double scale) const;
  void cut(const Moments &moments, const AdamWFactors &factors,
           const Receivers &receivers, std::vector<Piece> &pieces);

  ParameterStore<float> &store;
  AdamWOptions options;
  ThreadPool &pool;
  std::vector<Moments> moments;
  int64_t applied = 0;
  bool loaded = false;
};

} // namespace anec::rt

#endif // ANEC_RUNTIME_TRAIN_OPTIMIZER_H

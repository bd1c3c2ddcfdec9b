//===- ParameterStore.h - Master values and gradients -----------*- C++ -*-===//
//
// The values a run trains: master copies, gradient accumulators, how they
// start, and their way from and to safetensors files.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TRAIN_PARAMETERSTORE_H
#define ANEC_RUNTIME_TRAIN_PARAMETERSTORE_H

#include "runtime/bundle/Plan.h"
#include "runtime/support/LargeArray.h"
#include "runtime/support/Safetensors.h"
#include "runtime/train/ActiveVocabulary.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace anec::rt {

class ThreadPool;

/// Parameters of a plan in Real (float to train, double to check gradients).
/// A parameter with vocabulary rows holds only its active rows; the others come
/// back as they were when the store is saved: from memory when they were
/// loaded, and from their random numbers, without memory, when they never were.
template <typename Real> class ParameterStore {
public:
  /// Fills every tensor as its initialiser says. Element i of tensor "name"
  /// under Normal is std * RandomStream(seed, fnv1a64(name)).normal(i), where i
  /// counts the full tensor in row-major order: compaction changes no value.
  /// Without a seed everything is 0, for values that are loaded anyway. `plan`
  /// and `pool` must outlive the store.
  ParameterStore(const Plan &plan, ActiveVocabulary active,
                 std::optional<uint64_t> seed, ThreadPool &pool);

  const Plan &plan() const { return *thePlan; }
  const ActiveVocabulary &vocabulary() const { return active; }

  /// Shape of each tensor of a family, with active rows only.
  std::vector<int64_t> shape(size_t parameter) const;
  Span<Real> master(size_t parameter, int64_t index);
  /// Empty when the parameter is frozen.
  Span<Real> gradient(size_t parameter, int64_t index);
  /// From now on every gradient is 0. Memory is written when somebody reads it
  /// before `gradientToWrite` gave it away.
  void zeroGradients();
  /// The memory of a gradient for a writer: one that adds to what is there when
  /// `*holdsValues`, and sets every element otherwise.
  /// Unless null, `*squares` becomes where the writer leaves what
  /// `gradientSquares` answers.
  Span<Real> gradientToWrite(size_t parameter, int64_t index, bool *holdsValues,
                             double **squares = nullptr);
  /// The sum of the squares of a gradient, by who wrote it last; NaN when that
  /// one did not say, or when its memory was given away since.
  double gradientSquares(size_t parameter, int64_t index) const {
    return families[parameter].squares[size_t(index)];
  }

  /// Replaces every value by the tensor of its name in `path`, a safetensors
  /// file or a folder of them. Errors: a tensor is missing, has another shape
  /// or is not of floats. Tensors the plan does not know are ignored.
  std::optional<Error> load(const std::string &path);
  /// The same from one open file whose names begin with `prefix`; errors call
  /// it `path`.
  std::optional<Error> load(const SafetensorsFile &file,
                            const std::string &path, const std::string &prefix);
  /// Writes every tensor, all rows, as F32 (F64 for double).
  std::optional<Error> save(const std::string &path);
  /// What `save` writes: views of the store's memory, and of `tables`, made for
  /// them.
  struct Tensors {
    std::vector<NamedTensor> views;
    std::vector<LargeArray<Real>> tables;
  };
  Tensors tensors();

private:
  struct Family {
    std::vector<LargeArray<Real>> masters, gradients;
    /// By index: false when the gradient is 0 whatever its memory says.
    std::vector<bool> holdsGradient;
    std::vector<double> squares;
    /// All rows of a compacted table that was loaded; its active rows are
    /// stale. Empty while the others have their initial values.
    LargeArray<Real> fullTable;
  };

  bool isCompacted(size_t parameter) const;
  std::optional<Error>
  loadAll(const std::function<const TensorView *(const std::string &)> &find,
          const std::string &path);
  /// The initial values of a tensor, all its rows or the active ones.
  enum class Rows { All, Active };
  void initialize(size_t parameter, int64_t index, Rows rows,
                  Span<Real> into) const;
  /// Where all rows of a tensor are written; `takeRows` must follow.
  Span<Real> allRows(size_t parameter, int64_t index);
  /// Copies the active rows of a compacted table into the master.
  void takeRows(size_t parameter, int64_t index);
  /// The reverse.
  void putRows(size_t parameter, int64_t index, Span<Real> full);

  const Plan *thePlan;
  ActiveVocabulary active;
  std::optional<uint64_t> seed;
  ThreadPool *pool;
  std::vector<Family> families;
};

} // namespace anec::rt

#endif // ANEC_RUNTIME_TRAIN_PARAMETERSTORE_H

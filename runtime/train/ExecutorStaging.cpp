//===- ExecutorStaging.cpp - How parameters reach the device --------------===//
//
// The program "stage": weight regions, and kernels whose weights are baked, at
// the beginning and after every update.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/Executor.h"

#include "runtime/support/Stopwatch.h"
#include "runtime/train/RegionCopy.h"

#include <algorithm>
#include <iterator>
#include <type_traits>

namespace anec::rt {

template <typename Real>
void Executor<Real>::collectStaging(const std::vector<Step> &steps, int64_t i) {
  for (const Step &step : steps) {
    if (step.kind == Step::Kind::For) {
      for (int64_t n = 0; n < step.count; ++n)
        collectStaging(step.body, step.reverse ? step.count - 1 - n : n);
    } else if (step.kind == Step::Kind::Stage) {
      const ValueRef &changed = stagesAfter(step);
      staging[changed.id][size_t(changed.index.at(i))].push_back({&step, i});
    } else if (step.kind != Step::Kind::Write) { // The device keeps these.
      afterStaging.push_back({&step, i});
    }
  }
}

/// What changes last in an update of what a step stages: scales change before
/// what they scale, which may be frozen.
template <typename Real>
const ValueRef &Executor<Real>::stagesAfter(const Step &step) const {
  const bool changes = bundle.plan().parameters[step.value.id].trainable;
  return changes || !step.columnScale ? step.value : *step.columnScale;
}

/// Whether the device takes a tensor's rows for a step, as they are or times
/// its scale.
template <typename Real>
bool Executor<Real>::takeRows(
    const IndexedStep &each, std::vector<std::unique_ptr<RowStaging>> &plain,
    std::vector<std::unique_ptr<ScaledRows>> &scaled) {
  const Step &step = *each.step;
  // Rows of a scale are not what its matrix is staged from, and rows are float.
  if (&stagesAfter(step) != &step.value ||
      (step.columnScale && !std::is_same_v<Real, float>))
    return false;
  std::unique_ptr<RowStaging> taken =
      device.stageRows(surface(step.to.at, each.i), step.to.region);
  if (!taken)
    return false;
  if (!step.columnScale) {
    plain.push_back(std::move(taken));
    return true;
  }
  if constexpr (std::is_same_v<Real, float>) {
    const Span<float> scale =
        store.master(step.columnScale->id, step.columnScale->index.at(each.i));
    auto same = std::find_if(scaled.begin(), scaled.end(), [&](auto &other) {
      return other->factors().data() == scale.data();
    });
    if (same == scaled.end())
      same = scaled.insert(same, std::make_unique<ScaledRows>(scale));
    (*same)->add(std::move(taken));
  }
  return true;
}

template <typename Real>
std::vector<std::unique_ptr<RowStaging>>
Executor<Real>::stageRows(size_t parameter, int64_t index, bool *complete) {
  std::vector<std::unique_ptr<RowStaging>> rows;
  std::vector<std::unique_ptr<ScaledRows>> scaled;
  *complete = true;
  for (IndexedStep &each : staging[parameter][size_t(index)]) {
    each.tookRows = takeRows(each, rows, scaled);
    *complete &= each.tookRows;
  }
  std::move(scaled.begin(), scaled.end(), std::back_inserter(rows));
  return rows;
}

template <typename Real>
std::optional<Error> Executor<Real>::stageRest(size_t parameter,
                                               int64_t index) {
  for (const IndexedStep &each : staging[parameter][size_t(index)])
    if (!each.tookRows)
      ANEC_TRY(runStage(*each.step, each.i));
  return std::nullopt;
}

template <typename Real> std::optional<Error> Executor<Real>::finishStaging() {
  std::vector<ProgramSet::Request> loads;
  for (const IndexedStep &each : afterStaging) {
    const Step &step = *each.step;
    if (background && step.kind == Step::Kind::Load)
      loads.push_back(
          loading(step.kernel, step.instance.at(each.i), step.delta));
    else
      ANEC_TRY(runStep(step, each.i));
  }
  if (!loads.empty())
    programs.loadBeside(loads);
  return std::nullopt;
}

/// A baked weight with the parameters of the moment.
template <typename Real>
BakedWeight Executor<Real>::bake(const Baked &baked, int64_t instance) const {
  const std::vector<Parameter> &parameters = bundle.plan().parameters;
  auto valuesOf = [&](size_t parameter) {
    return Span<const Real>(store.master(
        parameter, parameters[parameter].count == 1 ? 0 : instance));
  };
  const std::vector<int64_t> shape = store.shape(baked.parameter);
  Span<const Real> values = valuesOf(baked.parameter);
  std::vector<Real> scaled;
  if (baked.columnScale) {
    scaled.resize(values.size());
    scaleColumns(values.data(), valuesOf(*baked.columnScale), scaled.data(),
                 shape[0]);
    values = scaled;
  }
  return bakeMatrix(values.data(), shape[0], shape.size() > 1 ? shape[1] : 1,
                    baked.order, storageType(device.numerics()));
}

/// The files of a kernel with the parameters of the moment when they are asked
/// for.
template <typename Real>
ProgramSet::Request Executor<Real>::loading(size_t kernel, int64_t instance,
                                            bool delta) {
  return {kernel, instance, delta, [this, kernel, instance] {
            const Kernel &description = bundle.plan().kernels[kernel];
            ProgramFiles files = bundle.programFiles(description);
            for (const Baked &baked : description.baked)
              files.baked[baked.path] = bake(baked, instance);
            if (auto found = borrowed.byKernel.find(kernel);
                found != borrowed.byKernel.end())
              files.borrowed = found->second;
            return files;
          }};
}

/// Kernels by their first dispatch in `steps`, the first with the number of
/// those before.
static void
numberDispatches(const std::vector<Step> &steps, int64_t i,
                 std::map<std::pair<size_t, int64_t>, size_t> &numbers) {
  for (const Step &step : steps) {
    if (step.kind == Step::Kind::For)
      for (int64_t n = 0; n < step.count; ++n)
        numberDispatches(step.body, step.reverse ? step.count - 1 - n : n,
                         numbers);
    else if (step.kind == Step::Kind::Dispatch)
      numbers.emplace(std::pair(step.kernel, step.instance.at(i)),
                      numbers.size());
  }
}

/// Loads come in the order in which train_step needs the kernels, then those
/// that only other programs need.
template <typename Real> void Executor<Real>::sortLoads() {
  std::map<std::pair<size_t, int64_t>, size_t> numbers;
  if (const HostProgram *program = bundle.plan().program("train_step"))
    numberDispatches(program->steps, 0, numbers);
  auto number = [&](const IndexedStep &each) {
    if (each.step->kind != Step::Kind::Load)
      return size_t(0);
    auto found =
        numbers.find({each.step->kernel, each.step->instance.at(each.i)});
    return found == numbers.end() ? numbers.size() + 1 : found->second + 1;
  };
  std::stable_sort(afterStaging.begin(), afterStaging.end(),
                   [&](const IndexedStep &a, const IndexedStep &b) {
                     return number(a) < number(b);
                   });
}

template <typename Real>
std::optional<Error> Executor<Real>::runStage(const Step &step, int64_t i) {
  Stopwatch watch(count.seconds["stage"]);
  Span<Real> values = store.master(step.value.id, step.value.index.at(i));
  if (step.columnScale) {
    const Span<Real> scale =
        store.master(step.columnScale->id, step.columnScale->index.at(i));
    scratch.resize(std::max(scratch.size(), values.size()));
    scaleColumns(values.data(), Span<const Real>(scale), scratch.data(),
                 int64_t(values.size() / scale.size()), pool);
    values = Span<Real>(scratch.data(), values.size());
  }
  return device.stage(surface(step.to.at, i), step.to.region,
                      Span<const Real>(values));
}

#define ANEC_INSTANTIATE(Real)                                                 \
  template void Executor<Real>::collectStaging(const std::vector<Step> &,      \
                                               int64_t);                       \
  template std::vector<std::unique_ptr<RowStaging>> Executor<Real>::stageRows( \
      size_t, int64_t, bool *);                                                \
  template std::optional<Error> Executor<Real>::stageRest(size_t, int64_t);    \
  template std::optional<Error> Executor<Real>::finishStaging();               \
  template ProgramSet::Request Executor<Real>::loading(size_t, int64_t, bool); \
  template void Executor<Real>::sortLoads();                                   \
  template std::optional<Error> Executor<Real>::runStage(const Step &, int64_t);
ANEC_INSTANTIATE(float)
ANEC_INSTANTIATE(double)
#undef ANEC_INSTANTIATE

} // namespace anec::rt

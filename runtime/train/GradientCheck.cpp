//===- GradientCheck.cpp - Gradients against differences ------------------===//
//
// The same bundle is run forwards for differences and backwards for gradients;
// nothing here knows a model.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/GradientCheck.h"

#include "runtime/support/Random.h"
#include "runtime/support/Safetensors.h"
#include "runtime/train/Batch.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace anec::rt {
namespace {

double rootMeanSquare(Span<const double> values) {
  double sum = 0;
  for (double value : values)
    sum += value * value;
  return std::sqrt(sum / double(values.size()));
}

/// Elements to look at: the largest gradients, then random ones.
std::vector<int64_t> chooseElements(Span<const double> gradient,
                                    int64_t samples,
                                    const RandomStream &random) {
  int64_t count = int64_t(gradient.size());
  samples = std::min(samples, count);
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  int64_t largest = (samples + 1) / 2;
  std::partial_sort(order.begin(), order.begin() + largest, order.end(),
                    [&](int64_t a, int64_t b) {
                      return std::abs(gradient[size_t(a)]) >
                             std::abs(gradient[size_t(b)]);
                    });
  order.resize(size_t(largest));
  for (uint64_t i = 0; int64_t(order.size()) < samples; ++i)
    order.push_back(int64_t(random.below(i, uint64_t(count))));
  return order;
}

/// Batch `number` of the training data for a program, if there is that program.
template <typename Real>
void putBatch(Executor<Real> &executor, const Dataset &data,
              const std::string &program, int64_t number) {
  const Plan &plan = executor.plan();
  if (const HostProgram *found = plan.program(program))
    putTrainingBatch(executor, *found, data, uint64_t(number * plan.batch));
}

class Checker {
public:
  Checker(Executor<double> &executor, const Dataset &data,
          const GradientCheckOptions &options)
      : executor(executor), data(data), options(options) {}

  Result<GradientRow> check(size_t parameter, int64_t index);

private:
  Result<double> lossWith(double &weight, double value) {
    double before = weight;
    weight = value;
    std::optional<Error> error = executor.run("stage");
    Result<double> loss = error ? Result<double>(*error) : meanOfBatches();
    weight = before;
    return loss;
  }

  Result<double> meanOfBatches() {
    double total = 0;
    for (int64_t m = 0; m < options.accumulation; ++m) {
      putBatch(executor, data, "eval_loss", m);
      ANEC_ASSIGN(double loss, runForLoss(executor, "eval_loss"));
      total += loss;
    }
    return total / double(options.accumulation);
  }

  Executor<double> &executor;
  const Dataset &data;
  const GradientCheckOptions &options;
};

Result<GradientRow> Checker::check(size_t parameter, int64_t index) {
  ParameterStore<double> &store = executor.parameters();
  Span<double> master = store.master(parameter, index);
  Span<const double> gradient(store.gradient(parameter, index));
  GradientRow row;
  row.tensor = store.plan().parameters[parameter].tensorName(index);
  row.elements = int64_t(gradient.size());
  row.rms = rootMeanSquare(gradient);
  row.error = -1;
  RandomStream random(options.seed, parameter * 65536 + uint64_t(index));
  for (int64_t element : chooseElements(gradient, options.samples, random)) {
    double &weight = master[size_t(element)];
    ANEC_ASSIGN(double above, lossWith(weight, weight + options.step));
    ANEC_ASSIGN(double below, lossWith(weight, weight - options.step));
    double difference = (above - below) / (2 * options.step);
    double found = gradient[size_t(element)];
    double scale =
        std::max({std::abs(difference), std::abs(found), 1e-3 * row.rms});
    double error = scale == 0 ? 0 : std::abs(difference - found) / scale;
    ++row.samples;
    if (error > row.error || std::isnan(error)) {
      row.error = error;
      row.element = element;
      row.gradient = found;
      row.difference = difference;
    }
    if (std::isnan(error))
      break;
  }
  return row;
}

} // namespace

template <typename Real>
void spreadParameters(ParameterStore<Real> &store, uint64_t seed) {
  const std::vector<Parameter> &parameters = store.plan().parameters;
  for (size_t p = 0; p < parameters.size(); ++p)
    for (int64_t i = 0; i < parameters[p].count; ++i) {
      bool normal = parameters[p].init.kind == Initializer::Kind::Normal;
      RandomStream random(seed, ~(p * 65536 + uint64_t(i)));
      Span<Real> master = store.master(p, i);
      for (size_t e = 0; e < master.size(); ++e)
        master[e] = Real(normal ? 4 * double(master[e])
                                : double(master[e]) + 0.25 * random.normal(e));
    }
}

template <typename Real>
Result<double> computeGradients(Executor<Real> &executor, const Dataset &data,
                                const GradientCheckOptions &options) {
  ParameterStore<Real> &store = executor.parameters();
  store.zeroGradients();
  executor.setLossScale(options.lossScale);
  ANEC_TRY(executor.run("stage"));
  double total = 0;
  for (int64_t m = 0; m < options.accumulation; ++m) {
    const std::string program = executor.microStep(m);
    putBatch(executor, data, program, m);
    ANEC_ASSIGN(double loss, runForLoss(executor, program));
    total += loss;
  }
  ANEC_TRY(executor.finishGradients());
  ANEC_TRY(executor.fetchGradients());
  const double steps = double(options.accumulation);
  const std::vector<Parameter> &parameters = store.plan().parameters;
  for (size_t p = 0; p < parameters.size(); ++p)
    for (int64_t i = 0; parameters[p].trainable && i < parameters[p].count; ++i)
      for (Real &element : store.gradient(p, i))
        element = Real(double(element) / (steps * options.lossScale));
  return total / steps;
}

Result<std::vector<GradientRow>>
checkGradients(Executor<double> &executor, const Dataset &data,
               const GradientCheckOptions &options,
               const std::function<void(const GradientRow &)> &progress) {
  ANEC_ASSIGN(double loss, computeGradients(executor, data, options));
  if (!std::isfinite(loss))
    return makeError(ErrorCode::Diverged,
                     "expects a finite loss to check gradients, but got {}",
                     loss);
  std::vector<GradientRow> rows;
  Checker checker(executor, data, options);
  const std::vector<Parameter> &parameters = executor.plan().parameters;
  for (size_t p = 0; p < parameters.size(); ++p)
    for (int64_t i = 0; parameters[p].trainable && i < parameters[p].count;
         ++i) {
      ANEC_ASSIGN(GradientRow row, checker.check(p, i));
      progress(row);
      rows.push_back(std::move(row));
    }
  ANEC_TRY(executor.run("stage"));
  return rows;
}

template <typename Real>
std::optional<Error> writeGradients(ParameterStore<Real> &store, double loss,
                                    const std::string &path) {
  std::vector<NamedTensor> tensors;
  const std::vector<Parameter> &parameters = store.plan().parameters;
  for (size_t p = 0; p < parameters.size(); ++p)
    for (int64_t i = 0; parameters[p].trainable && i < parameters[p].count;
         ++i) {
      Span<Real> gradient = store.gradient(p, i);
      TensorView view;
      view.type = dataTypeOf(static_cast<const Real *>(nullptr));
      view.shape = store.shape(p);
      view.bytes = {reinterpret_cast<const uint8_t *>(gradient.data()),
                    gradient.size() * sizeof(Real)};
      tensors.push_back({parameters[p].tensorName(i), view});
    }
  return writeSafetensors(path, tensors, {{"loss", fmt::format("{}", loss)}});
}

#define ANEC_INSTANTIATE(Real)                                                 \
  template void spreadParameters(ParameterStore<Real> &, uint64_t);            \
  template Result<double> computeGradients(Executor<Real> &, const Dataset &,  \
                                           const GradientCheckOptions &);      \
  template std::optional<Error> writeGradients(ParameterStore<Real> &, double, \
                                               const std::string &);
ANEC_INSTANTIATE(float)
ANEC_INSTANTIATE(double)
#undef ANEC_INSTANTIATE

} // namespace anec::rt

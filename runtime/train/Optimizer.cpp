//===- Optimizer.cpp - AdamW over all parameters --------------------------===//
//
// Tensors in plan order, so that norms and files are the same each time.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/Optimizer.h"

#include <fmt/ranges.h>

#include <cmath>
#include <cstring>

namespace anec::rt {

Optimizer::Optimizer(ParameterStore<float> &store, const AdamWOptions &options,
                     ThreadPool &pool)
    : store(store), options(options), pool(pool) {
  const std::vector<Parameter> &parameters = store.plan().parameters;
  for (size_t p = 0; p < parameters.size(); ++p)
    for (int64_t i = 0; parameters[p].trainable && i < parameters[p].count;
         ++i) {
      size_t size = store.master(p, i).size();
      moments.push_back(
          {p, i, std::vector<float>(size), std::vector<float>(size)});
    }
}

double Optimizer::gradientNorm() const {
  double total = 0;
  for (const Moments &each : moments)
    total += sumOfSquares(
        Span<const float>(store.gradient(each.parameter, each.index)), pool);
  return std::sqrt(total);
}

std::optional<Error> Optimizer::step(double rate, double scale,
                                     const Changed &changed) {
  ++applied;
  for (Moments &each : moments) {
    const Parameter &parameter = store.plan().parameters[each.parameter];
    bool decays = parameter.decay && parameter.shape.size() > 1;
    adamW(options, rate, applied, decays, scale,
          Span<const float>(store.gradient(each.parameter, each.index)),
          store.master(each.parameter, each.index), each.m, each.v, pool);
    ANEC_TRY(changed(each.parameter, each.index));
  }
  return std::nullopt;
}

std::optional<Error> Optimizer::save(const std::string &path) const {
  return writeSafetensors(path, tensors());
}

std::vector<NamedTensor> Optimizer::tensors() const {
  std::vector<NamedTensor> all;
  for (const Moments &each : moments) {
    const Parameter &parameter = store.plan().parameters[each.parameter];
    for (bool second : {false, true}) {
      const std::vector<float> &values = second ? each.v : each.m;
      TensorView view;
      view.type = DataType::F32;
      view.shape = store.shape(each.parameter);
      view.bytes = {reinterpret_cast<const uint8_t *>(values.data()),
                    values.size() * sizeof(float)};
      all.push_back(
          {parameter.tensorName(each.index) + (second ? ".v" : ".m"), view});
    }
  }
  return all;
}

std::optional<Error> Optimizer::load(const std::string &path,
                                     int64_t appliedSteps) {
  ANEC_ASSIGN(SafetensorsFile file, SafetensorsFile::open(path));
  return load(file, path, appliedSteps);
}

std::optional<Error> Optimizer::load(const SafetensorsFile &file,
                                     const std::string &path,
                                     int64_t appliedSteps) {
  for (Moments &each : moments) {
    const Parameter &parameter = store.plan().parameters[each.parameter];
    for (bool second : {false, true}) {
      std::string name =
          parameter.tensorName(each.index) + (second ? ".v" : ".m");
      const TensorView *view = file.find(name);
      std::vector<int64_t> shape = store.shape(each.parameter);
      if (!view || view->type != DataType::F32 || view->shape != shape)
        return makeError(ErrorCode::InvalidInput,
                         "{}: expects an F32 tensor '{}' of shape {}", path,
                         name, shape);
      std::memcpy((second ? each.v : each.m).data(), view->bytes.data(),
                  view->bytes.size());
    }
  }
  applied = appliedSteps;
  return std::nullopt;
}

} // namespace anec::rt

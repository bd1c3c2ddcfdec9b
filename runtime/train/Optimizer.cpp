//===- Optimizer.cpp - AdamW over all parameters --------------------------===//
//
// Tensors in plan order, so that norms and files are the same each time.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/Optimizer.h"

#include "runtime/support/ThreadPool.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

namespace anec::rt {

Optimizer::Optimizer(ParameterStore<float> &store, const AdamWOptions &options,
                     ThreadPool &pool)
    : store(store), options(options), pool(pool) {
  const std::vector<Parameter> &parameters = store.plan().parameters;
  for (size_t p = 0; p < parameters.size(); ++p)
    for (int64_t i = 0; parameters[p].trainable && i < parameters[p].count;
         ++i) {
      size_t size = store.master(p, i).size();
      const DeviceParameter *where = store.plan().onDevice(p);
      moments.push_back({p, i, LargeArray<float>(size), LargeArray<float>(size),
                         where, LargeArray<float>(where ? size : 0)});
    }
}

double Optimizer::gradientNorm() const {
  double total = 0;
  for (const Moments &each : moments) {
    if (each.where)
      continue;
    const double known = store.gradientSquares(each.parameter, each.index);
    total += !std::isnan(known) ? known
                                : sumOfSquares(Span<const float>(store.gradient(
                                                   each.parameter, each.index)),
                                               pool);
  }
  return std::sqrt(total);
}

std::vector<Optimizer::DeviceTensor> Optimizer::onDevice() const {
  std::vector<DeviceTensor> tensors;
  for (const Moments &each : moments)
    if (each.where)
      tensors.push_back({each.where, each.index, each.m.span(), each.v.span(),
                         each.rest.span()});
  return tensors;
}

/// Elements of the parts in which a piece is changed and handed on: its values
/// are then still in the second cache.
constexpr int64_t partElements = 1 << 15;
/// Elements of a piece; parts share cache lines of packed weights, pieces
/// hardly.
constexpr int64_t pieceElements = 1 << 17;

struct Optimizer::Piece {
  AdamWFactors factors;
  const float *gradient;
  float *parameter, *m, *v;
  int64_t firstRow, rows, columns, rowsPerPart;
  const Receivers *receivers;

  void run() const {
    for (int64_t row = 0; row < rows; row += rowsPerPart) {
      const int64_t count = std::min(rowsPerPart, rows - row);
      const int64_t place = row * columns;
      adamWPart(factors, gradient + place, parameter + place, m + place,
                v + place, count * columns);
      for (const std::unique_ptr<RowStaging> &receiver : receivers->rows)
        receiver->put(firstRow + row, count, parameter + place);
    }
  }
};

bool Optimizer::isVector(size_t parameter) const {
  return store.plan().parameters[parameter].shape.size() < 2;
}

AdamWFactors Optimizer::factorsOf(const Moments &moments, double rate,
                                  double scale) const {
  const Parameter &parameter = store.plan().parameters[moments.parameter];
  const bool decays = parameter.decay && !isVector(moments.parameter);
  return AdamWFactors(options, rate, applied, decays, scale);
}

void Optimizer::cut(const Moments &moments, const AdamWFactors &factors,
                    const Receivers &receivers, std::vector<Piece> &pieces) {
  const std::vector<int64_t> shape = store.shape(moments.parameter);
  const Span<float> master = store.master(moments.parameter, moments.index);
  const Span<float> gradient = store.gradient(moments.parameter, moments.index);
  const int64_t rows = shape.empty() ? 1 : shape[0];
  const int64_t columns = int64_t(master.size()) / std::max<int64_t>(rows, 1);
  int64_t alignment = 1;
  for (const std::unique_ptr<RowStaging> &receiver : receivers.rows)
    alignment = std::lcm(alignment, receiver->rowAlignment());
  // Whole multiples of the alignment that have about so many elements.
  auto rowsFor = [&](int64_t elements) {
    const int64_t unit = alignment * std::max<int64_t>(columns, 1);
    return alignment * std::max<int64_t>(1, elements / unit);
  };
  const int64_t rowsPerPiece = rowsFor(pieceElements);
  for (int64_t row = 0; row < rows; row += rowsPerPiece) {
    const int64_t place = row * columns;
    pieces.push_back({factors, gradient.data() + place, master.data() + place,
                      moments.m.data() + place, moments.v.data() + place, row,
                      std::min(rowsPerPiece, rows - row), columns,
                      rowsFor(partElements), &receivers});
  }
}

void Optimizer::step(double rate, double scale, Listener &listener) {
  ++applied;
  std::vector<const Moments *> tensors;
  std::vector<Receivers> receivers;
  for (const Moments &each : moments)
    if (!each.where) {
      tensors.push_back(&each);
      receivers.push_back(listener.receivers(each.parameter, each.index));
    }
  // Matrices may be received times vectors.
  for (const bool vectors : {true, false}) {
    std::vector<Piece> pieces;
    auto run = [&] {
      pool.parallelFor(int64_t(pieces.size()),
                       [&](int64_t i) { pieces[size_t(i)].run(); });
      pieces.clear();
    };
    auto forEach = [&](bool complete, auto visit) {
      for (size_t i = 0; i < tensors.size(); ++i)
        if (receivers[i].complete == complete &&
            isVector(tensors[i]->parameter) == vectors)
          visit(*tensors[i], receivers[i]);
    };
    // Most tensors in one pass.
    forEach(true, [&](const Moments &each, const Receivers &receivers) {
      cut(each, factorsOf(each, rate, scale), receivers, pieces);
    });
    run();
    // One by one those that somebody reads again while they are in a cache.
    forEach(false, [&](const Moments &each, const Receivers &receivers) {
      cut(each, factorsOf(each, rate, scale), receivers, pieces);
      run();
      listener.changed(each.parameter, each.index);
    });
  }
}

std::vector<std::pair<const char *, Span<float>>>
Optimizer::arraysOf(const Moments &moments) {
  std::vector<std::pair<const char *, Span<float>>> arrays = {
      {".m", moments.m.span()}, {".v", moments.v.span()}};
  if (moments.where)
    arrays.emplace_back(".rest", moments.rest.span());
  return arrays;
}

std::optional<Error> Optimizer::save(const std::string &path) const {
  return writeSafetensors(path, tensors());
}

std::vector<NamedTensor> Optimizer::tensors() const {
  std::vector<NamedTensor> all;
  for (const Moments &each : moments) {
    const Parameter &parameter = store.plan().parameters[each.parameter];
    for (const auto &[suffix, values] : arraysOf(each)) {
      TensorView view;
      view.type = DataType::F32;
      view.shape = store.shape(each.parameter);
      view.bytes = {reinterpret_cast<const uint8_t *>(values.data()),
                    values.size() * sizeof(float)};
      all.push_back({parameter.tensorName(each.index) + suffix, view});
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
    for (const auto &[suffix, values] : arraysOf(each)) {
      std::string name = parameter.tensorName(each.index) + suffix;
      const TensorView *view = file.find(name);
      std::vector<int64_t> shape = store.shape(each.parameter);
      if (!view || view->type != DataType::F32 || view->shape != shape)
        return makeError(ErrorCode::InvalidInput,
                         "{}: expects an F32 tensor '{}' of shape {}", path,
                         name, shape);
      std::memcpy(values.data(), view->bytes.data(), view->bytes.size());
    }
  }
  loaded = true;
  applied = appliedSteps;
  return std::nullopt;
}

} // namespace anec::rt

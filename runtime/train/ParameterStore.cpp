//===- ParameterStore.cpp - Master values and gradients -------------------===//
//
// Full tensors come in and go out; active rows live in between.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/ParameterStore.h"

#include "runtime/support/Convert.h"
#include "runtime/support/Random.h"
#include "runtime/support/ThreadPool.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <limits>

namespace anec::rt {
namespace {

namespace fs = std::filesystem;

uint64_t fnv1a64(const std::string &text) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (char c : text)
    hash = (hash ^ uint8_t(c)) * 0x100000001b3u;
  return hash;
}

/// The safetensors files at `path`, sorted by name.
Result<std::vector<SafetensorsFile>> openAll(const std::string &path) {
  std::vector<std::string> names;
  std::error_code code;
  if (fs::is_directory(path, code)) {
    for (const auto &entry : fs::directory_iterator(path, code))
      if (entry.path().extension() == ".safetensors" &&
          entry.path().filename() != "optimizer.safetensors")
        names.push_back(entry.path().string());
    if (names.empty())
      return makeError(ErrorCode::InvalidInput,
                       "{}: expects .safetensors files, but there are none",
                       path);
    std::sort(names.begin(), names.end());
  } else {
    names.push_back(path);
  }
  std::vector<SafetensorsFile> files;
  for (const std::string &name : names) {
    ANEC_ASSIGN(SafetensorsFile file, SafetensorsFile::open(name));
    files.push_back(std::move(file));
  }
  return files;
}

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

/// Values at a time: enough for a thread to be worth waking.
constexpr int64_t readTile = 1 << 16;

/// Converts `into.size()` values, which may begin at any address.
template <typename From, typename Real>
void convertBytes(const uint8_t *bytes, Span<Real> into) {
  std::array<From, 1024> part;
  for (size_t i = 0; i < into.size(); i += part.size()) {
    const size_t count = std::min(part.size(), into.size() - i);
    std::memcpy(part.data(), bytes + i * sizeof(From), count * sizeof(From));
    convert(part.data(), into.data() + i, int64_t(count));
  }
}

/// BF16 is the upper half of an F32.
template <typename Real>
void convertBf16(const uint8_t *bytes, Span<Real> into) {
  for (size_t i = 0; i < into.size(); ++i) {
    uint32_t bits = uint32_t(bytes[2 * i]) << 16 | uint32_t(bytes[2 * i + 1])
                                                       << 24;
    float value;
    std::memcpy(&value, &bits, sizeof value);
    into[i] = Real(value);
  }
}

template <typename Real>
using BytesConverter = void (*)(const uint8_t *, Span<Real>);

/// Null for types that are no floats.
template <typename Real> BytesConverter<Real> converterFrom(DataType type) {
  switch (type) {
  case DataType::F16:
    return convertBytes<half, Real>;
  case DataType::BF16:
    return convertBf16<Real>;
  case DataType::F32:
    return convertBytes<float, Real>;
  case DataType::F64:
    return convertBytes<double, Real>;
  default:
    return nullptr;
  }
}

/// The values of `view`, which has as many elements as `into`.
template <typename Real>
std::optional<Error> readTensor(const TensorView &view, const std::string &name,
                                const std::string &path, Span<Real> into,
                                ThreadPool &pool) {
  const BytesConverter<Real> convertTo = converterFrom<Real>(view.type);
  if (!convertTo)
    return makeError(ErrorCode::InvalidInput,
                     "{}: expects tensor '{}' to hold floats, but got {}", path,
                     name, dataTypeName(view.type));
  const size_t size = into.empty() ? 0 : view.bytes.size() / into.size();
  pool.parallelTiles(
      int64_t(into.size()), readTile, [&](int64_t begin, int64_t end) {
        convertTo(view.bytes.data() + size_t(begin) * size,
                  into.subspan(size_t(begin), size_t(end - begin)));
      });
  return std::nullopt;
}

/// Normal numbers that one thread draws at a time.
constexpr int64_t drawnTile = 1 << 14;

/// deviation * random.normal(first), ... in double until the one rounding.
template <typename Real>
void draw(const RandomStream &random, double deviation, uint64_t first,
          Span<Real> into) {
  std::array<double, 512> drawn;
  for (size_t i = 0; i < into.size(); i += drawn.size()) {
    const size_t count = std::min(drawn.size(), into.size() - i);
    random.normals(first + i, Span<double>(drawn.data(), count));
    for (size_t k = 0; k < count; ++k)
      into[i + k] = Real(deviation * drawn[k]);
  }
}

} // namespace

template <typename Real>
ParameterStore<Real>::ParameterStore(const Plan &plan, ActiveVocabulary active,
                                     std::optional<uint64_t> seed,
                                     ThreadPool &pool)
    : thePlan(&plan), active(std::move(active)), seed(seed), pool(&pool),
      families(plan.parameters.size()) {
  for (size_t p = 0; p < families.size(); ++p) {
    const Parameter &parameter = plan.parameters[p];
    families[p].masters.resize(size_t(parameter.count));
    families[p].gradients.resize(size_t(parameter.count));
    families[p].holdsGradient.resize(size_t(parameter.count), true);
    families[p].squares.resize(size_t(parameter.count), unknown);
    for (int64_t i = 0; i < parameter.count; ++i) {
      size_t size = 1;
      for (int64_t extent : shape(p))
        size *= size_t(extent);
      families[p].masters[size_t(i)] = LargeArray<Real>(size);
      initialize(p, i, Rows::Active, master(p, i));
      if (parameter.trainable)
        families[p].gradients[size_t(i)] = LargeArray<Real>(size);
    }
  }
}

template <typename Real>
void ParameterStore<Real>::initialize(size_t parameter, int64_t index,
                                      Rows rows, Span<Real> into) const {
  const Parameter &family = thePlan->parameters[parameter];
  // Memory is 0 at first.
  if (!seed || family.init.kind == Initializer::Kind::Zeros)
    return;
  if (family.init.kind == Initializer::Kind::Ones)
    return std::fill(into.begin(), into.end(), Real(1));
  const RandomStream random(*seed, fnv1a64(family.tensorName(index)));
  const double deviation = family.init.standardDeviation;
  if (rows == Rows::All || !isCompacted(parameter))
    return pool->parallelTiles(
        int64_t(into.size()), drawnTile, [&](int64_t begin, int64_t end) {
          draw(random, deviation, uint64_t(begin),
               into.subspan(size_t(begin), size_t(end - begin)));
        });
  const size_t row = into.size() / size_t(active.size());
  pool->parallelTiles(active.size(), 16, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      draw(random, deviation, uint64_t(active.token(i)) * row,
           into.subspan(size_t(i) * row, row));
  });
}

template <typename Real>
bool ParameterStore<Real>::isCompacted(size_t parameter) const {
  return thePlan->parameters[parameter].vocabularyRows &&
         thePlan->compactable && active.isCompact();
}

template <typename Real>
std::vector<int64_t> ParameterStore<Real>::shape(size_t parameter) const {
  std::vector<int64_t> result = thePlan->parameters[parameter].shape;
  if (isCompacted(parameter))
    result[0] = active.size();
  return result;
}

template <typename Real>
Span<Real> ParameterStore<Real>::allRows(size_t parameter, int64_t index) {
  if (!isCompacted(parameter))
    return master(parameter, index);
  LargeArray<Real> &table = families[parameter].fullTable;
  if (table.size() == 0)
    table = LargeArray<Real>(size_t(thePlan->parameters[parameter].elements()));
  return table.span();
}

template <typename Real>
void ParameterStore<Real>::takeRows(size_t parameter, int64_t index) {
  if (!isCompacted(parameter))
    return;
  const Span<Real> full = allRows(parameter, index);
  const Span<Real> compact = master(parameter, index);
  const size_t row = full.size() / size_t(active.fullSize());
  for (int64_t i = 0; i < active.size(); ++i)
    std::copy_n(&full[size_t(active.token(i)) * row], row,
                &compact[size_t(i) * row]);
}

template <typename Real>
void ParameterStore<Real>::putRows(size_t parameter, int64_t index,
                                   Span<Real> full) {
  const Span<Real> compact = master(parameter, index);
  const size_t row = full.size() / size_t(active.fullSize());
  for (int64_t i = 0; i < active.size(); ++i)
    std::copy_n(&compact[size_t(i) * row], row,
                &full[size_t(active.token(i)) * row]);
}

template <typename Real>
Span<Real> ParameterStore<Real>::master(size_t parameter, int64_t index) {
  return families[parameter].masters[size_t(index)].span();
}

template <typename Real>
Span<Real> ParameterStore<Real>::gradient(size_t parameter, int64_t index) {
  Family &family = families[parameter];
  const Span<Real> gradient = family.gradients[size_t(index)].span();
  family.squares[size_t(index)] = unknown; // The caller may write.
  if (!family.holdsGradient[size_t(index)]) {
    std::fill(gradient.begin(), gradient.end(), Real(0));
    family.holdsGradient[size_t(index)] = true;
  }
  return gradient;
}

template <typename Real> void ParameterStore<Real>::zeroGradients() {
  for (Family &family : families) {
    std::fill(family.holdsGradient.begin(), family.holdsGradient.end(), false);
    std::fill(family.squares.begin(), family.squares.end(), unknown);
  }
}

template <typename Real>
Span<Real>
ParameterStore<Real>::gradientToWrite(size_t parameter, int64_t index,
                                      bool *holdsValues, double **squares) {
  Family &family = families[parameter];
  *holdsValues = family.holdsGradient[size_t(index)];
  family.holdsGradient[size_t(index)] = true;
  if (squares)
    *squares = &family.squares[size_t(index)];
  else
    family.squares[size_t(index)] = unknown;
  return family.gradients[size_t(index)].span();
}

template <typename Real>
std::optional<Error> ParameterStore<Real>::load(const std::string &path) {
  ANEC_ASSIGN(std::vector<SafetensorsFile> files, openAll(path));
  return loadAll(
      [&files](const std::string &name) {
        const TensorView *view = nullptr;
        for (const SafetensorsFile &file : files)
          if (!view)
            view = file.find(name);
        return view;
      },
      path);
}

template <typename Real>
std::optional<Error> ParameterStore<Real>::load(const SafetensorsFile &file,
                                                const std::string &path,
                                                const std::string &prefix) {
  return loadAll(
      [&](const std::string &name) { return file.find(prefix + name); }, path);
}

template <typename Real>
std::optional<Error> ParameterStore<Real>::loadAll(
    const std::function<const TensorView *(const std::string &)> &find,
    const std::string &path) {
  for (size_t p = 0; p < families.size(); ++p) {
    const Parameter &parameter = thePlan->parameters[p];
    for (int64_t i = 0; i < parameter.count; ++i) {
      std::string name = parameter.tensorName(i);
      const TensorView *view = find(name);
      if (!view)
        return makeError(ErrorCode::InvalidInput,
                         "{}: expects a tensor '{}', but there is none", path,
                         name);
      if (view->shape != parameter.shape)
        return makeError(ErrorCode::InvalidInput,
                         "{}: expects tensor '{}' to have shape {}, but got {}",
                         path, name, parameter.shape, view->shape);
      ANEC_TRY(readTensor(*view, name, path, allRows(p, i), *pool));
      takeRows(p, i);
    }
  }
  return std::nullopt;
}

template <typename Real>
std::optional<Error> ParameterStore<Real>::save(const std::string &path) {
  return writeSafetensors(path, tensors().views, {{"format", "pt"}});
}

template <typename Real>
typename ParameterStore<Real>::Tensors ParameterStore<Real>::tensors() {
  Tensors all;
  for (size_t p = 0; p < families.size(); ++p) {
    const Parameter &parameter = thePlan->parameters[p];
    for (int64_t i = 0; i < parameter.count; ++i) {
      Span<Real> values = master(p, i);
      if (isCompacted(p)) {
        values = families[p].fullTable.span();
        if (values.empty()) {
          all.tables.emplace_back(size_t(parameter.elements()));
          values = all.tables.back().span();
          initialize(p, i, Rows::All, values);
        }
        putRows(p, i, values);
      }
      TensorView view;
      view.type = dataTypeOf(static_cast<const Real *>(nullptr));
      view.shape = parameter.shape;
      view.bytes = {reinterpret_cast<const uint8_t *>(values.data()),
                    values.size() * sizeof(Real)};
      all.views.push_back({parameter.tensorName(i), view});
    }
  }
  return all;
}

template class ParameterStore<float>;
template class ParameterStore<double>;

} // namespace anec::rt

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

template <typename From, typename Real>
void convertBytes(Span<const uint8_t> bytes, std::vector<Real> &into) {
  std::vector<From> values(into.size());
  std::memcpy(values.data(), bytes.data(), bytes.size());
  convert(values.data(), into.data(), int64_t(into.size()));
}

/// BF16 is the upper half of an F32.
template <typename Real>
void convertBf16(Span<const uint8_t> bytes, std::vector<Real> &into) {
  for (size_t i = 0; i < into.size(); ++i) {
    uint32_t bits = uint32_t(bytes[2 * i]) << 16 | uint32_t(bytes[2 * i + 1])
                                                       << 24;
    float value;
    std::memcpy(&value, &bits, sizeof value);
    into[i] = Real(value);
  }
}

/// The values of `view`, which has as many elements as `into`.
template <typename Real>
std::optional<Error> readTensor(const TensorView &view, const std::string &name,
                                const std::string &path,
                                std::vector<Real> &into) {
  switch (view.type) {
  case DataType::F16:
    convertBytes<half>(view.bytes, into);
    return std::nullopt;
  case DataType::BF16:
    convertBf16(view.bytes, into);
    return std::nullopt;
  case DataType::F32:
    convertBytes<float>(view.bytes, into);
    return std::nullopt;
  case DataType::F64:
    convertBytes<double>(view.bytes, into);
    return std::nullopt;
  default:
    return makeError(ErrorCode::InvalidInput,
                     "{}: expects tensor '{}' to hold floats, but got {}", path,
                     name, dataTypeName(view.type));
  }
}

} // namespace

template <typename Real>
ParameterStore<Real>::ParameterStore(const Plan &plan, ActiveVocabulary active,
                                     std::optional<uint64_t> seed,
                                     ThreadPool &pool)
    : thePlan(&plan), active(std::move(active)),
      families(plan.parameters.size()) {
  for (size_t p = 0; p < families.size(); ++p) {
    const Parameter &parameter = plan.parameters[p];
    families[p].masters.resize(size_t(parameter.count));
    families[p].gradients.resize(size_t(parameter.count));
    families[p].holdsGradient.resize(size_t(parameter.count), true);
    for (int64_t i = 0; i < parameter.count; ++i) {
      std::vector<Real> values(size_t(parameter.elements()));
      if (seed)
        initialize(p, i, *seed, values, pool);
      assign(p, i, std::move(values));
      if (parameter.trainable)
        families[p].gradients[size_t(i)].resize(master(p, i).size());
    }
  }
}

template <typename Real>
void ParameterStore<Real>::initialize(size_t parameter, int64_t index,
                                      uint64_t seed, std::vector<Real> &values,
                                      ThreadPool &pool) const {
  const Parameter &family = thePlan->parameters[parameter];
  switch (family.init.kind) {
  case Initializer::Kind::Zeros:
    return;
  case Initializer::Kind::Ones:
    std::fill(values.begin(), values.end(), Real(1));
    return;
  case Initializer::Kind::Normal:
    RandomStream random(seed, fnv1a64(family.tensorName(index)));
    pool.parallelTiles(
        int64_t(values.size()), 1 << 14, [&](int64_t begin, int64_t end) {
          // In double until the one rounding to Real.
          std::array<double, 512> drawn;
          for (int64_t i = begin; i < end; i += int64_t(drawn.size())) {
            size_t count = std::min(drawn.size(), size_t(end - i));
            random.normals(uint64_t(i), Span<double>(drawn.data(), count));
            for (size_t k = 0; k < count; ++k)
              values[size_t(i) + k] =
                  Real(family.init.standardDeviation * drawn[k]);
          }
        });
  }
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
void ParameterStore<Real>::assign(size_t parameter, int64_t index,
                                  std::vector<Real> values) {
  Family &family = families[parameter];
  if (!isCompacted(parameter)) {
    family.masters[size_t(index)] = std::move(values);
    return;
  }
  size_t row = values.size() / size_t(active.fullSize());
  std::vector<Real> &compact = family.masters[size_t(index)];
  compact.resize(size_t(active.size()) * row);
  for (int64_t i = 0; i < active.size(); ++i)
    std::copy_n(&values[size_t(active.token(i)) * row], row,
                &compact[size_t(i) * row]);
  family.fullTable = std::move(values);
}

template <typename Real>
Span<Real> ParameterStore<Real>::master(size_t parameter, int64_t index) {
  return families[parameter].masters[size_t(index)];
}

template <typename Real>
Span<Real> ParameterStore<Real>::gradient(size_t parameter, int64_t index) {
  Family &family = families[parameter];
  std::vector<Real> &gradient = family.gradients[size_t(index)];
  if (!family.holdsGradient[size_t(index)]) {
    std::fill(gradient.begin(), gradient.end(), Real(0));
    family.holdsGradient[size_t(index)] = true;
  }
  return gradient;
}

template <typename Real> void ParameterStore<Real>::zeroGradients() {
  for (Family &family : families)
    std::fill(family.holdsGradient.begin(), family.holdsGradient.end(), false);
}

template <typename Real>
Span<Real> ParameterStore<Real>::gradientToWrite(size_t parameter,
                                                 int64_t index,
                                                 bool *holdsValues) {
  Family &family = families[parameter];
  *holdsValues = family.holdsGradient[size_t(index)];
  family.holdsGradient[size_t(index)] = true;
  return family.gradients[size_t(index)];
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
      std::vector<Real> values(size_t(parameter.elements()));
      ANEC_TRY(readTensor(*view, name, path, values));
      assign(p, i, std::move(values));
    }
  }
  return std::nullopt;
}

template <typename Real>
std::optional<Error> ParameterStore<Real>::save(const std::string &path) {
  return writeSafetensors(path, tensors(), {{"format", "pt"}});
}

template <typename Real>
std::vector<NamedTensor> ParameterStore<Real>::tensors() {
  std::vector<NamedTensor> all;
  for (size_t p = 0; p < families.size(); ++p) {
    const Parameter &parameter = thePlan->parameters[p];
    Family &family = families[p];
    for (int64_t i = 0; i < parameter.count; ++i) {
      std::vector<Real> *values = &family.masters[size_t(i)];
      if (isCompacted(p)) {
        size_t row = family.fullTable.size() / size_t(active.fullSize());
        for (int64_t a = 0; a < active.size(); ++a)
          std::copy_n(&(*values)[size_t(a) * row], row,
                      &family.fullTable[size_t(active.token(a)) * row]);
        values = &family.fullTable;
      }
      TensorView view;
      view.type = dataTypeOf(static_cast<const Real *>(nullptr));
      view.shape = parameter.shape;
      view.bytes = {reinterpret_cast<const uint8_t *>(values->data()),
                    values->size() * sizeof(Real)};
      all.push_back({parameter.tensorName(i), view});
    }
  }
  return all;
}

template class ParameterStore<float>;
template class ParameterStore<double>;

} // namespace anec::rt

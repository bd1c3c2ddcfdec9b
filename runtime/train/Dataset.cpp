//===- Dataset.cpp - Sequences to train and validate on -------------------===//
//
// Three sources: tokens, arrays of floats, random numbers.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/Dataset.h"

#include "runtime/support/Npy.h"
#include "runtime/support/Random.h"
#include "runtime/support/Sha256.h"
#include "runtime/train/SequenceOrder.h"

#include <fmt/ranges.h>

#include <cstring>
#include <filesystem>

namespace anec::rt {
namespace {

class TokenDataset : public Dataset {
public:
  TokenDataset(TokenData data, ActiveVocabulary vocabulary, int64_t sequence,
               uint64_t seed)
      : data(std::move(data)), vocabulary(std::move(vocabulary)),
        sequence(sequence), seed(seed) {}

  void draw(uint64_t index, Sequence &to) const override {
    at(drawPosition(seed, index, uint64_t(data.size() - sequence)), to);
  }
  int64_t windows() const override { return (data.size() - 1) / sequence; }
  void window(int64_t number, Sequence &to) const override {
    at(number * sequence, to);
  }
  std::string fingerprint() const override { return data.fingerprint(); }

private:
  void at(int64_t position, Sequence &to) const {
    to.tokens.resize(size_t(sequence) + 1);
    data.copy(position, sequence + 1, to.tokens.data());
    for (int32_t &token : to.tokens)
      token = vocabulary.index(token);
    to.targetTokens.assign(to.tokens.begin() + 1, to.tokens.end());
    to.tokens.pop_back();
  }

  TokenData data;
  ActiveVocabulary vocabulary;
  int64_t sequence;
  uint64_t seed;
};

/// The targets of a sequence, as the model takes them.
void setTargets(const float *values, const RealDataShape &shape, Sequence &to) {
  const int64_t count = shape.targetElements();
  if (shape.classes)
    to.targetTokens.assign(values, values + count);
  else
    to.targets.assign(values, values + count);
}

/// Element e of sequence n is random number n * (elements of both) + e, data
/// before targets: normal, or a class.
class SyntheticDataset : public Dataset {
public:
  SyntheticDataset(int64_t count, const RealDataShape &shape, uint64_t seed)
      : count(count), shape(shape), seed(seed) {}

  void draw(uint64_t index, Sequence &to) const override {
    window(drawPosition(seed, index, uint64_t(count)), to);
  }
  int64_t windows() const override { return count; }
  void window(int64_t number, Sequence &to) const override {
    RandomStream random(seed, stream);
    to.data.resize(size_t(shape.dataElements()));
    std::vector<float> targets(size_t(shape.targetElements()));
    uint64_t next = uint64_t(number) * (to.data.size() + targets.size());
    for (float &value : to.data)
      value = float(random.normal(next++));
    for (float &value : targets)
      value = shape.classes
                  ? float(random.below(next++, uint64_t(shape.classes)))
                  : float(random.normal(next++));
    setTargets(targets.data(), shape, to);
  }
  std::string fingerprint() const override {
    return sha256(fmt::format("synthetic:{} seed {}", count, seed));
  }

private:
  static constexpr uint64_t stream = 0x6e6f726d616c3031u;
  int64_t count;
  RealDataShape shape;
  uint64_t seed;
};

/// Sequences of an array: data of one every `dataStride` elements, targets from
/// `firstTarget` on every `targetStride`.
struct ArrayLayout {
  int64_t count, dataStride, firstTarget, targetStride;
};

class ArrayDataset : public Dataset {
public:
  ArrayDataset(std::vector<float> values, ArrayLayout layout,
               const RealDataShape &shape, std::string hash, uint64_t seed)
      : values(std::move(values)), layout(layout), shape(shape),
        hash(std::move(hash)), seed(seed) {}

  void draw(uint64_t index, Sequence &to) const override {
    window(drawPosition(seed, index, uint64_t(layout.count)), to);
  }
  int64_t windows() const override { return layout.count; }
  void window(int64_t number, Sequence &to) const override {
    const float *data = values.data() + number * layout.dataStride;
    to.data.assign(data, data + shape.dataElements());
    setTargets(targets(number), shape, to);
  }
  std::string fingerprint() const override { return hash; }

  const float *targets(int64_t number) const {
    return values.data() + layout.firstTarget + number * layout.targetStride;
  }

private:
  std::vector<float> values;
  ArrayLayout layout;
  RealDataShape shape;
  std::string hash;
  uint64_t seed;
};

template <typename T> std::vector<float> toFloats(const NpyArray &array) {
  std::vector<T> values(array.bytes.size() / sizeof(T));
  std::memcpy(values.data(), array.bytes.data(), array.bytes.size());
  return std::vector<float>(values.begin(), values.end());
}

/// Where sequences are in an array of this shape; nothing when it does not fit.
std::optional<ArrayLayout> layoutOf(const std::vector<int64_t> &dims,
                                    const RealDataShape &shape) {
  const int64_t data = shape.dataElements(), targets = shape.targetElements();
  if (dims.size() == 2 && dims[0] > 0 && dims[1] == data + targets)
    return ArrayLayout{dims[0], dims[1], data, dims[1]};
  if (dims.size() == 4 && dims[0] == 2 && dims[1] > 0 &&
      dims[2] == shape.sequence && dims[3] == shape.features &&
      !shape.classes && shape.targetSequence == shape.sequence &&
      shape.targetFeatures == shape.features)
    return ArrayLayout{dims[1], data, dims[1] * data, data};
  return std::nullopt;
}

/// Targets that are classes must be.
std::optional<Error> checkClasses(const std::string &path,
                                  const ArrayDataset &data,
                                  const RealDataShape &shape) {
  for (int64_t n = 0; shape.classes && n < data.windows(); ++n)
    for (int64_t i = 0; i < shape.targetElements(); ++i) {
      const float value = data.targets(n)[i];
      if (!(value >= 0 && value < float(shape.classes) &&
            value == float(int64_t(value))))
        return makeError(ErrorCode::InvalidInput,
                         "{}: expects targets to be classes from 0 to {}, but "
                         "got {} in sequence {}",
                         path, shape.classes - 1, value, n);
    }
  return std::nullopt;
}

Result<std::unique_ptr<Dataset>>
openArray(const std::string &path, const RealDataShape &shape, uint64_t seed) {
  ANEC_ASSIGN(NpyArray array, readNpy(path));
  bool floats = array.type == DataType::F32 || array.type == DataType::F64;
  std::optional<ArrayLayout> layout = layoutOf(array.shape, shape);
  if (!floats || !layout)
    return makeError(ErrorCode::InvalidInput,
                     "{}: expects F32 or F64 of shape [N, {}], {} of data and "
                     "{} of targets in each row, but got {} of shape {}",
                     path, shape.dataElements() + shape.targetElements(),
                     shape.dataElements(), shape.targetElements(),
                     dataTypeName(array.type), array.shape);
  std::vector<float> values = array.type == DataType::F32
                                  ? toFloats<float>(array)
                                  : toFloats<double>(array);
  auto data = std::make_unique<ArrayDataset>(std::move(values), *layout, shape,
                                             sha256(array.bytes), seed);
  ANEC_TRY(checkClasses(path, *data, shape));
  return std::unique_ptr<Dataset>(std::move(data));
}

} // namespace

std::unique_ptr<Dataset> makeTokenDataset(TokenData data,
                                          ActiveVocabulary vocabulary,
                                          int64_t sequence, uint64_t seed) {
  return std::make_unique<TokenDataset>(std::move(data), std::move(vocabulary),
                                        sequence, seed);
}

Result<std::unique_ptr<Dataset>> openRealDataset(const std::string &name,
                                                 const RealDataShape &shape,
                                                 uint64_t seed) {
  if (isSynthetic(name)) {
    ANEC_ASSIGN(int64_t count, parseSynthetic(name));
    return std::unique_ptr<Dataset>(
        std::make_unique<SyntheticDataset>(count, shape, seed));
  }
  if (std::filesystem::path(name).extension() == ".npy")
    return openArray(name, shape, seed);
  return makeError(ErrorCode::InvalidInput,
                   "{}: expects synthetic:N or a .npy file for a model without "
                   "tokens",
                   name);
}

} // namespace anec::rt

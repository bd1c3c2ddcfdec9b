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

/// Element e of sequence n is normal number n * (elements of both) + e, data
/// before targets.
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
    to.data.resize(size_t(shape.sequence * shape.features));
    to.targets.resize(size_t(shape.sequence * shape.targetFeatures));
    uint64_t next = uint64_t(number) * (to.data.size() + to.targets.size());
    for (float &value : to.data)
      value = float(random.normal(next++));
    for (float &value : to.targets)
      value = float(random.normal(next++));
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

/// The two halves of an array [2, N, S, D].
class ArrayDataset : public Dataset {
public:
  ArrayDataset(std::vector<float> values, int64_t count, int64_t elements,
               std::string hash, uint64_t seed)
      : values(std::move(values)), count(count), elements(elements),
        hash(std::move(hash)), seed(seed) {}

  void draw(uint64_t index, Sequence &to) const override {
    window(drawPosition(seed, index, uint64_t(count)), to);
  }
  int64_t windows() const override { return count; }
  void window(int64_t number, Sequence &to) const override {
    auto first = values.begin() + number * elements;
    to.data.assign(first, first + elements);
    first += count * elements;
    to.targets.assign(first, first + elements);
  }
  std::string fingerprint() const override { return hash; }

private:
  std::vector<float> values;
  int64_t count, elements;
  std::string hash;
  uint64_t seed;
};

template <typename T> std::vector<float> toFloats(const NpyArray &array) {
  std::vector<T> values(array.bytes.size() / sizeof(T));
  std::memcpy(values.data(), array.bytes.data(), array.bytes.size());
  return std::vector<float>(values.begin(), values.end());
}

Result<std::unique_ptr<Dataset>>
openArray(const std::string &path, const RealDataShape &shape, uint64_t seed) {
  ANEC_ASSIGN(NpyArray array, readNpy(path));
  bool floats = array.type == DataType::F32 || array.type == DataType::F64;
  bool fits = array.shape.size() == 4 && array.shape[0] == 2 &&
              array.shape[1] > 0 && array.shape[2] == shape.sequence &&
              array.shape[3] == shape.features &&
              shape.features == shape.targetFeatures;
  if (!floats || !fits)
    return makeError(ErrorCode::InvalidInput,
                     "{}: expects F32 or F64 of shape [2, N, {}, {}], data and "
                     "targets of {} features, but got {} of shape {}",
                     path, shape.sequence, shape.features, shape.targetFeatures,
                     dataTypeName(array.type), array.shape);
  std::vector<float> values = array.type == DataType::F32
                                  ? toFloats<float>(array)
                                  : toFloats<double>(array);
  return std::unique_ptr<Dataset>(std::make_unique<ArrayDataset>(
      std::move(values), array.shape[1], array.shape[2] * array.shape[3],
      sha256(array.bytes), seed));
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

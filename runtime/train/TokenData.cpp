//===- TokenData.cpp - A row of token ids ---------------------------------===//
//
// One function per kind of file, one check for all.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/TokenData.h"

#include "runtime/support/AtomicFile.h"
#include "runtime/support/JsonPlace.h"
#include "runtime/support/Npy.h"
#include "runtime/support/Random.h"
#include "runtime/support/Sha256.h"
#include "runtime/text/Documents.h"

#include <charconv>
#include <cstring>
#include <filesystem>

namespace anec::rt {
namespace {

namespace fs = std::filesystem;

constexpr char syntheticPrefix[] = "synthetic:";
/// Stream of the numbers of synthetic data.
constexpr uint64_t syntheticStream = 0x73796e7468657469u;

std::optional<Error> requireFile(const std::string &path) {
  std::error_code code;
  if (fs::is_regular_file(path, code))
    return std::nullopt;
  return makeError(ErrorCode::InvalidInput,
                   "{}: expects a data file, but there is none", path);
}

template <typename T>
void widen(Span<const uint8_t> bytes, std::vector<int32_t> &to) {
  to.resize(bytes.size() / sizeof(T));
  for (size_t i = 0; i < to.size(); ++i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    // Whatever does not fit must stay outside of every vocabulary.
    bool fits = int64_t(value) >= 0 && int64_t(value) <= INT32_MAX;
    to[i] = fits ? int32_t(value) : -1;
  }
}

} // namespace

bool isSynthetic(const std::string &name) {
  return name.rfind(syntheticPrefix, 0) == 0;
}

Result<int64_t> parseSynthetic(const std::string &name) {
  const char *first = name.data() + sizeof(syntheticPrefix) - 1;
  const char *last = name.data() + name.size();
  int64_t result = 0;
  auto [end, code] = std::from_chars(first, last, result);
  if (code != std::errc() || end != last || result < 1 ||
      result > int64_t(1) << 31)
    return makeError(ErrorCode::InvalidInput,
                     "expects synthetic:N with N from 1 to 2147483648, but got "
                     "'{}'",
                     name);
  return result;
}

Result<TokenSidecar> TokenSidecar::read(const std::string &binPath) {
  TokenSidecar result;
  std::string path = binPath + ".json";
  std::error_code code;
  if (!fs::exists(path, code))
    return result;
  ANEC_ASSIGN(std::string text, readFile(path));
  ANEC_ASSIGN(nlohmann::json document, parseJson(text, path, 1 << 20));
  JsonPlace root(document, path);
  if (root.has("token_bits")) {
    ANEC_ASSIGN(int64_t bits, root.integer("token_bits", 16, 32));
    if (bits != 16 && bits != 32) {
      ANEC_ASSIGN(JsonPlace place, root.member("token_bits"));
      return place.expects("16 or 32");
    }
    result.tokenBits = int(bits);
  }
  if (root.has("tokenizer")) {
    ANEC_ASSIGN(result.tokenizer, root.string("tokenizer"));
  }
  if (root.has("bytes")) {
    ANEC_ASSIGN(result.textBytes, root.integer("bytes", 0, INT64_MAX));
  }
  return result;
}

Result<TokenData> TokenData::open(const std::string &name,
                                  const TokenDataOptions &options) {
  TokenData data;
  std::string extension = fs::path(name).extension().string();
  if (isSynthetic(name)) {
    ANEC_TRY(data.makeSynthetic(name, options));
  } else if (extension == ".bin") {
    ANEC_TRY(data.openBin(name, options));
  } else if (extension == ".txt") {
    ANEC_TRY(data.openText(name, options));
  } else if (extension == ".npy") {
    ANEC_TRY(data.openNpy(name));
  } else {
    return makeError(ErrorCode::InvalidInput,
                     "{}: expects data named .bin, .txt, .npy or synthetic:N, "
                     "but got '{}'",
                     name, extension);
  }
  ANEC_TRY(data.check(name, options));
  return data;
}

std::optional<Error> TokenData::openBin(const std::string &path,
                                        const TokenDataOptions &options) {
  ANEC_TRY(requireFile(path));
  ANEC_ASSIGN(TokenSidecar sidecar, TokenSidecar::read(path));
  int bits = options.tokenBits   ? options.tokenBits
             : sidecar.tokenBits ? sidecar.tokenBits
                                 : 16;
  ANEC_ASSIGN(file, MappedFile::open(path));
  width = bits / 8;
  if (file.bytes().size() % size_t(width) != 0)
    return makeError(ErrorCode::InvalidInput,
                     "{}: expects a multiple of {} bytes for {}-bit token ids, "
                     "but got {} bytes",
                     path, width, bits, file.bytes().size());
  count = int64_t(file.bytes().size()) / width;
  bytes = sidecar.textBytes;
  hash = sha256(file.bytes());
  return std::nullopt;
}

std::optional<Error> TokenData::openText(const std::string &path,
                                         const TokenDataOptions &options) {
  ANEC_TRY(requireFile(path));
  if (!options.tokenizer)
    return makeError(ErrorCode::InvalidInput,
                     "{}: expects a tokenizer for a text file", path);
  ANEC_ASSIGN(std::string text, readFile(path));
  tokens = encodeDocuments(*options.tokenizer, text);
  count = int64_t(tokens.size());
  bytes = int64_t(text.size());
  hash = sha256(text);
  return std::nullopt;
}

std::optional<Error> TokenData::openNpy(const std::string &path) {
  ANEC_TRY(requireFile(path));
  ANEC_ASSIGN(NpyArray array, readNpy(path));
  switch (array.type) {
  case DataType::U8:
    widen<uint8_t>(array.bytes, tokens);
    break;
  case DataType::U16:
    widen<uint16_t>(array.bytes, tokens);
    break;
  case DataType::I32:
    widen<int32_t>(array.bytes, tokens);
    break;
  case DataType::U32:
    widen<uint32_t>(array.bytes, tokens);
    break;
  case DataType::I64:
    widen<int64_t>(array.bytes, tokens);
    break;
  default:
    return makeError(ErrorCode::InvalidInput,
                     "{}: expects token ids of type U8, U16, U32, I32 or I64, "
                     "but got {}",
                     path, dataTypeName(array.type));
  }
  count = int64_t(tokens.size());
  hash = sha256(array.bytes);
  return std::nullopt;
}

std::optional<Error> TokenData::makeSynthetic(const std::string &name,
                                              const TokenDataOptions &options) {
  ANEC_ASSIGN(int64_t sequences, parseSynthetic(name));
  if (sequences > (int64_t(1) << 31) / options.sequence)
    return makeError(
        ErrorCode::InvalidInput,
        "expects at most 2147483648 synthetic tokens, but '{}' with "
        "sequences of {} has more",
        name, options.sequence);
  count = sequences * options.sequence + 1;
  RandomStream random(options.seed, syntheticStream);
  int64_t bound = options.syntheticVocabulary ? options.syntheticVocabulary
                                              : options.vocabulary;
  tokens.resize(size_t(count));
  for (size_t i = 0; i < tokens.size(); ++i)
    tokens[i] = int32_t(random.below(i, uint64_t(bound)));
  hash = sha256(fmt::format("{} seed {}", name, options.seed));
  return std::nullopt;
}

std::optional<Error> TokenData::check(const std::string &name,
                                      const TokenDataOptions &options) {
  if (count < options.sequence + 1)
    return makeError(ErrorCode::InvalidInput,
                     "{}: expects at least {} tokens, one sequence of {} and "
                     "the token after it, but got {}",
                     name, options.sequence + 1, options.sequence, count);
  std::vector<bool> seen(size_t(options.vocabulary), false);
  std::vector<int32_t> part(1 << 16);
  for (int64_t begin = 0; begin < count; begin += int64_t(part.size())) {
    int64_t length = std::min(count - begin, int64_t(part.size()));
    copy(begin, length, part.data());
    for (int64_t i = 0; i < length; ++i) {
      int32_t id = part[size_t(i)];
      if (id < 0 || id >= options.vocabulary)
        return makeError(ErrorCode::InvalidInput,
                         "{}: expects token ids from 0 to {}, but token {} is "
                         "{}",
                         name, options.vocabulary - 1, begin + i, uint32_t(id));
      seen[size_t(id)] = true;
    }
  }
  for (size_t id = 0; id < seen.size(); ++id)
    if (seen[id])
      ids.push_back(int32_t(id));
  return std::nullopt;
}

void TokenData::copy(int64_t begin, int64_t length, int32_t *to) const {
  const uint8_t *from = file.bytes().data();
  switch (width) {
  case 0:
    std::copy_n(tokens.data() + begin, length, to);
    return;
  case 2:
    for (int64_t i = 0; i < length; ++i) {
      uint16_t id;
      std::memcpy(&id, from + 2 * (begin + i), sizeof id);
      to[i] = id;
    }
    return;
  default:
    for (int64_t i = 0; i < length; ++i) {
      uint32_t id;
      std::memcpy(&id, from + 4 * (begin + i), sizeof id);
      to[i] = int32_t(id);
    }
  }
}

} // namespace anec::rt

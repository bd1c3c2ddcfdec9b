//===- TokenData.h - A row of token ids -------------------------*- C++ -*-===//
//
// Opens everything that --data accepts for language models, and checks every
// token id once.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TRAIN_TOKENDATA_H
#define ANEC_RUNTIME_TRAIN_TOKENDATA_H

#include "runtime/support/MappedFile.h"
#include "runtime/text/Tokenizer.h"

#include <string>
#include <vector>

namespace anec::rt {

/// How to open token data.
struct TokenDataOptions {
  /// Ids must be below.
  int64_t vocabulary = 0;
  /// Tokens of one sequence; there must be one more token than that.
  int64_t sequence = 0;
  /// Width of ids in .bin files; 0: as the sidecar says, else 16.
  int tokenBits = 0;
  /// For .txt files; may be null for others.
  const Tokenizer *tokenizer = nullptr;
  /// For synthetic:N.
  uint64_t seed = 0;
  /// Synthetic ids are below; 0: the vocabulary.
  int64_t syntheticVocabulary = 0;
};

/// What the sidecar FILE.bin.json of a .bin file says; every member optional:
/// {"token_bits": 16, "tokenizer": "bytes", "bytes": 12345}.
struct TokenSidecar {
  int tokenBits = 0;
  /// A name for makeTokenizer; empty when unknown.
  std::string tokenizer;
  /// Bytes of the text the tokens came from; 0 when unknown.
  int64_t textBytes = 0;

  /// All defaults when there is no sidecar.
  static Result<TokenSidecar> read(const std::string &binPath);
};

/// Tokens of one file, one after the other.
///
///   FILE.bin      little-endian uint16 or uint32
///   FILE.txt      encodeDocuments of the tokenizer
///   FILE.npy      integers of any shape, row-major
///   synthetic:N   N * sequence + 1 ids, drawn evenly by the seed
class TokenData {
public:
  /// Errors name the file, what was expected and what was found.
  static Result<TokenData> open(const std::string &name,
                                const TokenDataOptions &options);

  int64_t size() const { return count; }
  /// Copies ids [begin, begin + length) to `to`.
  void copy(int64_t begin, int64_t length, int32_t *to) const;
  /// Every id that occurs, ascending.
  const std::vector<int32_t> &distinct() const { return ids; }
  /// SHA-256 of the file, or of the name and seed of synthetic data.
  const std::string &fingerprint() const { return hash; }
  /// Bytes of the text behind the tokens; 0 when unknown.
  int64_t textBytes() const { return bytes; }

private:
  std::optional<Error> openBin(const std::string &path,
                               const TokenDataOptions &options);
  std::optional<Error> openText(const std::string &path,
                                const TokenDataOptions &options);
  std::optional<Error> openNpy(const std::string &path);
  std::optional<Error> makeSynthetic(const std::string &name,
                                     const TokenDataOptions &options);
  std::optional<Error> check(const std::string &name,
                             const TokenDataOptions &options);

  /// Ids are in the mapped file (width 2 or 4) or in `tokens` (width 0).
  MappedFile file;
  int width = 0;
  std::vector<int32_t> tokens;
  int64_t count = 0;
  int64_t bytes = 0;
  std::string hash;
  std::vector<int32_t> ids;
};

/// The N of "synthetic:N", from 1 to 2^31; an error names it otherwise.
Result<int64_t> parseSynthetic(const std::string &name);
bool isSynthetic(const std::string &name);

} // namespace anec::rt

#endif // ANEC_RUNTIME_TRAIN_TOKENDATA_H

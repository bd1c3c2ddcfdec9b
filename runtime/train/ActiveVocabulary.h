//===- ActiveVocabulary.h - The tokens that take part -----------*- C++ -*-===//
//
// Vocabulary compaction: only tokens that occur take part in the embedding and
// the classifier. Everything above the data sees active indices 0..size()-1;
// files and people see token ids.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TRAIN_ACTIVEVOCABULARY_H
#define ANEC_RUNTIME_TRAIN_ACTIVEVOCABULARY_H

#include "runtime/support/Result.h"

#include <cstdint>
#include <vector>

namespace anec::rt {

/// Ascending token ids and the map back. Without compaction every id of the
/// vocabulary is active and both maps are the identity.
class ActiveVocabulary {
public:
  ActiveVocabulary() = default;
  /// All of `vocabulary` tokens.
  explicit ActiveVocabulary(int64_t vocabulary);
  /// The tokens `ids` (any order, repetitions allowed) of `vocabulary`.
  /// Errors: an id outside the vocabulary, or none at all.
  static Result<ActiveVocabulary> select(int64_t vocabulary,
                                         std::vector<int32_t> ids);
  /// Exactly `rows` tokens: `ids`, filled up with the lowest others, for
  /// kernels of a fixed size. Errors: as select, or more ids than rows.
  static Result<ActiveVocabulary> fill(int64_t vocabulary, int64_t rows,
                                       std::vector<int32_t> ids);

  int64_t size() const { return int64_t(tokens.size()); }
  int64_t fullSize() const { return int64_t(positions.size()); }
  bool isCompact() const { return size() != fullSize(); }

  /// The token id at an active index.
  int32_t token(int64_t index) const { return tokens[size_t(index)]; }
  /// The active index of a token id below fullSize(); -1 when inactive.
  int32_t index(int64_t token) const { return positions[size_t(token)]; }
  const std::vector<int32_t> &ids() const { return tokens; }

private:
  std::vector<int32_t> tokens;
  std::vector<int32_t> positions;
};

} // namespace anec::rt

#endif // ANEC_RUNTIME_TRAIN_ACTIVEVOCABULARY_H

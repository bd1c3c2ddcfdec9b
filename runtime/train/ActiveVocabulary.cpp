//===- ActiveVocabulary.cpp - The tokens that take part -------------------===//
//
// Two arrays, one the inverse of the other.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/ActiveVocabulary.h"

#include <algorithm>
#include <numeric>

namespace anec::rt {

ActiveVocabulary::ActiveVocabulary(int64_t vocabulary)
    : tokens(size_t(vocabulary)), positions(size_t(vocabulary)) {
  std::iota(tokens.begin(), tokens.end(), 0);
  positions = tokens;
}

Result<ActiveVocabulary> ActiveVocabulary::select(int64_t vocabulary,
                                                  std::vector<int32_t> ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  if (ids.empty())
    return makeError(ErrorCode::InvalidInput,
                     "expects at least 1 active token, but got none");
  for (int32_t id : {ids.front(), ids.back()})
    if (id < 0 || id >= vocabulary)
      return makeError(ErrorCode::InvalidInput,
                       "expects token ids from 0 to {}, but got {}",
                       vocabulary - 1, id);
  ActiveVocabulary result;
  result.positions.assign(size_t(vocabulary), -1);
  for (size_t i = 0; i < ids.size(); ++i)
    result.positions[size_t(ids[i])] = int32_t(i);
  result.tokens = std::move(ids);
  return result;
}

Result<ActiveVocabulary> ActiveVocabulary::fill(int64_t vocabulary,
                                                int64_t rows,
                                                std::vector<int32_t> ids) {
  if (rows > vocabulary)
    return makeError(ErrorCode::InvalidInput,
                     "expects at most {} active tokens, the vocabulary of the "
                     "model, but got {}",
                     vocabulary, rows);
  std::vector<bool> taken(size_t(vocabulary), false);
  int64_t count = 0;
  for (int32_t id : ids)
    if (id >= 0 && id < vocabulary && !taken[size_t(id)]) {
      taken[size_t(id)] = true;
      ++count;
    }
  if (count > rows)
    return makeError(ErrorCode::InvalidInput,
                     "expects at most {} active tokens, which the bundle was "
                     "compiled for, but the data has {}; compile with "
                     "--active-vocab={} or more",
                     rows, count, count);
  for (int32_t id = 0; id < vocabulary && count < rows; ++id)
    if (!taken[size_t(id)]) {
      ids.push_back(id);
      ++count;
    }
  return select(vocabulary, std::move(ids));
}

} // namespace anec::rt

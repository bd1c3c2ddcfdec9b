//===- Interleave.cpp - Several surfaces in one array ---------------------===//

#include "runtime/device/cpu/Interleave.h"

#include <algorithm>

namespace anec::rt::cpu {
namespace {

struct Columns {
  int64_t first, count;
};

/// The runs of columns for which `isUsed` holds.
template <typename Predicate>
std::vector<Columns> runs(const std::vector<ColumnUse> &row, Predicate isUsed) {
  std::vector<Columns> found;
  for (size_t c = 0; c < row.size(); ++c) {
    if (!isUsed(row[c]))
      continue;
    if (c > 0 && isUsed(row[c - 1]))
      ++found.back().count;
    else
      found.push_back({int64_t(c), 1});
  }
  return found;
}

/// Whether columns of `a`, shifted by `shift`, meet columns of `b` in rows of
/// `width`. From -width to below width.
bool meet(const std::vector<Columns> &a, const std::vector<Columns> &b,
          int64_t shift, int64_t width) {
  for (const Columns &x : a)
    for (const Columns &y : b) {
      // From the beginning of y to that of x, around the row.
      const int64_t distance =
          ((x.first + shift - y.first) % width + width) % width;
      if (distance < y.count || distance + x.count > width)
        return true;
    }
  return false;
}

} // namespace

std::vector<int64_t> interleave(const std::vector<ColumnUse> &row,
                                int64_t count, int64_t unit) {
  const int64_t width = int64_t(row.size());
  const std::vector<Columns> alone =
      runs(row, [](ColumnUse use) { return use == ColumnUse::Alone; });
  const std::vector<Columns> used =
      runs(row, [](ColumnUse use) { return use != ColumnUse::None; });
  auto fits = [&](int64_t shift, const std::vector<int64_t> &shifts) {
    return std::none_of(shifts.begin(), shifts.end(), [&](int64_t other) {
      return meet(alone, used, shift - other, width) ||
             meet(used, alone, shift - other, width);
    });
  };
  std::vector<int64_t> best;
  for (int64_t step : {unit, int64_t(1)}) {
    std::vector<int64_t> shifts;
    for (int64_t shift = 0; shift < width && int64_t(shifts.size()) < count;)
      if (fits(shift, shifts))
        shifts.push_back(shift); // and perhaps the next one too
      else
        shift += step;
    if (shifts.size() > best.size())
      best = std::move(shifts);
  }
  return best;
}

} // namespace anec::rt::cpu

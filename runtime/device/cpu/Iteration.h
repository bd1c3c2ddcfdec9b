//===- Iteration.h - Walking several views together -------------*- C++ -*-===//
//
// Views of one shape as rows that are as long as possible: neighbouring
// dimensions become one where every view allows it.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_CPU_ITERATION_H
#define ANEC_RUNTIME_DEVICE_CPU_ITERATION_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace anec::rt::cpu {

/// The rows of N views; offsets and strides are in elements.
template <size_t N> class Iteration {
public:
  using Offsets = std::array<int64_t, N>;

  Iteration(const std::vector<int64_t> &dims,
            const std::array<std::vector<int64_t>, N> &strides) {
    for (size_t i = 0; i < dims.size(); ++i) {
      if (dims[i] == 1)
        continue;
      Dimension dimension{dims[i], {}};
      for (size_t v = 0; v < N; ++v)
        dimension.strides[v] = strides[v][i];
      if (!outer.empty() && continues(outer.back(), dimension)) {
        dimension.size *= outer.back().size;
        outer.back() = dimension;
      } else {
        outer.push_back(dimension);
      }
    }
    if (outer.empty())
      outer.push_back(Dimension{1, {}});
    inner = outer.back();
    outer.pop_back();
    for (const Dimension &dimension : outer)
      rows *= dimension.size;
  }

  int64_t rowCount() const { return inner.size == 0 ? 0 : rows; }
  int64_t rowLength() const { return inner.size; }
  int64_t innerStride(size_t view) const { return inner.strides[view]; }

  /// Calls `body(offsets)` for the rows from `begin` to before `end`, with the
  /// offset of each view's first element.
  template <typename Body>
  void forEach(int64_t begin, int64_t end, Body body) const {
    if (begin >= end)
      return;
    std::vector<int64_t> index(outer.size(), 0);
    Offsets offsets{};
    int64_t rest = begin;
    for (size_t d = outer.size(); d-- > 0;) {
      index[d] = rest % outer[d].size;
      rest /= outer[d].size;
      for (size_t v = 0; v < N; ++v)
        offsets[v] += index[d] * outer[d].strides[v];
    }
    for (int64_t row = begin; row < end; ++row) {
      body(offsets);
      for (size_t d = outer.size(); d-- > 0;) {
        bool wraps = ++index[d] == outer[d].size;
        int64_t steps = wraps ? 1 - outer[d].size : 1;
        for (size_t v = 0; v < N; ++v)
          offsets[v] += steps * outer[d].strides[v];
        if (!wraps)
          break;
        index[d] = 0;
      }
    }
  }

private:
  struct Dimension {
    int64_t size;
    Offsets strides;
  };

  static bool continues(const Dimension &before, const Dimension &next) {
    for (size_t v = 0; v < N; ++v)
      if (before.strides[v] != next.strides[v] * next.size)
        return false;
    return true;
  }

  std::vector<Dimension> outer;
  Dimension inner;
  int64_t rows = 1;
};

} // namespace anec::rt::cpu

#endif // ANEC_RUNTIME_DEVICE_CPU_ITERATION_H

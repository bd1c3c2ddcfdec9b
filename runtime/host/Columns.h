//===- Columns.h - Exponentials of columns ----------------------*- C++ -*-===//
//
// Softmax and cross entropy go down the columns of [features, tokens]. They
// walk a tile of neighbouring columns together, row by row, on the widest
// vectors of the machine.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_HOST_COLUMNS_H
#define ANEC_RUNTIME_HOST_COLUMNS_H

#include "runtime/host/Tiles.h"
#include "runtime/vector/VectorMath.h"

#include <algorithm>
#include <limits>

namespace anec::rt {

/// A tile of columns begin..end of x [D, T], its largest elements and the sums
/// of exponentials below them. NaN in a column makes both NaN.
template <typename Real> class ColumnTile {
public:
  ColumnTile(const Real *x, int64_t D, int64_t T, int64_t begin, int64_t end)
      : x(x), D(D), T(T), begin(begin), count(end - begin) {
    std::fill_n(maximum, count, -std::numeric_limits<Real>::infinity());
    for (int64_t d = 0; d < D; ++d)
      row.larger(maximum, x + d * T + begin, maximum, count);
    // Sums of a few rows in Real, all of them in double.
    constexpr int64_t rowsPerPart = 32;
    Real powers[tokenTile], part[tokenTile];
    for (int64_t first = 0; first < D; first += rowsPerPart) {
      std::fill_n(part, count, Real(0));
      for (int64_t d = first; d < std::min(D, first + rowsPerPart); ++d) {
        exponentials(d, powers);
        row.add(part, powers, part, count);
      }
      for (int64_t i = 0; i < count; ++i)
        sum[i] += double(part[i]);
    }
  }

  /// y[d, t] = e^(x[d, t] - maximum[t]) * factor[t - begin].
  void scaledExponentials(const Real *factor, Real *y) const {
    for (int64_t d = 0; d < D; ++d) {
      Real *target = y + d * T + begin;
      exponentials(d, target);
      row.multiply(target, factor, target, count);
    }
  }

  /// By column of the tile.
  Real maximum[tokenTile];
  double sum[tokenTile] = {};

private:
  void exponentials(int64_t d, Real *to) const {
    row.subtract(x + d * T + begin, maximum, to, count);
    row.exponential(to, to, count, 0, 0);
  }

  struct RowFunctions {
    BinaryRow<Real> larger = findBinaryRow<Real>("maximum");
    BinaryRow<Real> subtract = findBinaryRow<Real>("sub");
    BinaryRow<Real> add = findBinaryRow<Real>("add");
    BinaryRow<Real> multiply = findBinaryRow<Real>("mul");
    UnaryRow<Real> exponential = findUnaryRow<Real>("exp");
  };
  static const RowFunctions &rowFunctions() {
    static const RowFunctions functions;
    return functions;
  }

  const RowFunctions &row = rowFunctions();
  const Real *x;
  int64_t D, T, begin, count;
};

} // namespace anec::rt

#endif // ANEC_RUNTIME_HOST_COLUMNS_H

//===- Reducer.h - How elements become one ----------------------*- C++ -*-===//
//
// Sums, means and extrema of rows, for reductions by themselves and for those
// that go through rows together with other operators.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_CPU_REDUCER_H
#define ANEC_RUNTIME_DEVICE_CPU_REDUCER_H

#include "runtime/device/cpu/Elementwise.h"
#include "runtime/vector/VectorMath.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

namespace anec::rt::cpu {

enum class Combine { Sum, Maximum, Minimum, Product };
enum class Before { Nothing, Square, Magnitude };
enum class After { Nothing, Mean, Root, Logarithm };

struct Recipe {
  const char *op;
  Combine combine;
  Before before;
  After after;
};

inline constexpr Recipe recipes[] = {
    {"reduce_sum", Combine::Sum, Before::Nothing, After::Nothing},
    {"reduce_mean", Combine::Sum, Before::Nothing, After::Mean},
    {"reduce_max", Combine::Maximum, Before::Nothing, After::Nothing},
    {"reduce_min", Combine::Minimum, Before::Nothing, After::Nothing},
    {"reduce_prod", Combine::Product, Before::Nothing, After::Nothing},
    {"reduce_sum_square", Combine::Sum, Before::Square, After::Nothing},
    {"reduce_l1_norm", Combine::Sum, Before::Magnitude, After::Nothing},
    {"reduce_l2_norm", Combine::Sum, Before::Square, After::Root},
    {"reduce_log_sum", Combine::Sum, Before::Nothing, After::Logarithm}};

/// Null for other operators.
inline const Recipe *findRecipe(std::string_view op) {
  for (const Recipe &recipe : recipes)
    if (recipe.op == op)
      return &recipe;
  return nullptr;
}

/// Combines in the order it is called in; T is float or double.
template <typename T> class Reducer {
public:
  explicit Reducer(const Recipe &recipe)
      : recipe(recipe), combineRow(findBinaryRow<T>(
                            recipe.combine == Combine::Sum       ? "add"
                            : recipe.combine == Combine::Maximum ? "maximum"
                            : recipe.combine == Combine::Minimum ? "minimum"
                                                                 : "mul")),
        prepareRow(recipe.before == Before::Nothing
                       ? nullptr
                       : findUnaryRow<T>(recipe.before == Before::Square
                                             ? "square"
                                             : "abs")) {}

  T neutral() const {
    constexpr T infinity = std::numeric_limits<T>::infinity();
    switch (recipe.combine) {
    case Combine::Sum:
      return 0;
    case Combine::Maximum:
      return -infinity;
    case Combine::Minimum:
      return infinity;
    case Combine::Product:
      break;
    }
    return 1;
  }

  /// Whether the elements are combined by `function` and nothing else is done.
  bool isPlain(BinaryRow<T> function) const {
    return combineRow == function && !prepareRow &&
           recipe.after == After::Nothing;
  }

  /// Element by element into `sums`.
  void addRow(const T *row, T *sums, int64_t count, T *scratch) const {
    if (prepareRow) {
      prepareRow(row, scratch, count, 0, 0);
      row = scratch;
    }
    combineRow(sums, row, sums, count);
  }

  /// Sums of other rows into `sums`.
  void combineRows(const T *row, T *sums, int64_t count) const {
    combineRow(sums, row, sums, count);
  }

  /// All elements of the row.
  T fold(const T *row, int64_t count, T *scratch) const {
    if (prepareRow) {
      prepareRow(row, scratch, count, 0, 0);
      row = scratch;
    }
    if (recipe.combine == Combine::Sum)
      return sumRow(row, count);
    if (recipe.combine == Combine::Maximum)
      return maxRow(row, count);
    T folded = neutral();
    for (int64_t i = 0; i < count; ++i)
      combineRow(&folded, &row[i], &folded, 1);
    return folded;
  }

  T combine(T a, T b) const {
    combineRow(&a, &b, &a, 1);
    return a;
  }

  T finish(T sum, int64_t count) const {
    switch (recipe.after) {
    case After::Nothing:
      return sum;
    case After::Mean:
      return sum / static_cast<T>(count);
    case After::Root:
      return std::sqrt(sum);
    case After::Logarithm:
      break;
    }
    return std::log(sum);
  }

private:
  Recipe recipe;
  BinaryRow<T> combineRow;
  UnaryRow<T> prepareRow;
};

/// Sums across rows of `length` elements are added up in parts of so many rows,
/// and the parts in their order: by an operator alone and by one that shares
/// its rows with others, so that both give the same bits.
inline int64_t rowsPerPart(int64_t length) {
  return std::max<int64_t>(1, elementsPerTask / std::max<int64_t>(1, length));
}

} // namespace anec::rt::cpu

#endif // ANEC_RUNTIME_DEVICE_CPU_REDUCER_H

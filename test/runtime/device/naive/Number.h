//===- Number.h - A number and where others may find it ---------*- C++ -*-===//
//
// The naive executor computes every element in double, rounded as the program
// says, together with an interval that every executor of the same rounding
// steps must hit: f32 sums in any order and functions accurate to four units in
// the last place move a result, and what is computed from it, by so much and no
// more. Exact operators keep intervals of one point, so that they are compared
// bit by bit.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TEST_RUNTIME_DEVICE_NAIVE_NUMBER_H
#define ANEC_TEST_RUNTIME_DEVICE_NAIVE_NUMBER_H

#include <algorithm>
#include <cmath>
#include <limits>

namespace anec::rt::naive {

/// Half the spacing of f32 at 1: one rounding moves a result by this, relative
/// to the result.
constexpr double unit = 0x1p-24;
/// Functions are accurate to four units in the last place, as VectorMath.h
/// says; one is two roundings.
constexpr double functionUnits = 8;
/// exp gives 0 where the result would be subnormal in f32.
constexpr double tiny = 0x1p-126;

/// NaN when one of them is.
inline double maximum(double a, double b) {
  return std::isnan(a) || std::isnan(b) ? NAN : std::max(a, b);
}
inline double minimum(double a, double b) {
  return std::isnan(a) || std::isnan(b) ? NAN : std::min(a, b);
}

struct Number {
  double value = 0, low = 0, high = 0;

  Number() = default;
  Number(double value) : value(value), low(value), high(value) {}
  Number(double value, double low, double high)
      : value(value), low(low), high(high) {}

  /// Nothing is known, not even whether it is a number.
  static Number open(double value) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    return Number(value, -infinity, infinity);
  }

  /// One number, infinity or NaN for certain.
  bool isPoint() const { return !(low < high); }
  bool isOpen() const {
    return std::isinf(low) && std::isinf(high) && low < high;
  }
  /// The largest distance between the value and the interval's ends.
  double error() const {
    return isPoint() ? 0 : std::max(high - value, value - low);
  }
  double magnitude() const { return std::max(std::abs(low), std::abs(high)); }

  bool contains(double found) const {
    if (isOpen())
      return true;
    if (std::isnan(value) || std::isnan(found))
      return std::isnan(value) && std::isnan(found);
    return found >= low && found <= high;
  }
};

/// An interval from results that may not be numbers.
inline Number fromEnds(double value, double low, double high) {
  if (std::isnan(value) && std::isnan(low) && std::isnan(high))
    return Number(value);
  if (std::isnan(value) || std::isnan(low) || std::isnan(high))
    return Number::open(value);
  return Number(value, std::min({value, low, high}),
                std::max({value, low, high}));
}

/// f(x) for a function without extrema inside intervals.
template <typename Function> Number monotone(Function f, const Number &x) {
  if (x.isPoint())
    return Number(f(x.value));
  if (x.isOpen())
    return Number::open(f(x.value));
  return fromEnds(f(x.value), f(x.low), f(x.high));
}

/// f(x, y) for a function that is monotone in either argument.
template <typename Function>
Number corners(Function f, const Number &x, const Number &y) {
  const double value = f(x.value, y.value);
  if (x.isPoint() && y.isPoint())
    return Number(value);
  if (x.isOpen() || y.isOpen())
    return Number::open(value);
  const double ends[] = {f(x.low, y.low), f(x.low, y.high), f(x.high, y.low),
                         f(x.high, y.high)};
  for (double end : ends)
    if (std::isnan(end))
      return Number::open(value);
  return fromEnds(value, *std::min_element(ends, ends + 4),
                  *std::max_element(ends, ends + 4));
}

/// The interval made wider by `error` on both sides.
inline Number widened(const Number &x, double error) {
  if (std::isnan(x.value) || x.isOpen())
    return x;
  if (!std::isfinite(error))
    return Number::open(x.value);
  // Infinite ends stay where they are.
  return Number(x.value, x.low - error, x.high + error);
}

/// Wider by some roundings of the result.
inline Number rounded(const Number &x, double units) {
  if (std::isnan(x.value) || x.isOpen() || std::isinf(x.value))
    return x;
  Number wide = x;
  if (std::isfinite(wide.low))
    wide.low -= units * unit * std::abs(wide.low);
  if (std::isfinite(wide.high))
    wide.high += units * unit * std::abs(wide.high);
  return wide;
}

} // namespace anec::rt::naive

#endif // ANEC_TEST_RUNTIME_DEVICE_NAIVE_NUMBER_H

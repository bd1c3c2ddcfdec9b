//===- ScalarMath.cpp - Functions of rows, one element at a time ----------===//
//
// Computed in double, rounded once.
//
//===----------------------------------------------------------------------===//
#include "runtime/vector/ScalarMath.h"

#include "runtime/support/Convert.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace anec::rt {

namespace {

using Function = double (*)(double x, double alpha, double beta);
using Pair = double (*)(double x, double y);

/// Halves are widened and rounded by rows, through float, as where floats are
/// computed first. Calls body(first, size, a, b) with room for two rows.
template <typename Body> void byChunks(int64_t count, const Body &body) {
  constexpr int64_t chunk = 256;
  float a[chunk], b[chunk];
  for (int64_t first = 0; first < count; first += chunk)
    body(first, std::min(chunk, count - first), a, b);
}

template <typename T, Function function>
void unary(const T *x, T *y, int64_t count, Wide<T> alpha, Wide<T> beta) {
  if constexpr (std::is_same_v<T, half>) {
    byChunks(count, [&](int64_t first, int64_t size, float *a, float *) {
      convert(x + first, a, size);
      unary<float, function>(a, a, size, alpha, beta);
      convert(a, y + first, size);
    });
  } else {
    for (int64_t i = 0; i < count; ++i)
      y[i] = static_cast<T>(function(static_cast<double>(x[i]), alpha, beta));
  }
}

template <typename T, Pair function>
void binary(const T *x, const T *y, T *z, int64_t count) {
  if constexpr (std::is_same_v<T, half>) {
    byChunks(count, [&](int64_t first, int64_t size, float *a, float *b) {
      convert(x + first, a, size);
      convert(y + first, b, size);
      binary<float, function>(a, b, a, size);
      convert(a, z + first, size);
    });
  } else {
    for (int64_t i = 0; i < count; ++i)
      z[i] = static_cast<T>(
          function(static_cast<double>(x[i]), static_cast<double>(y[i])));
  }
}

double logOf(double x, double alpha, double) { return std::log(x + alpha); }
double exp2Of(double x, double, double) { return std::exp2(x); }
double sinOf(double x, double, double) { return std::sin(x); }
double cosOf(double x, double, double) { return std::cos(x); }
double tanOf(double x, double, double) { return std::tan(x); }
double erfOf(double x, double, double) { return std::erf(x); }
double signOf(double x, double, double) {
  return std::isnan(x) ? x : double((x > 0) - (x < 0));
}
double geluOf(double x, double, double) {
  return 0.5 * x * (1 + std::erf(x * 0.70710678118654752440));
}
double softplusOf(double x, double, double) {
  return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
}
double relu6Of(double x, double, double) { return x < 0 ? 0 : x > 6 ? 6 : x; }
double eluOf(double x, double alpha, double) {
  return x < 0 ? alpha * std::expm1(x) : x;
}
double hardOf(double x, double alpha, double beta) {
  double y = alpha * x + beta;
  return y < 0 ? 0 : y > 1 ? 1 : y;
}
double thresholdOf(double x, double alpha, double) {
  return x < alpha ? alpha : x;
}
double thresholdedOf(double x, double alpha, double) {
  return x < alpha ? 0 : x;
}
double notOf(double x, double, double) { return x == 0; }

double powOf(double x, double y) {
  // What norms ask for, ten times as fast; 0 and infinity are as pow says.
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (y == -0.5 && x > 0 && x < infinity)
    return 1 / std::sqrt(x);
  return std::pow(x, y);
}
double floorDivOf(double x, double y) { return std::floor(x / y); }
double modOf(double x, double y) { return x - y * std::floor(x / y); }
double andOf(double x, double y) { return x != 0 && y != 0; }
double orOf(double x, double y) { return x != 0 || y != 0; }
double xorOf(double x, double y) { return (x != 0) != (y != 0); }

} // namespace

template <typename T> UnaryRow<T> findScalarUnary(std::string_view name) {
  struct Row {
    std::string_view name;
    UnaryRow<T> function;
  };
  static constexpr Row rows[] = {{"log", &unary<T, logOf>},
                                 {"exp2", &unary<T, exp2Of>},
                                 {"sin", &unary<T, sinOf>},
                                 {"cos", &unary<T, cosOf>},
                                 {"tan", &unary<T, tanOf>},
                                 {"erf", &unary<T, erfOf>},
                                 {"sign", &unary<T, signOf>},
                                 {"gelu", &unary<T, geluOf>},
                                 {"softplus", &unary<T, softplusOf>},
                                 {"relu6", &unary<T, relu6Of>},
                                 {"elu", &unary<T, eluOf>},
                                 {"sigmoid_hard", &unary<T, hardOf>},
                                 {"threshold", &unary<T, thresholdOf>},
                                 {"thresholded_relu", &unary<T, thresholdedOf>},
                                 {"logical_not", &unary<T, notOf>}};
  for (const Row &row : rows)
    if (row.name == name)
      return row.function;
  return nullptr;
}

template <typename T> BinaryRow<T> findScalarBinary(std::string_view name) {
  struct Row {
    std::string_view name;
    BinaryRow<T> function;
  };
  static constexpr Row rows[] = {
      {"pow", &binary<T, powOf>},       {"floor_div", &binary<T, floorDivOf>},
      {"mod", &binary<T, modOf>},       {"logical_and", &binary<T, andOf>},
      {"logical_or", &binary<T, orOf>}, {"logical_xor", &binary<T, xorOf>}};
  for (const Row &row : rows)
    if (row.name == name)
      return row.function;
  return nullptr;
}

template UnaryRow<half> findScalarUnary(std::string_view);
template BinaryRow<half> findScalarBinary(std::string_view);
template UnaryRow<float> findScalarUnary(std::string_view);
template UnaryRow<double> findScalarUnary(std::string_view);
template BinaryRow<float> findScalarBinary(std::string_view);
template BinaryRow<double> findScalarBinary(std::string_view);

} // namespace anec::rt

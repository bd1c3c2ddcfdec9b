//===- ActivationTable.cpp - Activations as the chip has them -------------===//

#include "runtime/device/sim/ActivationTable.h"

#include <algorithm>
#include <cmath>

namespace anec::rt::sim {
namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double hyperbolicTangent(double x) { return std::tanh(x); }
double gelu(double x) { return x / 2 * (1 + std::erf(x / std::sqrt(2.0))); }
double silu(double x) { return x * sigmoid(x); }

/// How a table follows from its function.
struct Fit {
  std::string_view op;
  double (*function)(double);
  double low, high;
  /// How far knots are moved from the curve: 0 not at all, 1 until the chords
  /// touch the curve in their middle.
  double lean;
  bool isOdd, endsInIdentity;
};

constexpr Fit fits[] = {
    {"sigmoid", sigmoid, -9.938, 8.320, 0.187, false, false},
    {"tanh", hyperbolicTangent, 0, 4.0, 0.1, true, false},
    {"gelu", gelu, -4.09, 4.09, 0.0849, false, true},
    {"silu", silu, -8.28, 8.28, 0.0782, false, true},
};

/// The values at the knots.
std::vector<double> knotValues(const Fit &fit, int64_t knots, double step) {
  std::vector<double> values, gaps; // from the middle of a chord to the curve
  for (int64_t i = 0; i < knots; ++i)
    values.push_back(fit.function(fit.low + step * double(i)));
  for (int64_t i = 0; i + 1 < knots; ++i)
    gaps.push_back(fit.function(fit.low + step * (double(i) + 0.5)) -
                   (values[size_t(i)] + values[size_t(i) + 1]) / 2);
  for (size_t i = 0; i < values.size(); ++i) {
    const double before = gaps[i == 0 ? 0 : i - 1];
    const double after = gaps[std::min(i, gaps.size() - 1)];
    values[i] += fit.lean * (before + after) / 2;
  }
  return values;
}

} // namespace

std::optional<ActivationTable> ActivationTable::of(std::string_view op,
                                                   int64_t knots) {
  const Fit *fit = std::find_if(std::begin(fits), std::end(fits),
                                [&](const Fit &each) { return each.op == op; });
  if (fit == std::end(fits))
    return std::nullopt;
  ActivationTable table;
  table.low = fit->low;
  table.step = (fit->high - fit->low) / double(knots - 1);
  table.isOdd = fit->isOdd;
  table.endsInIdentity = fit->endsInIdentity;
  const std::vector<double> values = knotValues(*fit, knots, table.step);
  for (size_t i = 0; i + 1 < values.size(); ++i) {
    const double slope = (values[i + 1] - values[i]) / table.step;
    const double at = fit->low + table.step * double(i);
    table.slopes.push_back(static_cast<half>(slope));
    table.intercepts.push_back(static_cast<half>(values[i] - slope * at));
  }
  return table;
}

half ActivationTable::operator()(half value) const {
  // A NaN comes in as infinity (num-specials).
  double x = static_cast<float>(value);
  if (std::isnan(x))
    x = INFINITY;
  const double sign = isOdd && std::signbit(x) ? -1 : 1;
  x *= sign;
  const double place = (x - low) / step;
  double y = 0;
  if (place > double(slopes.size()))
    y = endsInIdentity ? x : 1;
  else if (place >= 0) {
    const size_t segment = std::min(size_t(place), slopes.size() - 1);
    y = double(static_cast<float>(slopes[segment])) * x +
        double(static_cast<float>(intercepts[segment]));
  }
  return static_cast<half>(sign * y);
}

} // namespace anec::rt::sim

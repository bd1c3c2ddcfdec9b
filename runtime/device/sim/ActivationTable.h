//===- ActivationTable.h - Activations as the chip has them -----*- C++ -*-===//
//
// The ANE evaluates activations as straight lines between a few knots.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_SIM_ACTIVATIONTABLE_H
#define ANEC_RUNTIME_DEVICE_SIM_ACTIVATIONTABLE_H

#include "runtime/support/Half.h"

#include <optional>
#include <string_view>
#include <vector>

namespace anec::rt::sim {

/// A function of fp16 numbers: straight lines between equally spaced knots,
/// with a slope and an intercept in fp16, and the asymptotes outside.
///
/// Published (ane-guide 03-numerics, M1): 33 knots; the domain of sigmoid; the
/// worst errors of sigmoid, tanh and gelu, 0.0034, 0.0017 and 0.0059; the
/// values of gelu and silu at 0, -0.000543 and -0.001259. Of silu the worst
/// error that ironmill saw, 0.015. The knots' values are not published: they
/// lie on the curve, moved towards the middle of the chords so far that these
/// numbers come out, and so do the domains of the others.
class ActivationTable {
public:
  /// The table of `op` (sigmoid, tanh, gelu, silu); nothing for other
  /// operators, of whose tables not enough is known. `knots` is 2 or more.
  static std::optional<ActivationTable> of(std::string_view op, int64_t knots);

  half operator()(half x) const;

private:
  ActivationTable() = default;

  double low = 0, step = 1;
  bool isOdd = false; ///< Of the magnitude, with the sign of x.
  std::vector<half> slopes, intercepts;
  /// Above the domain: a constant, or x. Below it 0.
  bool endsInIdentity = false;
};

} // namespace anec::rt::sim

#endif // ANEC_RUNTIME_DEVICE_SIM_ACTIVATIONTABLE_H

//===- Imitations.h - Parts of the chip's arithmetic on request -*- C++ -*-===//
//
// What a simulated device computes like the chip only when asked: it takes
// time, and less is known about it than about the rest.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_SIM_IMITATIONS_H
#define ANEC_RUNTIME_DEVICE_SIM_IMITATIONS_H

#include "runtime/target/Profile.h"

#include <string_view>

namespace anec::rt::sim {

/// One member for each rule that says what the chip does.
struct Imitations {
  bool tables = false;      ///< num-lut: activations from tables.
  bool denormals = false;   ///< num-denormals: flushed in products.
  bool partialSums = false; ///< num-partial-sums: products in narrow tiles.
  bool narrowSums = false;  ///< num-reduce: reduce_sum adds up in fp16.

  /// Those that `profile` has a rule for.
  static Imitations allOf(const target::Profile &profile);
  /// "all", or some of tables, denormals, partial-sums and narrow-sums with
  /// commas between. InvalidInput for other words, and as `check`.
  static Result<Imitations> parse(std::string_view text,
                                  const target::Profile &profile);

private:
  /// InvalidInput for a part that `profile` has no rule for, or one with a
  /// number that makes no sense.
  std::optional<Error> check(const target::Profile &profile) const;
};

} // namespace anec::rt::sim

#endif // ANEC_RUNTIME_DEVICE_SIM_IMITATIONS_H

//===- Views.h - Operators that compute nothing -----------------*- C++ -*-===//
//
// Slices, transpositions and most reshapes are other layouts of their operand.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_CPU_VIEWS_H
#define ANEC_RUNTIME_DEVICE_CPU_VIEWS_H

#include "runtime/device/cpu/Tensor.h"
#include "runtime/mil/Operands.h"

#include <optional>
#include <string_view>
#include <vector>

namespace anec::rt::cpu {

/// A result as a part of the operand.
struct View {
  /// Elements from the operand's first to the result's first.
  int64_t offset = 0;
  Layout layout;
};

/// One view per result.
using Views = std::vector<View>;

/// The results of `op` as views of its operand x; nothing when the operator is
/// not a view or this operand would have to be copied first. `shapes` are the
/// results' dimensions.
Result<std::optional<Views>> makeViews(std::string_view op,
                                       const mil::Operands &operands,
                                       const Layout &x,
                                       const std::vector<Dims> &shapes);

} // namespace anec::rt::cpu

#endif // ANEC_RUNTIME_DEVICE_CPU_VIEWS_H

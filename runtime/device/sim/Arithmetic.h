//===- Arithmetic.h - Where the ANE's results differ ------------*- C++ -*-===//
//
// The cpu device computes; this corrects its fp16 results where the hardware is
// known to leave the rules of IEEE arithmetic.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_SIM_ARITHMETIC_H
#define ANEC_RUNTIME_DEVICE_SIM_ARITHMETIC_H

#include "runtime/device/cpu/Kernels.h"
#include "runtime/device/sim/Imitations.h"
#include "runtime/device/sim/RuntimeRules.h"

namespace anec::rt::sim {

/// Wraps every kernel of a program. fp16 results are
///   - infinite where a product (matmul, linear, conv) reaches `productLimit`;
///   - +infinity instead of NaN where an operand has a NaN, else +0: inf - inf
///     and 0 * inf, the root or logarithm of a negative number; activations,
///     extrema and quotients of NaN are those of +infinity, and softmax gives
///     such an element everything;
///   - -45440 for the logarithm of 0;
/// and on request
///   - 0 where a product is denormal;
///   - sigmoid, tanh, gelu and silu from tables (ActivationTable.h);
///   - products and sums with narrow intermediate sums (PartialSums.h).
/// Source: ane-guide, 03-numerics.
cpu::KernelWrapper aneArithmetic(const RuntimeRules &rules,
                                 const Imitations &imitations = {});

} // namespace anec::rt::sim

#endif // ANEC_RUNTIME_DEVICE_SIM_ARITHMETIC_H

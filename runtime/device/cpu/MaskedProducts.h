//===- MaskedProducts.h - Scores that a causal mask covers ------*- C++ -*-===//
//
// Half of what causal attention computes is masked: nobody needs it.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_CPU_MASKEDPRODUCTS_H
#define ANEC_RUNTIME_DEVICE_CPU_MASKEDPRODUCTS_H

#include "runtime/device/cpu/CpuProgram.h"

#include <vector>

namespace anec::rt::cpu {

/// Sets `isMasked` of products whose only reader adds a constant to them that
/// is 0 on the diagonal and at most `coveringMask` above it, and the sum's only
/// reader is a softmax of its rows. `steps` are not fused yet.
void findMaskedProducts(const std::vector<Buffer> &buffers,
                        const std::vector<AlignedBuffer<uint8_t>> &constants,
                        std::vector<Step> &steps);

} // namespace anec::rt::cpu

#endif // ANEC_RUNTIME_DEVICE_CPU_MASKEDPRODUCTS_H

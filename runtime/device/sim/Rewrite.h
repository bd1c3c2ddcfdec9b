//===- Rewrite.h - A program as the device understands it -------*- C++ -*-===//
//
// Some operators silently do something else than the text says. The program is
// rewritten to what they do, so that the cpu device computes it.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_SIM_REWRITE_H
#define ANEC_RUNTIME_DEVICE_SIM_REWRITE_H

#include "runtime/device/sim/RuntimeRules.h"
#include "runtime/mil/Ast.h"

namespace anec::rt::sim {

/// Changes `program` and says whether it did:
///   - attn_mask of scaled_dot_product_attention is ignored (op-sdpa-mask);
///   - slices along the width saturate by `widthSliceScale`;
///   - matmuls with another contraction than a multiple of
///     `contractionMultiple` give zeros.
/// `program` has passed the type checker.
bool rewriteAsExecuted(mil::Program &program, const RuntimeRules &rules);

} // namespace anec::rt::sim

#endif // ANEC_RUNTIME_DEVICE_SIM_REWRITE_H

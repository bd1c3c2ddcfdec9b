//===- Amx.h - Whether products run on matrix units -------------*- C++ -*-===//
//
// Intel's AMX multiplies tiles of bf16. A number of fp16 is the sum of two of
// bf16, one of f32 of three, so that it serves every product of the runtime.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_GEMM_AMX_H
#define ANEC_RUNTIME_GEMM_AMX_H

#include <cstdint>

namespace anec::rt {

/// Whether `gemm` multiplies F16 and F32 operands with AMX in this process: at
/// first where the CPU and the system have it, unless ANEC_AMX=0 is in the
/// environment.
bool isAmxUsed();

/// Terms from which on products use it: shorter sums leave rows of tiles empty,
/// and the parts of numbers of f32 would be rounded more often than those.
constexpr int64_t shortestAmxSum = 64;

/// Chooses for this process; false, and no change, where there is none to use.
/// For tests and benchmarks, while no product is computed and nothing is kept
/// packed.
bool useAmx(bool isUsed);

} // namespace anec::rt

#endif // ANEC_RUNTIME_GEMM_AMX_H

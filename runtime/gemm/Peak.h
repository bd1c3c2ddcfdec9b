//===- Peak.h - What the arithmetic units can do at most --------*- C++ -*-===//
//
// The bound that products are judged against, measured in the same run because
// clocks drift.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_GEMM_PEAK_H
#define ANEC_RUNTIME_GEMM_PEAK_H

namespace anec::rt {

class ThreadPool;

/// Operations per second of independent fused multiply-adds of floats on all
/// threads of `pool`, with the widest vectors of this machine: the median of
/// several short measurements, a tenth of a second in all.
double measurePeakFlops(ThreadPool &pool);

/// The same of products of bf16 on tiles of AMX, of which one of two numbers of
/// fp16 takes four and one of f32 six; 0 where AMX is not used.
double measureAmxPeakFlops(ThreadPool &pool);

} // namespace anec::rt

#endif // ANEC_RUNTIME_GEMM_PEAK_H

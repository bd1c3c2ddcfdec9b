//===- PartialSums.h - How the chip adds up ---------------------*- C++ -*-===//
//
// Matrix products and sums whose intermediate results are narrower than f32.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_SIM_PARTIALSUMS_H
#define ANEC_RUNTIME_DEVICE_SIM_PARTIALSUMS_H

#include "runtime/device/cpu/Kernels.h"

namespace anec::rt::sim {

/// c = a b, or c += a b: `lanes` products at a time are added one after the
/// other, each time on the grid of the larger of the two numbers, and these
/// sums in f32. An intermediate sum that reaches `limit` stays infinite.
///
/// Shapes    a [m, k], b [k, n], c [m, n], any strides, F16 or F32.
/// Numerics  The grid has 12 bits, one more than fp16. Found by this project as
///           the one that gives what ane-guide measured on an M1 with four
///           lanes (03-numerics, 20-datapath-mac): 4096 and 1024 ones are 5116;
///           of sixteen triples B, -B, 1 sixteen ones are left for B up to 4090
///           and four from 4096 to 30000, in either order. Its text says fp16
///           for the tiles, which gives 4 or other numbers for B = 3000.
void laneProduct(int64_t lanes, double limit, int64_t m, int64_t n, int64_t k,
                 const ConstMatrix &a, const ConstMatrix &b, GemmMode mode,
                 const Matrix &c, ThreadPool &pool);

/// reduce_sum and reduce_mean that add up one number after the other, each time
/// rounded so that the sum counts exactly up to `limit`: 2048 is fp16.
/// `preparation` is of one of these operators. Nothing when its axes are known
/// at run time only.
std::optional<cpu::Kernel> narrowSum(const cpu::Preparation &preparation,
                                     int64_t limit);

} // namespace anec::rt::sim

#endif // ANEC_RUNTIME_DEVICE_SIM_PARTIALSUMS_H

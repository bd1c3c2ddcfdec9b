//===- Reference.h - What nn ops compute, by their formulas -----*- C++ -*-===//
//
// Plain loops in double, written from the papers; nothing of the compiler.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TEST_COMPILER_KERNELS_REFERENCE_H
#define ANEC_TEST_COMPILER_KERNELS_REFERENCE_H

#include "KernelRunner.h"

namespace anec::test {

/// Values of a normal distribution, rounded to fp16, so that every device
/// starts from the same numbers. The same for the same seed.
NNTensor randomTensor(std::vector<int64_t> shape, unsigned seed);

/// y = gain * x / sqrt(mean(x^2) + eps). Zhang and Sennrich, arXiv:1910.07467.
NNTensor rmsNorm(const NNTensor &x, const NNTensor &gain, double eps);

/// dx of the above: with r the root, n = x / r and h = gain * dy,
/// dx = (h - n * mean(h * n)) / r.
NNTensor rmsNormGrad(const NNTensor &x, const NNTensor &gain,
                     const NNTensor &dy, double eps);

/// Rotates pairs (2i, 2i+1), or (i, i + headDim/2) with `halves`, of every
/// head by position * theta^(-2i/headDim). Su et al., arXiv:2104.09864.
NNTensor rope(const NNTensor &x, int64_t headDim, double theta, bool halves,
              bool inverse);

/// softmax(q k^T / sqrt(d) + causal mask) v for each head; query head h reads
/// key/value head h % kvHeads. Vaswani et al., arXiv:1706.03762.
NNTensor attention(const NNTensor &q, const NNTensor &k, const NNTensor &v,
                   int64_t heads, int64_t kvHeads);

/// max |a - b| / max |b|.
double relativeError(const NNTensor &a, const NNTensor &b);

/// The largest over tokens of the root mean square of a - b over that of b.
double worstTokenError(const NNTensor &a, const NNTensor &b);

} // namespace anec::test

#endif // ANEC_TEST_COMPILER_KERNELS_REFERENCE_H

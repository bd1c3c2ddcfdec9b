//===- RandomKernel.h - Programs to execute ---------------------*- C++ -*-===//
//
// Well-typed programs of one function that every executor should run: chains
// like those of transformer kernels, mixed with operators of all kinds.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TEST_RUNTIME_MIL_RANDOM_RANDOMKERNEL_H
#define ANEC_TEST_RUNTIME_MIL_RANDOM_RANDOMKERNEL_H

#include "test/runtime/mil/random/FunctionWriter.h"

namespace anec::rt::mil::random {

struct RandomKernel {
  Program program;
  /// Weight files by their path in the text.
  std::map<std::string, std::vector<uint8_t>> blobs;
  /// The parameters, and between which numbers their elements should be.
  std::vector<Var> inputs;
};

/// The kernel of a seed: at most some thousand elements per value and some
/// million multiplications in all.
RandomKernel randomKernel(uint64_t seed);

/// Appends one kernel-like chain; the values it makes go to `pool`.
void writeTransformerChain(FunctionWriter &writer, std::vector<Var> &pool);

/// Appends about `count` operators on values of `pool`, and adds to it.
void writeRandomOps(FunctionWriter &writer, std::vector<Var> &pool,
                    int64_t count);

/// Appends one operator of a family on a value of `pool`, if it finds one that
/// it can work on.
void writeElementwise(FunctionWriter &writer, std::vector<Var> &pool);
void writeMovement(FunctionWriter &writer, std::vector<Var> &pool);
void writeReductionOrProduct(FunctionWriter &writer, std::vector<Var> &pool);

/// A value of `pool` with this element type; none when there is none.
const Var *pickVar(Dice &dice, const std::vector<Var> &pool, bool isFloating);
/// 1 to `most` sizes whose product is at most `elements`.
Dims randomDims(Dice &dice, int64_t most, int64_t elements);

} // namespace anec::rt::mil::random

#endif // ANEC_TEST_RUNTIME_MIL_RANDOM_RANDOMKERNEL_H

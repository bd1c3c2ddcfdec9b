//===- NNOps.td - The ops of the nn dialect ----------------*- tablegen -*-===//
//
// Entry point for tablegen: the groups of ops, each in a file of its own.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_DIALECT_NN_OPS
#define ANEC_DIALECT_NN_OPS

include "dialect/NN/NNStructureOps.td"
include "dialect/NN/NNElementwiseOps.td"
include "dialect/NN/NNLayerOps.td"
include "dialect/NN/NNImageOps.td"
include "dialect/NN/NNShapeOps.td"
include "dialect/NN/NNAttentionOps.td"
include "dialect/NN/NNLossOps.td"
include "dialect/NN/NNOptimizerOps.td"

#endif // ANEC_DIALECT_NN_OPS

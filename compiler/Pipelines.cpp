//===- Pipelines.cpp - The order of passes --------------------------------===//
//
// The only place that orders passes, each with its reason.
//
//===----------------------------------------------------------------------===//

#include "compiler/Pipelines.h"
#include "compiler/Passes.h"
#include "dialect/MIL/MIL.h"
#include "dialect/Plan/Plan.h"
#include "runtime/target/Profile.h"

#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace anec;

void anec::addModelPasses(PassManager &passes, const CompilerOptions &options) {
  OpPassManager &model = passes.nest<nn::ModelOp>();
  // Everything later sees parameters as data.
  model.addPass(createNNLiftParamsPass());
  model.addPass(createNNAutodiffPass({options.breakRule}));
  // Before the cut: what a tap costs depends on which side reads it.
  model.addPass(createNNPlacePass({options.offload, options.target}));
  // Before the cut: what only a gain's gradient reads crosses no more.
  model.addPass(createNNDeriveGainsPass());
  model.addPass(createNNSplitJointPass({options.recompute, options.target}));
  // After the cut: attention is one op to it, never S x S taps.
  model.addPass(createNNSplitCausalMaskPass());
  ANEPartitionPassOptions partition;
  partition.weights = options.weights;
  partition.target = options.target;
  partition.weightsFor.assign(options.weightsFor.begin(),
                              options.weightsFor.end());
  model.addPass(createANEPartitionPass(partition));
  // A weight is folded into in every kernel that reads it, or in none.
  model.addPass(createNNFoldGainsPass({options.target}));
  // Kernels decide where a permutation can go.
  model.addPass(createNNGroupHeadsPass());
  // On kernels as they will be; a witness has no order of features.
  model.addPass(createNNWitnessPass());
  // Two versions of a step, equal in all that was decided so far.
  model.addPass(createNNAccumulateInPlacePass({options.target}));
  // Of gradients that are known to stay where they are.
  model.addPass(createNNOffloadOptimizerPass({options.target}));
}

void anec::addKernelPasses(PassManager &passes,
                           const CompilerOptions &options) {
  passes.nest<nn::ModelOp>().addPass(
      createConvertNNToMILPass({options.target}));
  OpPassManager &program = passes.nest<nn::ModelOp>().nest<mil::ProgramOp>();
  // Merges what lowering op by op repeats, so that packing sees each use once.
  program.addPass(createMILCanonicalizePass());
  // Takes the baked weights away; packing wants the others only.
  program.addPass(createMatmulToConvPass({options.target}));
  program.addPass(createPackWeightsPass({options.target}));
  // Only now is it decided which operand is transposed.
  program.addPass(createMILPadProductsPass({options.target}));
  // Slices and reshapes of packing meet those of lowering.
  program.addPass(createMILCanonicalizePass());
  // What canonicalization has left of them.
  program.addPass(createMILRemoveConcatPass({options.target}));
  // When every reshape that is left has a reason.
  program.addPass(createMILLayoutPass({options.target}));
}

/// A profile's own name: its file is nobody else's business.
static std::string nameOf(const std::string &target) {
  rt::Result<rt::target::Profile> profile = rt::target::loadProfile(target);
  return profile ? profile->name() : target;
}

void anec::addPlanPasses(PassManager &passes, const CompilerOptions &options) {
  passes.nest<nn::ModelOp>().addPass(
      createPlanBuildPass({options.weights, options.offload, options.recompute,
                           nameOf(options.target)}));
  // Last, on what will be written.
  passes.nest<nn::ModelOp>().nest<mil::ProgramOp>().addPass(
      createVerifyANETargetPass({options.target}));
}

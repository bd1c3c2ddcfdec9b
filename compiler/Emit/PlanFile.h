//===- PlanFile.h - plan.json and params.json -------------------*- C++ -*-===//
#ifndef ANEC_COMPILER_EMIT_PLANFILE_H
#define ANEC_COMPILER_EMIT_PLANFILE_H

#include "dialect/NN/NN.h"
#include "dialect/Plan/Plan.h"

#include "llvm/Support/JSON.h"

#include <map>
#include <string>
#include <vector>

namespace anec {

/// The bundle's files but plan.json, by path relative to the bundle.
using BundleFiles = std::map<std::string, std::string>;
/// What the plan says of one kernel beside what plan.kernel holds.
struct KernelDetails {
  std::vector<std::string> blobs; ///< Files beside the text.
  /// The f32 file of a blob that fp16 rounded, by the blob's path.
  std::map<std::string, std::string> exactBlobs;
  /// The same for constants in the text, by their names there.
  std::map<std::string, std::vector<float>> exactValues;
  double recomputedFlops = 0, gradientFlops = 0; ///< See EmittedKernel.
};
/// By the kernel's name.
using BundleDetails = std::map<std::string, KernelDetails>;

/// params.json: every parameter family of the model.
std::string paramsFile(nn::ModelOp model);

/// plan.json, which lists `files` with their sizes and hashes.
std::string planFile(plan::ModuleOp plan, const BundleFiles &files,
                     const BundleDetails &details);

} // namespace anec

#endif // ANEC_COMPILER_EMIT_PLANFILE_H

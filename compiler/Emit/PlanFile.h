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
/// Constant files of each kernel, by the kernel's name.
using KernelBlobs = std::map<std::string, std::vector<std::string>>;

/// params.json: every parameter family of the model.
std::string paramsFile(nn::ModelOp model);

/// plan.json, which lists `files` with their sizes and hashes.
std::string planFile(plan::ModuleOp plan, const BundleFiles &files,
                     const KernelBlobs &blobs);

} // namespace anec

#endif // ANEC_COMPILER_EMIT_PLANFILE_H

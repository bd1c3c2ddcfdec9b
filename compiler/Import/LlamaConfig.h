//===- LlamaConfig.h - The sizes of a published Llama -----------*- C++ -*-===//
//
// Two kinds of files say them: config.json beside a Hugging Face checkpoint,
// and the first bytes of a llama2.c checkpoint. Weights are not read.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_COMPILER_IMPORT_LLAMACONFIG_H
#define ANEC_COMPILER_IMPORT_LLAMACONFIG_H

#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>

namespace anec {

/// Everything a model file needs to know.
struct LlamaConfig {
  /// Whose names the tensors have, and which features rope pairs by default.
  enum class Family { HuggingFace, Llama2c } family = Family::HuggingFace;
  std::string name; ///< Letters, digits and underscores.
  int64_t dim = 0, hidden = 0, layers = 0, heads = 0, kvHeads = 0, headDim = 0;
  int64_t vocabulary = 0, longest = 0; ///< Longest sequence.
  double eps = 1e-5, theta = 10000, deviation = 0.02;
  bool tied = false;        ///< The classifier is the embedding.
  bool interleaved = false; ///< Rope pairs features (2i, 2i + 1).
};

/// Reads either kind from the bytes of `file`, whose name is for messages and
/// for the model's name. An error is one line with the field, what it must be
/// and what it is.
llvm::Expected<LlamaConfig> readLlamaConfig(llvm::StringRef bytes,
                                            llvm::StringRef file);

} // namespace anec

#endif // ANEC_COMPILER_IMPORT_LLAMACONFIG_H

//===- LlamaModel.h - A model file from sizes -------------------*- C++ -*-===//
#ifndef ANEC_COMPILER_IMPORT_LLAMAMODEL_H
#define ANEC_COMPILER_IMPORT_LLAMAMODEL_H

#include "compiler/Import/LlamaConfig.h"

namespace anec {

/// The text of a model file, for `batch` sequences of `sequence` tokens in a
/// micro-step. Tensors have the names of the checkpoint that `config` stands
/// beside.
std::string writeLlamaModel(const LlamaConfig &config, int64_t batch,
                            int64_t sequence);

} // namespace anec

#endif // ANEC_COMPILER_IMPORT_LLAMAMODEL_H

//===- ModelText.h - What is wrong before MLIR looks ------------*- C++ -*-===//
//
// MLIR's parser calls itself for every bracket, and a text of nothing but
// brackets ends in a stack overflow. This bounds what it gets to see.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TOOLS_ANEC_MODELTEXT_H
#define ANEC_TOOLS_ANEC_MODELTEXT_H

#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>

namespace anec {

/// "LINE:COLUMN: error: ..." when brackets are nested deeper than 128 or the
/// text is longer than 16 MiB.
std::optional<std::string> findModelTextProblem(llvm::StringRef text);

} // namespace anec

#endif // ANEC_TOOLS_ANEC_MODELTEXT_H

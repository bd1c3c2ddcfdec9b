//===- Compile.h - What `anec MODEL.ir` does --------------------*- C++ -*-===//
#ifndef ANEC_TOOLS_ANEC_COMPILE_H
#define ANEC_TOOLS_ANEC_COMPILE_H

#include "compiler/Pipelines.h"

#include "mlir/IR/BuiltinOps.h"

namespace anec {

/// The command line of a compilation.
struct CompileCommand {
  std::string input, output;
  std::string emit = "bundle";
  CompilerOptions options;
  int64_t sequence = 0, batch = 0; ///< 0: as written.
  std::string activeVocabulary;    ///< A number or a token file; empty: all.
  std::string printAfter;
  int64_t accumulation = 10; ///< Micro-steps of an update, for the bill.
  /// "text" or "json" prints the bill; empty: none.
  std::string report;
  bool printAfterAll = false;
  bool noConcat = false;
  std::string provenOnly; ///< "T1", "T2", or empty for all.
};

/// Reads the model, applies the sizes of the command line, verifies it and
/// calls `work` while context and diagnostics live. Its result, or 2 after a
/// message.
int withModel(const CompileCommand &command,
              llvm::function_ref<int(mlir::ModuleOp)> work);

/// Exit status: 0 done, 2 for a bad model or file, with a message printed.
int compile(const CompileCommand &command);

} // namespace anec

#endif // ANEC_TOOLS_ANEC_COMPILE_H

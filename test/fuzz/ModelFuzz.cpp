//===- ModelFuzz.cpp - Any bytes as a model file --------------------------===//
//
// Parsed and verified as `anec` does it. MLIR itself is not instrumented: what
// is looked for are mistakes of our dialects.
//
//===----------------------------------------------------------------------===//
#include "dialect/MIL/MIL.h"
#include "dialect/NN/NN.h"
#include "dialect/Plan/Plan.h"
#include "tools/anec/ModelText.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

#include <memory>
#include <optional>
#include <string>

namespace {

std::unique_ptr<mlir::MLIRContext> makeContext() {
  auto context = std::make_unique<mlir::MLIRContext>(
      mlir::MLIRContext::Threading::DISABLED);
  context->loadDialect<mlir::func::FuncDialect, anec::nn::NNDialect,
                       anec::mil::MILDialect, anec::plan::PlanDialect>();
  return context;
}

} // namespace

/// LLVM's allocators mark memory in headers that we compile and give it out in
/// libraries that are not instrumented, which never unmark it.
extern "C" const char *__asan_default_options() {
  return "allow_user_poisoning=0";
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  // A context keeps every type it has seen.
  static std::unique_ptr<mlir::MLIRContext> context;
  static int runs = 0;
  if (runs++ % 1000 == 0)
    context = makeContext();
  // MLIR's lexer wants a 0 behind the text, as a file's buffer has.
  const std::string text(reinterpret_cast<const char *>(data), size);
  if (anec::findModelTextProblem(text))
    return 0;
  mlir::ScopedDiagnosticHandler quiet(
      context.get(), [](mlir::Diagnostic &) { return mlir::success(); });
  mlir::parseSourceString<mlir::ModuleOp>(text, context.get());
  return 0;
}

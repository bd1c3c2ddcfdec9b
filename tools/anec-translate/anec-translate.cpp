//===- anec-translate.cpp - Between IR and files --------------------------===//
//
// --ir-to-mil prints every mil.program of a module as MIL text, --mil-to-ir
// reads such text, of anybody's.
//
//===----------------------------------------------------------------------===//

#include "compiler/Emit/ToMIL.h"
#include "compiler/Import/FromMIL.h"
#include "dialect/MIL/MIL.h"
#include "dialect/NN/NN.h"
#include "runtime/mil/Printer.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;

static LogicalResult printPrograms(Operation *module, raw_ostream &output) {
  WalkResult result = module->walk([&](anec::mil::ProgramOp program) {
    auto kernel = anec::toMIL(program);
    if (failed(kernel))
      return WalkResult::interrupt();
    output << anec::rt::mil::print(kernel->program);
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

static OwningOpRef<Operation *> readProgram(llvm::SourceMgr &sources,
                                            MLIRContext *context) {
  const llvm::MemoryBuffer *text =
      sources.getMemoryBuffer(sources.getMainFileID());
  return anec::fromMIL(text->getBuffer(), text->getBufferIdentifier().str(),
                       context);
}

int main(int argc, char **argv) {
  TranslateFromMLIRRegistration irToMIL(
      "ir-to-mil", "print kernels as MIL text", printPrograms,
      [](DialectRegistry &registry) {
        registry.insert<anec::nn::NNDialect, anec::mil::MILDialect>();
      });
  TranslateToMLIRRegistration milToIR(
      "mil-to-ir", "read MIL text as kernels", readProgram,
      [](DialectRegistry &registry) {
        registry.insert<anec::mil::MILDialect>();
      });
  return failed(mlirTranslateMain(argc, argv, "anec file translation\n"));
}

//===- anec-translate.cpp - Between IR and files --------------------------===//
//
// --ir-to-mil prints every mil.program of a module as MIL text.
//
//===----------------------------------------------------------------------===//

#include "compiler/Emit/ToMIL.h"
#include "dialect/MIL/MIL.h"
#include "dialect/NN/NN.h"
#include "runtime/mil/Printer.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"
#include "mlir/Tools/mlir-translate/Translation.h"

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

int main(int argc, char **argv) {
  TranslateFromMLIRRegistration irToMIL(
      "ir-to-mil", "print kernels as MIL text", printPrograms,
      [](DialectRegistry &registry) {
        registry.insert<anec::nn::NNDialect, anec::mil::MILDialect>();
      });
  return failed(mlirTranslateMain(argc, argv, "anec file translation\n"));
}

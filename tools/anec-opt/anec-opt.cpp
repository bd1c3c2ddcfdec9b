//===- anec-opt.cpp - Runs single passes, for tests -----------------------===//

#include "compiler/Passes.h"
#include "dialect/MIL/MIL.h"
#include "dialect/NN/NN.h"
#include "dialect/Plan/Plan.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char **argv) {
  anec::registerAnecPasses();
  mlir::registerTransformsPasses(); // canonicalize, cse, symbol-dce

  mlir::DialectRegistry registry;
  registry.insert<mlir::func::FuncDialect, anec::nn::NNDialect,
                  anec::mil::MILDialect, anec::plan::PlanDialect>();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "anec pass driver\n", registry));
}

//===- KernelCosts.cpp - What one dispatch of a program costs -------------===//

#include "runtime/bundle/KernelCosts.h"

#include "runtime/mil/Reader.h"
#include "runtime/target/Check.h"

namespace anec::rt {
namespace {

int64_t elements(const std::vector<int64_t> &shape) {
  int64_t result = 1;
  for (int64_t size : shape)
    result *= size;
  return result;
}

} // namespace

double KernelCosts::flops() const {
  double total = 0;
  for (const target::Product &product : work.products)
    total += product.flops();
  return total;
}

Result<KernelCosts> kernelCosts(const std::string &text,
                                const std::string &name) {
  ANEC_ASSIGN(mil::Program program, mil::read(text, name));
  KernelCosts costs;
  costs.work = target::programWork(program);
  for (const mil::Function &function : program.functions)
    for (const mil::Statement &statement : function.statements) {
      costs.ops += statement.op != "const";
      costs.layoutOps += target::isDataMovement(statement.op);
    }
  return costs;
}

double hostFlops(const std::string &op, const std::vector<int64_t> &x,
                 const std::vector<int64_t> &weight) {
  if (op != "linear" && op != "matmul")
    return 0;
  // Two activations: a sum over tokens. Else every token meets every weight.
  if (weight.size() == 3)
    return 2.0 * double(elements(x)) * double(weight.back());
  return 2.0 * double(elements(weight)) * double(x[0] * x[1]);
}

} // namespace anec::rt

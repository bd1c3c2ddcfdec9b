//===- Unary.cpp - Functions of one operand -------------------------------===//
//
// Parameters such as epsilon have the type of x, so they are rounded to it.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/Elementwise.h"
#include "runtime/mil/Builder.h"
#include "runtime/vector/VectorMath.h"

namespace anec::rt::cpu {

namespace {

/// alpha and beta of the function, by operator.
struct Defaults {
  const char *op, *alpha, *beta;
  double value;
};

constexpr Defaults epsilons[] = {{"log", "epsilon", nullptr, 1e-45},
                                 {"rsqrt", "epsilon", nullptr, 1e-12},
                                 {"inverse", "epsilon", nullptr, 1e-4}};

Result<std::string> functionName(const Preparation &preparation) {
  if (preparation.op != "gelu")
    return std::string(preparation.op);
  ANEC_ASSIGN(std::string mode, preparation.operands.string("mode", "EXACT"));
  if (mode == "EXACT")
    return std::string("gelu");
  if (mode == "TANH_APPROXIMATION")
    return std::string("gelu_tanh");
  if (mode == "SIGMOID_APPROXIMATION")
    return std::string("gelu_sigmoid");
  return makeError(ErrorCode::InvalidInput,
                   "expected 'mode' EXACT, TANH_APPROXIMATION or "
                   "SIGMOID_APPROXIMATION, found '{}'",
                   mode);
}

Result<Kernel> prepareUnary(Preparation &preparation) {
  const mil::Operands &operands = preparation.operands;
  ANEC_ASSIGN(std::string name, functionName(preparation));
  ANEC_ASSIGN(double alpha, operands.number("alpha", 0));
  ANEC_ASSIGN(double beta, operands.number("beta", 0));
  for (const Defaults &row : epsilons)
    if (row.op == name) {
      ANEC_ASSIGN(alpha, operands.number(row.alpha, row.value));
    }
  ANEC_ASSIGN(mil::Type type, operands.type("x"));
  if (preparation.numerics == Numerics::Ane) {
    alpha = mil::roundToType(alpha, type.element);
    beta = mil::roundToType(beta, type.element);
  }
  preparation.input("x");
  const UnaryRow<float> narrow = findUnaryRow<float>(name);
  const UnaryRow<double> wide = findUnaryRow<double>(name);
  preparation.goesByRows({RowOperation::Kind::Unary, name, alpha, beta, {}});
  return Kernel([=](const KernelArguments &arguments) {
    if (computesWithDouble(arguments))
      forEachChunk<double, 1>(arguments,
                              [&](const auto &rows, double *y, int64_t count) {
                                wide(rows[0], y, count, alpha, beta);
                              });
    else
      forEachChunk<float, 1>(
          arguments, [&](const auto &rows, float *y, int64_t count) {
            narrow(rows[0], y, count, static_cast<float>(alpha),
                   static_cast<float>(beta));
          });
  });
}

} // namespace

void addUnaryKernels(KernelTable &table) {
  for (const char *name :
       {"exp",        "exp2",         "sqrt",        "square",
        "abs",        "sign",         "ceil",        "floor",
        "round",      "sin",          "cos",         "tan",
        "tanh",       "erf",          "relu",        "relu6",
        "silu",       "sigmoid",      "softplus",    "softsign",
        "log",        "rsqrt",        "inverse",     "gelu",
        "leaky_relu", "elu",          "threshold",   "thresholded_relu",
        "clip",       "sigmoid_hard", "scaled_tanh", "linear_activation",
        "logical_not"})
    table[name] = prepareUnary;
}

} // namespace anec::rt::cpu

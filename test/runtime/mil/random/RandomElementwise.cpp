//===- RandomElementwise.cpp - Element-wise operators ---------------------===//
//
// Chosen so that arguments stay where the function is defined and results do
// not overflow fp16, as far as the guessed ranges are right.
//
//===----------------------------------------------------------------------===//
#include "test/runtime/mil/random/RandomKernel.h"

#include <algorithm>
#include <cmath>

namespace anec::rt::mil::random {

namespace {

/// Results above this are brought back before they are used again.
constexpr double largest = 60;

struct Row {
  const char *op;
  /// The domain; the range of values follows from its ends.
  double lowest, highest;
  double (*function)(double x);
  /// False when extreme values may lie inside.
  bool isMonotone = true;
};

double identityOf(double x) { return x; }
double sigmoidOf(double x) { return 1 / (1 + std::exp(-x)); }
double squareOf(double x) { return x * x; }
double signOf(double x) { return double((x > 0) - (x < 0)); }
double reluOf(double x) { return std::max(x, 0.0); }
double inverseRootOf(double x) { return 1 / std::sqrt(x); }
double inverseOf(double x) { return 1 / x; }
double softplusOf(double x) { return std::log1p(std::exp(x)); }
double softsignOf(double x) { return x / (1 + std::abs(x)); }
double exp(double x) { return std::exp(x); }
double exp2(double x) { return std::exp2(x); }
double sqrt(double x) { return std::sqrt(x); }
double log(double x) { return std::log(x); }
double tan(double x) { return std::tan(x); }
double tanh(double x) { return std::tanh(x); }
double erf(double x) { return std::erf(x); }
double floor(double x) { return std::floor(x); }
double ceil(double x) { return std::ceil(x); }

constexpr Row rows[] = {
    {"exp", -20, 4, exp},
    {"exp2", -20, 6, exp2},
    {"sqrt", 0, 1e9, sqrt},
    {"square", -7, 7, squareOf, false},
    {"abs", -1e9, 1e9, squareOf, false},
    {"sign", -1e9, 1e9, signOf},
    {"ceil", -1e9, 1e9, ceil},
    {"floor", -1e9, 1e9, floor},
    {"round", -1e9, 1e9, identityOf},
    {"sin", -20, 20, signOf, false},
    {"cos", -20, 20, signOf, false},
    {"tan", -1.2, 1.2, tan},
    {"tanh", -1e9, 1e9, tanh},
    {"erf", -1e9, 1e9, erf},
    {"relu", -1e9, 1e9, reluOf},
    {"relu6", -1e9, 1e9, reluOf},
    {"silu", -1e9, 1e9, reluOf, false},
    {"sigmoid", -1e9, 1e9, sigmoidOf},
    {"softplus", -100, 60, softplusOf},
    {"softsign", -1e9, 1e9, softsignOf},
    {"log", 0.01, 1e9, log},
    {"rsqrt", 0.01, 1e9, inverseRootOf},
    {"inverse", 0.02, 1e9, inverseOf},
};

std::vector<Operand> scalar(FunctionWriter &w, const Var &like, double value) {
  return {w.constant(makeFloat(like.type.element, value))};
}

/// Brings values back into [-largest, largest] when they may be beyond.
Var settled(FunctionWriter &w, const Var &x) {
  if (x.magnitude() <= largest)
    return x;
  if (w.dice.chance(0.4))
    return w.unary("tanh", x, -1, 1);
  if (w.dice.chance(0.5))
    return w.scaled(x, 4 / std::min(x.magnitude(), 60000.0));
  const double low = w.dice.uniform(-4, 0), high = w.dice.uniform(0.1, 4);
  return w.op("clip",
              {{"x", {FunctionWriter::ref(x)}},
               {"alpha", scalar(w, x, low)},
               {"beta", scalar(w, x, high)}},
              low, high);
}

Var plainUnary(FunctionWriter &w, const Var &x) {
  std::vector<Row> fitting;
  for (const Row &row : rows)
    if (x.low >= row.lowest && x.high <= row.highest)
      fitting.push_back(row);
  const Row &row = w.dice.pick(fitting);
  const double a = row.function(x.low), b = row.function(x.high);
  if (row.isMonotone)
    return w.unary(row.op, x, std::min(a, b), std::max(a, b));
  const double size = std::max({std::abs(a), std::abs(b), 1.0});
  const std::string op = row.op;
  const bool isPositive = op == "square" || op == "abs";
  return w.unary(op, x, isPositive ? 0 : -size,
                 op == "abs" ? x.magnitude() : size);
}

Var parametrisedUnary(FunctionWriter &w, const Var &x) {
  const double size = x.magnitude();
  const double alpha = w.dice.uniform(0.05, 2), beta = w.dice.uniform(-2, 2);
  const std::vector<Operand> operand = {FunctionWriter::ref(x)};
  switch (w.dice.below(8)) {
  case 0: {
    Arguments arguments = {{"x", operand}};
    if (w.dice.chance(0.8))
      arguments.push_back(
          {"mode",
           {w.constant(makeString(w.dice.pick(
               {"EXACT", "TANH_APPROXIMATION", "SIGMOID_APPROXIMATION"})))}});
    return w.op("gelu", std::move(arguments), -0.2, std::max(x.high, 0.1));
  }
  case 1:
    return w.op(w.dice.pick({"leaky_relu", "elu"}),
                {{"x", operand}, {"alpha", scalar(w, x, alpha)}},
                std::min(0.0, x.low) * 2, std::max(0.0, x.high));
  case 2:
    return w.op(w.dice.pick({"threshold", "thresholded_relu"}),
                {{"x", operand}, {"alpha", scalar(w, x, alpha)}}, 0,
                std::max(x.high, alpha));
  case 3:
    return w.op("linear_activation",
                {{"x", operand},
                 {"alpha", scalar(w, x, alpha)},
                 {"beta", scalar(w, x, beta)}},
                x.low * alpha + beta, x.high * alpha + beta);
  case 4:
    return w.op("sigmoid_hard",
                {{"x", operand},
                 {"alpha", scalar(w, x, alpha)},
                 {"beta", scalar(w, x, beta)}},
                0, 1);
  case 5:
    return w.op("scaled_tanh",
                {{"x", operand},
                 {"alpha", scalar(w, x, alpha)},
                 {"beta", scalar(w, x, 0.5)}},
                -alpha, alpha);
  case 6:
    return w.op("clip",
                {{"x", operand},
                 {"alpha", scalar(w, x, beta)},
                 {"beta", scalar(w, x, beta + alpha)}},
                beta, beta + alpha);
  default:
    return w.unary("identity", x, -size, size);
  }
}

/// A constant that broadcasts against `dims` from either side.
Var broadcastConstant(FunctionWriter &w, ScalarType element, Dims dims,
                      double low, double high) {
  for (int64_t &dim : dims)
    if (w.dice.chance(0.4))
      dim = 1;
  while (!dims.empty() && w.dice.chance(0.3))
    dims.erase(dims.begin());
  if (Type::tensor(element, dims).elementCount() > 3000 || w.dice.chance(0.3))
    dims.clear();
  if (dims.empty())
    return w.namedConstant(makeFloat(element, w.dice.uniform(low, high)), low,
                           high);
  return w.randomConstant(element, dims, low, high);
}

/// Another value of the pool that broadcasts with `x`, or a constant.
Var partner(FunctionWriter &w, const std::vector<Var> &pool, const Var &x,
            double low, double high) {
  for (int tries = 0; tries < 6 && w.dice.chance(0.9); ++tries) {
    const Var *other = pickVar(w.dice, pool, true);
    if (!other || other->type.element != x.type.element || other->low < low ||
        other->high > high)
      continue;
    const size_t rank = std::min(other->dims().size(), x.dims().size());
    bool fits = true;
    int64_t count = 1;
    for (size_t i = 1; i <= rank; ++i) {
      const int64_t a = x.dims()[x.dims().size() - i];
      const int64_t b = other->dims()[other->dims().size() - i];
      fits &= a == b || a == 1 || b == 1;
      count *= std::max(a, b);
    }
    if (fits && count <= 20000)
      return *other;
  }
  return broadcastConstant(w, x.type.element, x.dims(), std::max(low, -3.0),
                           std::min(high, 3.0));
}

Var arithmetic(FunctionWriter &w, const std::vector<Var> &pool, const Var &x) {
  const std::string op =
      w.dice.pick({"add", "sub", "mul", "mul", "maximum", "minimum"});
  const Var y = partner(w, pool, x, -largest, largest);
  return w.dice.chance(0.5) || op == "sub" ? w.binary(op, x, y)
                                           : w.binary(op, y, x);
}

/// Operators whose second operand must stay away from 0, or the first above.
Var division(FunctionWriter &w, const std::vector<Var> &pool, const Var &x) {
  const std::string op = w.dice.pick({"real_div", "floor_div", "mod", "pow"});
  const std::vector<Operand> first = {FunctionWriter::ref(x)};
  if (op == "pow") {
    if (x.low < 0.05 || x.high > 8)
      return arithmetic(w, pool, x);
    const Var y = broadcastConstant(w, x.type.element, x.dims(), -2, 2);
    return w.op(op, {{"x", first}, {"y", {FunctionWriter::ref(y)}}}, 0, 400);
  }
  const Var y = partner(w, pool, x, 0.25, largest);
  const double size = op == "mod" ? y.high : x.magnitude() / 0.25;
  return w.op(op, {{"x", first}, {"y", {FunctionWriter::ref(y)}}},
              op == "mod" ? 0 : -size, size);
}

/// cond ? a : b with a condition of its own.
void choice(FunctionWriter &w, std::vector<Var> &pool, const Var &x) {
  const Var y = partner(w, pool, x, -largest, largest);
  const Var condition = w.op(
      w.dice.pick({"equal", "not_equal", "greater", "greater_equal", "less",
                   "less_equal"}),
      {{"x", {FunctionWriter::ref(x)}}, {"y", {FunctionWriter::ref(y)}}}, 0, 1);
  pool.push_back(condition);
  Var other = condition;
  if (w.dice.chance(0.3))
    other = w.unary("logical_not", condition, 0, 1);
  if (w.dice.chance(0.3))
    other = w.op(w.dice.pick({"logical_and", "logical_or", "logical_xor"}),
                 {{"x", {FunctionWriter::ref(other)}},
                  {"y", {FunctionWriter::ref(condition)}}},
                 0, 1);
  const Var b = broadcastConstant(w, x.type.element, x.dims(), -2, 2);
  pool.push_back(w.op("select",
                      {{"cond", {FunctionWriter::ref(other)}},
                       {"a", {FunctionWriter::ref(x)}},
                       {"b", {FunctionWriter::ref(b)}}},
                      std::min(x.low, b.low), std::max(x.high, b.high)));
}

Var converted(FunctionWriter &w, const Var &x) {
  std::vector<std::string> types = {"fp16", "fp32", "int32", "bool"};
  if (x.magnitude() <= 100)
    types.push_back("int16");
  if (x.low >= 0 && x.high <= 200)
    types.push_back("uint8");
  const std::string name = w.dice.pick(types);
  const bool isBool = name == "bool";
  return w.op("cast",
              {{"x", {FunctionWriter::ref(x)}},
               {"dtype", {w.constant(makeString(name))}}},
              isBool ? 0 : std::trunc(x.low), isBool ? 1 : std::ceil(x.high));
}

/// Integers and bools: a little arithmetic, then back to floats.
Var integerOp(FunctionWriter &w, const Var &x) {
  if (x.type.element == ScalarType::Int32 && x.magnitude() < 1000 &&
      w.dice.chance(0.6)) {
    const std::string op = w.dice.pick(
        {"add", "sub", "mul", "floor_div", "mod", "maximum", "minimum"});
    const int64_t number = w.dice.between(1, 7);
    const double size = x.magnitude() * 7 + 7;
    return w.op(op,
                {{"x", {FunctionWriter::ref(x)}},
                 {"y", {w.constant(makeInt32(number))}}},
                -size, size);
  }
  return w.op(
      "cast",
      {{"x", {FunctionWriter::ref(x)}},
       {"dtype",
        {w.constant(makeString(w.dice.chance(0.7) ? "fp16" : "fp32"))}}},
      x.low, x.high);
}

} // namespace

void writeElementwise(FunctionWriter &writer, std::vector<Var> &pool) {
  Dice &dice = writer.dice;
  if (dice.chance(0.15)) {
    if (const Var *x = pickVar(dice, pool, false))
      pool.push_back(integerOp(writer, *x));
    return;
  }
  const Var *found = pickVar(dice, pool, true);
  if (!found)
    return;
  const Var x = settled(writer, *found);
  const double kind = dice.uniform(0, 1);
  if (kind < 0.3)
    pool.push_back(plainUnary(writer, x));
  else if (kind < 0.45)
    pool.push_back(parametrisedUnary(writer, x));
  else if (kind < 0.75)
    pool.push_back(arithmetic(writer, pool, x));
  else if (kind < 0.85)
    pool.push_back(division(writer, pool, x));
  else if (kind < 0.92)
    choice(writer, pool, x);
  else
    pool.push_back(converted(writer, x));
}

} // namespace anec::rt::mil::random

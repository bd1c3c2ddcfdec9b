//===- NaiveElementwise.cpp - Element by element --------------------------===//
//
// Every function with what an accurate f32 implementation may be off by.
//
//===----------------------------------------------------------------------===//
#include "test/runtime/device/naive/NaiveExecutor.h"

#include <stdexcept>

namespace anec::rt::naive {

namespace {

// ---- One operand ----

/// Parameters of a function, rounded to the type of x.
struct Parameters {
  double alpha, beta, epsilon;
};

struct UnaryRow {
  const char *op;
  double (*function)(double x, const Parameters &p);
  /// Roundings relative to the result, to x, and to 1.
  double ofResult = 0, ofOperand = 0, ofOne = 0;
  /// Above 0 where the function has extrema: how much faster than x it may
  /// change.
  double slope = 0;
};

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double sign(double x) { return std::isnan(x) ? x : double((x > 0) - (x < 0)); }
double geluTanh(double x) {
  const double inner = std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x);
  return 0.5 * x * (1 + std::tanh(inner));
}

constexpr double f = functionUnits;
using P = const Parameters &;

// Round to nearest even is the default rounding mode.
const UnaryRow unaryRows[] = {
    {"identity", [](double x, P) { return x; }},
    {"exp", [](double x, P) { return std::exp(x); }, f},
    {"exp2", [](double x, P) { return std::exp2(x); }, f},
    {"sqrt", [](double x, P) { return std::sqrt(x); }},
    {"square", [](double x, P) { return x * x; }},
    {"abs", [](double x, P) { return std::abs(x); }},
    {"sign", [](double x, P) { return sign(x); }},
    {"ceil", [](double x, P) { return std::ceil(x); }},
    {"floor", [](double x, P) { return std::floor(x); }},
    {"round", [](double x, P) { return std::nearbyint(x); }},
    {"sin", [](double x, P) { return std::sin(x); }, f, 0, f, 1},
    {"cos", [](double x, P) { return std::cos(x); }, f, 0, f, 1},
    {"tan", [](double x, P) { return std::tan(x); }, f, 0, f},
    {"tanh", [](double x, P) { return std::tanh(x); }, f},
    {"erf", [](double x, P) { return std::erf(x); }, f},
    {"log", [](double x, P p) { return std::log(x + p.epsilon); }, f, 0, 4},
    {"rsqrt", [](double x, P p) { return 1 / std::sqrt(x + p.epsilon); }, f},
    {"inverse", [](double x, P p) { return 1 / (x + p.epsilon); }, 4},
    {"relu", [](double x, P) { return x < 0 ? 0 : x; }},
    {"relu6", [](double x, P) { return x < 0   ? 0
                                       : x > 6 ? 6
                                               : x; }},
    {"sigmoid", [](double x, P) { return sigmoid(x); }, f},
    {"silu", [](double x, P) { return x * sigmoid(x); }, f, 0, 0, 1.1},
    {"gelu",
     [](double x, P) { return x / 2 * (1 + std::erf(x / std::sqrt(2.0))); }, f,
     f, 0, 1.2},
    {"gelu_tanh", [](double x, P) { return geluTanh(x); }, f, f, 0, 1.2},
    {"gelu_sigmoid", [](double x, P) { return x * sigmoid(1.702 * x); }, f, f,
     0, 1.2},
    {"softplus",
     [](double x, P) {
       return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
     },
     f, 0, 4},
    {"softsign", [](double x, P) { return x / (1 + std::abs(x)); }, 4},
    {"leaky_relu", [](double x, P p) { return x < 0 ? p.alpha * x : x; }},
    {"elu", [](double x, P p) { return x < 0 ? p.alpha * std::expm1(x) : x; },
     f, 0, 4},
    {"sigmoid_hard",
     [](double x, P p) {
       return std::min(std::max(p.alpha * x + p.beta, 0.0), 1.0);
     },
     4, 4, 4},
    {"linear_activation", [](double x, P p) { return p.alpha * x + p.beta; }, 4,
     4, 4},
    {"scaled_tanh",
     [](double x, P p) { return p.alpha * std::tanh(p.beta * x); }, f, 4},
    // NaN stays, here and below.
    {"thresholded_relu", [](double x, P p) { return x < p.alpha ? 0 : x; }},
    {"threshold", [](double x, P p) { return std::max(x, p.alpha); }},
    {"clip",
     [](double x, P p) {
       return x < p.alpha ? p.alpha : x > p.beta ? p.beta : x;
     }},
    {"logical_not", [](double x, P) { return x == 0 ? 1.0 : 0.0; }}};

Number apply(const UnaryRow &row, const Number &x, const Parameters &p) {
  auto function = [&](double number) { return row.function(number, p); };
  const bool isSquare = std::string_view(row.op) == "square";
  const bool isAbs = std::string_view(row.op) == "abs";
  Number y;
  if (isSquare || isAbs) {
    // The smallest value is at 0 when the interval holds it.
    y = monotone(function, x);
    if (x.low < 0 && x.high > 0)
      y.low = 0;
  } else if (row.slope > 0 && !x.isPoint()) {
    y = widened(Number(function(x.value)), row.slope * x.error());
  } else {
    y = monotone(function, x);
  }
  if (std::isinf(y.value))
    return y;
  if (row.ofOperand > 0 || row.ofOne > 0)
    y = widened(y, unit * (row.ofOperand * x.magnitude() *
                               std::max(1.0, std::abs(p.alpha)) +
                           row.ofOne * std::max(1.0, std::abs(p.beta))));
  y = rounded(y, row.ofResult);
  // silu and gelu multiply what was flushed to 0 by x.
  return row.ofResult >= functionUnits
             ? widened(y, tiny * std::max(1.0, x.magnitude()))
             : y;
}

std::vector<Tensor> unary(const Call &call) {
  const Tensor &x = call.tensor("x");
  std::string name = call.op;
  if (name == "gelu") {
    const std::string mode = call.text("mode", "EXACT");
    if (mode == "TANH_APPROXIMATION")
      name = "gelu_tanh";
    else if (mode == "SIGMOID_APPROXIMATION")
      name = "gelu_sigmoid";
  }
  const double epsilon = name == "log" ? 1e-45 : name == "rsqrt" ? 1e-12 : 1e-4;
  const Parameters parameters = {
      stored(call.number("alpha", 0), x.element, call.numerics),
      stored(call.number("beta", 0), x.element, call.numerics),
      stored(call.number("epsilon", epsilon), x.element, call.numerics)};
  Tensor y = call.result(x.dims);
  for (const UnaryRow &row : unaryRows)
    if (row.op == name) {
      for (size_t i = 0; i < x.numbers.size(); ++i)
        y.numbers[i] = apply(row, x.numbers[i], parameters);
      return {y};
    }
  throw std::logic_error("unknown function " + name);
}

// ---- Several operands, broadcast ----

Dims broadcastDims(const Dims &a, const Dims &b) {
  const Dims &longer = a.size() >= b.size() ? a : b;
  const Dims &shorter = a.size() >= b.size() ? b : a;
  Dims dims = longer;
  const size_t skip = longer.size() - shorter.size();
  for (size_t i = 0; i < shorter.size(); ++i)
    if (dims[skip + i] == 1)
      dims[skip + i] = shorter[i];
  return dims;
}

/// Element of `x` for an index of the larger shape.
const Number &broadcastAt(const Tensor &x, const Dims &index) {
  const size_t skip = index.size() - x.dims.size();
  int64_t place = 0;
  for (size_t i = 0; i < x.dims.size(); ++i)
    place = place * x.dims[i] + (x.dims[i] == 1 ? 0 : index[skip + i]);
  return x.numbers[static_cast<size_t>(place)];
}

/// A quotient that may lie on either side of 0 is not known.
Number divide(const Number &x, const Number &y) {
  const double value = x.value / y.value;
  if (!y.isPoint() && y.low <= 0 && y.high >= 0)
    return Number::open(value);
  return corners([](double a, double b) { return a / b; }, x, y);
}

/// A quotient just below an integer may be rounded up to it in f32.
Number floorDivide(const Number &x, const Number &y, bool isFloating) {
  const Number q = divide(x, y);
  if (std::isnan(q.value) || q.isOpen())
    return q;
  const double high =
      isFloating ? static_cast<double>(static_cast<float>(q.high)) : q.high;
  return Number(std::floor(q.value), std::floor(q.low), std::floor(high));
}

/// x - y * floor(x / y).
Number modulo(const Number &x, const Number &y, bool isFloating) {
  const Number q = floorDivide(x, y, isFloating);
  const double value = x.value - y.value * q.value;
  if (q.isOpen() || !std::isfinite(value))
    return q.isPoint() ? Number(value) : Number::open(value);
  const double error = x.error() + std::abs(q.value) * y.error() +
                       (q.high - q.low) * y.magnitude() +
                       (isFloating ? 2 * unit * std::abs(x.value) : 0);
  return widened(Number(value), error);
}

/// 0, 1, or both.
Number truth(bool value, bool isCertain) {
  return isCertain ? Number(value) : Number(value, 0, 1);
}

Number compare(const std::string &op, const Number &x, const Number &y) {
  const double a = x.value, b = y.value;
  const bool value = op == "equal"           ? a == b
                     : op == "not_equal"     ? a != b
                     : op == "greater"       ? a > b
                     : op == "greater_equal" ? a >= b
                     : op == "less"          ? a < b
                                             : a <= b;
  const bool isApart = x.high < y.low || y.high < x.low;
  return truth(value, (x.isPoint() && y.isPoint()) || isApart);
}

Number logical(const std::string &op, const Number &x, const Number &y) {
  const bool a = x.value != 0, b = y.value != 0;
  const bool value = op == "logical_and"  ? a && b
                     : op == "logical_or" ? a || b
                                          : a != b;
  return truth(value, x.isPoint() && y.isPoint());
}

Number binaryNumber(const std::string &op, const Number &x, const Number &y,
                    bool isFloating) {
  if (op == "add")
    return corners([](double a, double b) { return a + b; }, x, y);
  if (op == "sub")
    return corners([](double a, double b) { return a - b; }, x, y);
  if (op == "mul")
    return corners([](double a, double b) { return a * b; }, x, y);
  if (op == "maximum")
    return corners(maximum, x, y);
  if (op == "minimum")
    return corners(minimum, x, y);
  if (op == "real_div")
    return divide(x, y);
  if (op == "floor_div")
    return floorDivide(x, y, isFloating);
  if (op == "mod")
    return modulo(x, y, isFloating);
  if (op == "pow")
    return widened(
        rounded(
            corners([](double a, double b) { return std::pow(a, b); }, x, y),
            functionUnits),
        tiny);
  if (op.compare(0, 8, "logical_") == 0)
    return logical(op, x, y);
  return compare(op, x, y);
}

std::vector<Tensor> binary(const Call &call) {
  const Tensor &x = call.tensor("x"), &y = call.tensor("y");
  Tensor z = call.result(broadcastDims(x.dims, y.dims));
  size_t place = 0;
  forEachIndex(z.dims, [&](const Dims &index) {
    z.numbers[place++] =
        binaryNumber(call.op, broadcastAt(x, index), broadcastAt(y, index),
                     mil::isFloat(x.element));
  });
  return {z};
}

std::vector<Tensor> select(const Call &call) {
  const Tensor &cond = call.tensor("cond");
  const Tensor &a = call.tensor("a"), &b = call.tensor("b");
  Tensor z =
      call.result(broadcastDims(cond.dims, broadcastDims(a.dims, b.dims)));
  size_t place = 0;
  forEachIndex(z.dims, [&](const Dims &index) {
    const Number &choice = broadcastAt(cond, index);
    const Number &yes = broadcastAt(a, index), &no = broadcastAt(b, index);
    Number chosen = choice.value != 0 ? yes : no;
    if (!choice.isPoint())
      chosen = fromEnds(chosen.value, minimum(yes.low, no.low),
                        maximum(yes.high, no.high));
    z.numbers[place++] = chosen;
  });
  return {z};
}

std::vector<Tensor> cast(const Call &call) {
  const Tensor &x = call.tensor("x");
  Tensor y = call.result(x.dims);
  for (size_t i = 0; i < x.numbers.size(); ++i) {
    const Number &number = x.numbers[i];
    y.numbers[i] = number;
    // Whether an interval around 0 is true nobody knows.
    if (y.element == mil::ScalarType::Bool)
      y.numbers[i] =
          truth(number.value != 0,
                number.isPoint() || number.low > 0 || number.high < 0);
  }
  return {y};
}

} // namespace

void addElementwise(OperatorTable &table) {
  for (const UnaryRow &row : unaryRows)
    table[row.op] = unary;
  for (const char *op :
       {"add", "sub", "mul", "real_div", "floor_div", "mod", "pow", "maximum",
        "minimum", "equal", "not_equal", "greater", "greater_equal", "less",
        "less_equal", "logical_and", "logical_or", "logical_xor"})
    table[op] = binary;
  table["select"] = select;
  table["cast"] = cast;
}

} // namespace anec::rt::naive

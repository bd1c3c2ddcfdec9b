//===- RandomProducts.cpp - Reductions, norms, products -------------------===//
//
// Operators that sum.
//
//===----------------------------------------------------------------------===//
#include "test/runtime/mil/random/RandomKernel.h"

#include <algorithm>
#include <cmath>

namespace anec::rt::mil::random {

namespace {

constexpr int64_t mostProducts = 600000;

class Summer {
public:
  Summer(FunctionWriter &writer, std::vector<Var> &pool, const Var &x)
      : w(writer), dice(writer.dice), pool(pool), x(x), rank(x.rank()),
        operand({FunctionWriter::ref(x)}) {}

  void write();

private:
  int64_t size(int64_t axis) const {
    return x.dims()[static_cast<size_t>(axis)];
  }
  void push(const Var &var) { pool.push_back(var); }
  Operand axisOperand(int64_t axis) {
    return w.constant(makeInt32(dice.chance(0.3) ? axis - rank : axis));
  }

  void reduce();
  void softmax();
  void cumulativeSum();
  void layerNorm();
  void order();
  void matmulWithConstant();
  void matmulWithItself();
  void attention();
  void conv();
  void linear();

  FunctionWriter &w;
  Dice &dice;
  std::vector<Var> &pool;
  const Var x;
  const int64_t rank;
  const std::vector<Operand> operand;
};

void Summer::reduce() {
  Dims axes;
  int64_t terms = 1;
  for (int64_t i = 0; i < rank; ++i)
    if (dice.chance(0.5)) {
      axes.push_back(i);
      terms *= size(i);
    }
  if (axes.empty()) {
    axes.push_back(rank - 1);
    terms = size(rank - 1);
  }
  const double most = x.magnitude() * static_cast<double>(terms);
  std::vector<std::string> names = {"reduce_max", "reduce_min", "reduce_mean",
                                    "reduce_sum"};
  if (most < 30000)
    names.insert(names.end(), {"reduce_sum", "reduce_l1_norm"});
  if (most * x.magnitude() < 30000)
    names.insert(names.end(), {"reduce_sum_square", "reduce_l2_norm"});
  if (x.low > 0.01)
    names.push_back("reduce_log_sum");
  if (x.magnitude() < 20)
    names.push_back("reduce_log_sum_exp");
  if (terms <= 8 && x.magnitude() <= 2)
    names.push_back("reduce_prod");
  const std::string name = dice.pick(names);
  const bool isPositive = name == "reduce_l1_norm" ||
                          name == "reduce_sum_square" ||
                          name == "reduce_l2_norm";
  double size = x.magnitude();
  if (name == "reduce_sum" || name == "reduce_l1_norm")
    size = most;
  else if (name == "reduce_sum_square" || name == "reduce_prod")
    size = most * std::max(1.0, x.magnitude()) * 32;
  else if (name != "reduce_mean" && name != "reduce_max")
    size = std::max(most, 10.0);
  push(w.reduce(name, x, axes, dice.chance(0.5),
                isPositive ? 0 : std::min(x.low, -size), size));
}

void Summer::softmax() { push(w.softmax(x, dice.below(rank))); }

void Summer::cumulativeSum() {
  const int64_t axis = dice.below(rank);
  const double size = x.magnitude() * static_cast<double>(this->size(axis));
  push(w.op("cumsum",
            {{"x", operand},
             {"axis", {w.constant(makeInt32(axis))}},
             {"exclusive", {w.constant(makeBool(dice.chance(0.3)))}},
             {"reverse", {w.constant(makeBool(dice.chance(0.3)))}}},
            -size, size));
}

void Summer::layerNorm() {
  // The last axes, or one in the middle as in channel-first layouts.
  Dims axes;
  if (dice.chance(0.3))
    axes = {dice.below(rank)};
  else
    for (int64_t i = rank - dice.between(1, std::min<int64_t>(rank, 2));
         i < rank; ++i)
      axes.push_back(i);
  Dims dims;
  for (int64_t axis : axes)
    dims.push_back(size(axis));
  Arguments arguments = {
      {"x", operand},
      {"axes", {w.constant(makeInt32s(axes))}},
      {"epsilon", {w.constant(makeFloat(x.type.element, 0.01))}}};
  if (dice.chance(0.6)) {
    arguments.push_back({"gamma",
                         {FunctionWriter::ref(
                             w.randomConstant(x.type.element, dims, 0.5, 2))}});
    arguments.push_back(
        {"beta",
         {FunctionWriter::ref(w.randomConstant(x.type.element, dims, -1, 1))}});
  }
  push(w.op("layer_norm", std::move(arguments), -10, 10));
}

void Summer::order() {
  const int64_t axis = dice.below(rank);
  if (dice.chance(0.5)) {
    push(w.op(dice.pick({"reduce_argmax", "reduce_argmin"}),
              {{"x", operand},
               {"axis", {axisOperand(axis)}},
               {"keep_dims", {w.constant(makeBool(dice.chance(0.5)))}}},
              0, static_cast<double>(size(axis))));
    return;
  }
  const int64_t k = dice.between(1, size(axis));
  const std::vector<Var> results =
      w.statement("topk",
                  {{"x", operand},
                   {"k", {w.constant(makeInt32(k))}},
                   {"axis", {axisOperand(axis)}},
                   {"ascending", {w.constant(makeBool(dice.chance(0.5)))}}},
                  x.low, x.high);
  push(results[0]);
  Var indices = results[1];
  indices.low = 0;
  indices.high = static_cast<double>(size(axis));
  push(indices);
}

void Summer::matmulWithConstant() {
  if (rank < 1)
    return;
  const int64_t depth = size(rank - 1);
  const int64_t columns = dice.pick({1, 3, 16, 17, 47, 48, 49, 64, 100});
  if (x.type.elementCount() * columns > mostProducts || depth > 2000)
    return;
  const double scale =
      std::sqrt(3 / static_cast<double>(depth)) / std::max(1.0, x.magnitude());
  const bool isTransposed = dice.chance(0.5);
  if (rank > 1 && dice.chance(0.15)) { // a vector
    const Var y = w.randomConstant(x.type.element, {depth}, -scale, scale);
    push(w.matmul(x, y, false, false));
    return;
  }
  Dims dims = isTransposed ? Dims{columns, depth} : Dims{depth, columns};
  while (static_cast<int64_t>(dims.size()) < rank && dice.chance(0.5))
    dims.insert(dims.begin(), 1);
  const Var y = w.randomConstant(x.type.element, dims, -scale, scale);
  push(w.matmul(x, y, false, isTransposed));
}

/// x x^T or x^T x, through views of the same memory.
void Summer::matmulWithItself() {
  if (rank < 2)
    return;
  const bool first = dice.chance(0.5);
  const int64_t side = first ? size(rank - 1) : size(rank - 2);
  if (x.type.elementCount() * side > mostProducts ||
      x.type.elementCount() / size(rank - 1) / size(rank - 2) * side * side >
          20000)
    return;
  if (dice.chance(0.5)) {
    push(w.matmul(x, x, first, !first));
    return;
  }
  const Var turned = w.transposed(x);
  push(first ? w.matmul(turned, x, false, false)
             : w.matmul(x, turned, false, false));
}

void Summer::attention() {
  if (rank < 3 || x.magnitude() > 8)
    return;
  const int64_t length = size(rank - 2);
  if (x.type.elementCount() * length > mostProducts / 2)
    return;
  const Var value = w.unary("tanh", x, -1, 1);
  Arguments arguments = {{"query", operand},
                         {"key", operand},
                         {"value", {FunctionWriter::ref(value)}}};
  if (dice.chance(0.5))
    arguments.push_back({"attn_mask",
                         {FunctionWriter::ref(w.randomConstant(
                             x.type.element, {length, length}, -5, 5))}});
  push(w.op("scaled_dot_product_attention", std::move(arguments), -1, 1));
}

/// Any window, with a reshape first where the rank does not allow one.
void Summer::conv() {
  Var image = x;
  if (rank < 3 || rank > 5) {
    const int64_t last = size(rank - 1);
    image = w.reshape(x, {1, x.type.elementCount() / last, last});
  }
  const int64_t spatial = image.rank() - 2, channels = image.dims()[1];
  if (channels > 200)
    return;
  const int64_t groups = channels % 2 == 0 && dice.chance(0.3)
                             ? dice.pick({int64_t(2), channels})
                             : 1;
  const int64_t outputs = groups * dice.pick({1, 2, 5, 8});
  const bool isSmall = dice.chance(0.4);
  Dims weight = {outputs, channels / groups}, strides, dilations, pads;
  int64_t window = 1;
  for (int64_t i = 0; i < spatial; ++i) {
    const int64_t room = image.dims()[static_cast<size_t>(i + 2)];
    weight.push_back(isSmall ? 1 : dice.between(1, std::min<int64_t>(3, room)));
    dilations.push_back((weight.back() - 1) * 2 < room ? dice.pick({1, 1, 2})
                                                       : 1);
    strides.push_back(dice.pick({1, 1, 2}));
    pads.push_back(dice.between(0, 2));
    pads.push_back(dice.between(0, 2));
    window *= weight.back();
  }
  const int64_t depth = weight[1] * window;
  if (image.type.elementCount() / channels * outputs * depth > mostProducts)
    return;
  const double scale =
      1 / std::sqrt(static_cast<double>(depth)) / std::max(1.0, x.magnitude());
  Arguments arguments = {{"x", {FunctionWriter::ref(image)}},
                         {"weight",
                          {FunctionWriter::ref(w.randomConstant(
                              x.type.element, weight, -scale, scale))}},
                         {"strides", {w.constant(makeInt32s(strides))}},
                         {"dilations", {w.constant(makeInt32s(dilations))}},
                         {"pad", {w.constant(makeInt32s(pads))}},
                         {"groups", {w.constant(makeInt32(groups))}},
                         {"pad_type",
                          {w.constant(makeString(dice.pick(
                              {"valid", "custom", "same", "same_lower"})))}}};
  if (dice.chance(0.5))
    arguments.push_back({"bias",
                         {FunctionWriter::ref(w.randomConstant(
                             x.type.element, {outputs}, -1, 1))}});
  push(w.op("conv", std::move(arguments), -4, 4));
}

void Summer::linear() {
  if (rank > 3)
    return;
  const int64_t depth = size(rank - 1), outputs = dice.pick({1, 7, 33, 48});
  if (x.type.elementCount() * outputs > mostProducts || depth > 2000)
    return;
  const double scale =
      std::sqrt(3 / static_cast<double>(depth)) / std::max(1.0, x.magnitude());
  Arguments arguments = {
      {"x", operand},
      {"weight",
       {FunctionWriter::ref(w.randomConstant(x.type.element, {outputs, depth},
                                             -scale, scale))}}};
  if (dice.chance(0.5))
    arguments.push_back({"bias",
                         {FunctionWriter::ref(w.randomConstant(
                             x.type.element, {outputs}, -1, 1))}});
  push(w.op("linear", std::move(arguments), -4, 4));
}

void Summer::write() {
  using Member = void (Summer::*)();
  static constexpr Member members[] = {
      &Summer::reduce,    &Summer::reduce,
      &Summer::reduce,    &Summer::softmax,
      &Summer::softmax,   &Summer::cumulativeSum,
      &Summer::layerNorm, &Summer::order,
      &Summer::conv,      &Summer::matmulWithConstant,
      &Summer::linear,    &Summer::matmulWithConstant,
      &Summer::attention, &Summer::matmulWithItself,
      &Summer::conv};
  (this->*members[dice.below(static_cast<int64_t>(std::size(members)))])();
}

} // namespace

void writeReductionOrProduct(FunctionWriter &writer, std::vector<Var> &pool) {
  const Var *x = pickVar(writer.dice, pool, true);
  if (x && x->rank() > 0 && x->magnitude() < 1000)
    Summer(writer, pool, *x).write();
}

} // namespace anec::rt::mil::random

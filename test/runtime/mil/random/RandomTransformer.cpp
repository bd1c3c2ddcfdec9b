//===- RandomTransformer.cpp - Chains of transformer kernels --------------===//
//
// Weights come as columns of one packed surface [1, C, 1, S] or as constants;
// every layout of a projection and of attention that published kernels use.
//
//===----------------------------------------------------------------------===//
#include "test/runtime/mil/random/RandomKernel.h"

#include <cmath>
#include <limits>

namespace anec::rt::mil::random {

namespace {

struct Shape {
  int64_t heads, groups, headDim, sequence, batch;

  int64_t channels() const { return heads * headDim; }
  int64_t tokens() const { return batch * sequence; }
  /// Channels of keys and values.
  int64_t shared() const { return groups * headDim; }
};

Shape randomShape(Dice &dice) {
  Shape shape;
  for (;;) {
    shape.heads = dice.pick({1, 2, 3, 4, 6, 8});
    shape.groups = dice.chance(0.6) ? shape.heads : 1;
    if (shape.heads % 2 == 0 && dice.chance(0.2))
      shape.groups = shape.heads / 2;
    shape.headDim = dice.pick({2, 7, 8, 16, 16, 24, 32, 40});
    shape.sequence = dice.pick({1, 5, 15, 16, 17, 31, 32, 33, 48, 64, 70, 97});
    shape.batch = dice.pick({1, 1, 1, 2, 3});
    const int64_t scores =
        shape.batch * shape.heads * shape.sequence * shape.sequence;
    if (shape.channels() <= 128 && scores <= 30000 &&
        scores * shape.headDim <= 500000 &&
        shape.tokens() * shape.channels() * shape.channels() <= 700000)
      return shape;
  }
}

class Chain {
public:
  Chain(FunctionWriter &writer, std::vector<Var> &pool)
      : w(writer), dice(writer.dice), pool(pool), shape(randomShape(dice)),
        element(dice.chance(0.85) ? ScalarType::FP16 : ScalarType::FP32),
        style(dice.below(5)) {}

  void attentionForward();
  void attentionBackward();
  void feedForward();
  void normalisation();
  void optimizer();
  void product();

private:
  /// Columns of one new input surface, with a gap here and there.
  std::vector<Var> packed(int64_t channels, const Dims &widths);
  Var keep(const Var &var) {
    pool.push_back(var);
    return var;
  }
  Var linear(const Var &x, const Var &weight);
  Var bakedLinear(const Var &x, int64_t outputs);
  Var rope(const Var &x, int64_t heads);
  Var rmsNorm(const Var &x, const Var *gain);
  /// [1, heads * headDim, 1, S] to [1, heads, headDim, S].
  Var headed(const Var &x, int64_t heads);
  Var repeated(const Var &x);
  Var scores(const Var &q, const Var &k);
  Var mask();
  Var mix(const Var &probabilities, const Var &v);
  Var attend(const Var &q, const Var &k, const Var &v);
  void returnSome(std::vector<Var> values, int64_t tokens);

  FunctionWriter &w;
  Dice &dice;
  std::vector<Var> &pool;
  const Shape shape;
  const ScalarType element;
  /// Which way of writing a projection this kernel has.
  const int64_t style;
};

std::vector<Var> Chain::packed(int64_t channels, const Dims &widths) {
  int64_t total = 0;
  Dims begins;
  for (int64_t width : widths) {
    total += dice.chance(0.15) ? dice.between(1, 40) : 0;
    begins.push_back(total);
    total += width;
  }
  total += dice.chance(0.3) ? dice.between(1, 70) : 0;
  // A product of two parts of this size has a variance of about 1.
  const double size = std::pow(9.0 / static_cast<double>(channels), 0.25);
  const Var surface =
      w.input(Type::tensor(element, {1, channels, 1, total}), -size, size);
  std::vector<Var> parts;
  for (size_t i = 0; i < widths.size(); ++i)
    parts.push_back(keep(
        w.slice(surface, {0, 0, 0, begins[i]}, {1, channels, 1, widths[i]})));
  return parts;
}

/// x [1, C, 1, T], weight [1, C, 1, D] to [1, D, 1, T].
Var Chain::linear(const Var &x, const Var &weight) {
  const int64_t inputs = x.dims()[1], tokens = x.dims()[3];
  const int64_t outputs = weight.dims()[3];
  const Dims result = {1, outputs, 1, tokens};
  if (style == 0) {
    const Var a = w.reshape(x, {1, 1, inputs, tokens});
    const Var b = w.reshape(weight, {1, 1, inputs, outputs});
    return w.reshape(keep(w.matmul(b, a, true, false)), result);
  }
  if (style == 1) {
    const Var a = w.transposed(w.reshape(x, {1, 1, inputs, tokens}));
    const Var b = w.reshape(weight, {1, 1, inputs, outputs});
    const Var y = keep(w.matmul(a, b, false, false));
    return w.reshape(w.transposed(y), result);
  }
  if (style == 2) {
    const Var a = w.reshape(x, {1, inputs, tokens});
    const Var b =
        w.transpose(w.reshape(weight, {1, inputs, outputs}), {0, 2, 1});
    return w.reshape(w.matmul(b, a, false, false), result);
  }
  if (style == 3) {
    const Var a = w.transpose(x, {0, 2, 3, 1}); // [1, 1, T, C]
    const Var b = w.transpose(weight, {0, 2, 3, 1});
    return w.transpose(w.matmul(a, b, false, true), {0, 3, 1, 2});
  }
  const Var a = w.reshape(x, {inputs, tokens});
  const Var b = w.reshape(weight, {inputs, outputs});
  if (dice.chance(0.5))
    return w.reshape(w.matmul(b, a, true, false), result);
  const Var y = keep(w.matmul(a, b, true, false)); // [T, D]
  return w.reshape(w.transposed(y), result);
}

Var Chain::bakedLinear(const Var &x, int64_t outputs) {
  const int64_t inputs = x.dims()[1], tokens = x.dims()[3];
  const double size = std::sqrt(3.0 / static_cast<double>(inputs));
  if (dice.chance(0.3)) {
    const Var weight =
        w.randomConstant(element, {outputs, inputs}, -size, size);
    const Var rows = w.transpose(w.reshape(x, {1, inputs, tokens}), {0, 2, 1});
    const Var y = w.op("linear",
                       {{"x", {FunctionWriter::ref(rows)}},
                        {"weight", {FunctionWriter::ref(weight)}}},
                       -4, 4);
    return w.reshape(w.transpose(y, {0, 2, 1}), {1, outputs, 1, tokens});
  }
  const Var weight =
      w.randomConstant(element, {outputs, inputs, 1, 1}, -size, size);
  w.products += outputs * inputs * tokens;
  return w.op("conv",
              {{"x", {FunctionWriter::ref(x)}},
               {"weight", {FunctionWriter::ref(weight)}},
               {"pad_type", {w.constant(makeString("valid"))}},
               {"strides", {w.constant(makeInt32s({1, 1}))}},
               {"pad", {w.constant(makeInt32s({0, 0, 0, 0}))}},
               {"dilations", {w.constant(makeInt32s({1, 1}))}},
               {"groups", {w.constant(makeInt32(1))}}},
              -4, 4);
}

/// Pairs of channels turned by an angle: (a, b) to (a cos - b sin, ...).
Var Chain::rope(const Var &x, int64_t heads) {
  const int64_t tokens = x.dims()[3], pairs = heads * shape.headDim / 2;
  if (shape.headDim % 2 != 0)
    return x;
  if (dice.chance(0.5)) { // interleaved pairs
    const Var pair = w.reshape(x, {1, pairs, 2, tokens});
    const Var even = w.part(pair, 2, 0, 1), odd = w.part(pair, 2, 1, 1);
    const Var a = w.randomConstant(element, {1, pairs, 2, tokens}, -1, 1);
    const Var b = w.randomConstant(element, {1, pairs, 2, tokens}, -1, 1);
    const Var left = w.binary("mul", even, a), right = w.binary("mul", odd, b);
    return w.reshape(keep(w.binary("add", left, right)), x.dims());
  }
  const Var head = headed(x, heads);
  const int64_t half = shape.headDim / 2;
  const Var first = w.part(head, 2, 0, half),
            second = w.part(head, 2, half, half);
  const Var turned = w.concat({w.scaled(second, -1), first}, 2);
  const Dims table = {1, 1, shape.headDim, tokens};
  const Var cosine = w.randomConstant(element, table, -1, 1);
  const Var sine = w.randomConstant(element, table, -1, 1);
  const Var left = w.binary("mul", head, cosine);
  const Var right = w.binary("mul", turned, sine);
  return w.reshape(w.binary("add", left, right), x.dims());
}

/// x / sqrt(mean(x^2) + epsilon) over channels, in the ways texts write it.
Var Chain::rmsNorm(const Var &x, const Var *gain) {
  const int64_t channels = x.dims()[1];
  const double scale = 1.0 / static_cast<double>(channels);
  const double top = x.magnitude() * x.magnitude();
  const Var square = w.binary("mul", x, x);
  const Var mean = dice.chance(0.5)
                       ? w.reduce("reduce_mean", square, {1}, true, 0, top)
                       : w.scaled(w.reduce("reduce_sum", square, {1}, true, 0,
                                           top * static_cast<double>(channels)),
                                  scale);
  const Var shifted = w.op("add",
                           {{"x", {FunctionWriter::ref(mean)}},
                            {"y", {w.constant(makeFloat(element, 1e-2))}}},
                           1e-2, top);
  const Var inverse = w.op("pow",
                           {{"x", {FunctionWriter::ref(shifted)}},
                            {"y", {w.constant(makeFloat(element, -0.5))}}},
                           0, 10);
  Var y = keep(w.binary("mul", x, keep(inverse)));
  y.low = -4;
  y.high = 4;
  if (gain)
    y = w.binary("mul", y, *gain);
  return y;
}

Var Chain::headed(const Var &x, int64_t heads) {
  return w.reshape(x, {1, heads, shape.headDim, x.dims()[3]});
}

/// Keys and values of fewer heads, one copy per query head.
Var Chain::repeated(const Var &x) {
  const int64_t times = shape.heads / shape.groups, tokens = x.dims()[3];
  const Var head = headed(x, shape.groups);
  if (times == 1 || (shape.groups == 1 && dice.chance(0.5)))
    return head;
  if (dice.chance(0.5)) {
    std::vector<Var> copies;
    for (int64_t h = 0; h < shape.heads; ++h)
      copies.push_back(w.part(head, 1, h / times, 1));
    return w.concat(copies, 1);
  }
  const Var flat = w.reshape(x, {1, shape.groups, 1, shape.headDim * tokens});
  const Var tiled = w.op("tile",
                         {{"x", {FunctionWriter::ref(flat)}},
                          {"reps", {w.constant(makeInt32s({1, 1, times, 1}))}}},
                         x.low, x.high);
  return w.reshape(tiled, {1, shape.heads, shape.headDim, tokens});
}

/// q, k [1, H, D, S] to [1, H, S, S], scaled.
Var Chain::scores(const Var &q, const Var &k) {
  const double scale = 1 / std::sqrt(static_cast<double>(shape.headDim));
  const bool scaleQuery = dice.chance(0.5);
  const Var query = scaleQuery ? w.scaled(q, scale) : q;
  Var product;
  switch (dice.below(4)) {
  case 0:
    product = w.matmul(query, k, true, false);
    break;
  case 1:
    product = w.matmul(w.transposed(query), k, false, false);
    break;
  case 2: {
    const Var rows = w.transposed(query), columns = w.transposed(k);
    product = w.matmul(rows, columns, false, true);
    break;
  }
  default:
    product = w.matmul(query, w.transposed(k), true, true);
  }
  keep(product);
  return scaleQuery ? product : w.scaled(product, scale);
}

/// 0 where the key is not behind the query, else a large negative number.
Var Chain::mask() {
  const int64_t n = shape.sequence;
  const double hidden = dice.pick(
      {-65504.0, -65504.0, -10000.0, -std::numeric_limits<double>::infinity()});
  std::vector<double> numbers(static_cast<size_t>(n * n), 0);
  for (int64_t query = 0; query < n; ++query)
    for (int64_t key = query + 1; key < n; ++key)
      numbers[static_cast<size_t>(query * n + key)] = hidden;
  const Dims dims = dice.chance(0.7) ? Dims{1, 1, n, n} : Dims{n, n};
  return w.namedConstant(makeFloats(element, dims, numbers), 0, 0);
}

/// probabilities [1, H, S, S], v [1, H, D, S] to [1, H * D, 1, S].
Var Chain::mix(const Var &probabilities, const Var &v) {
  const Dims result = {1, shape.channels(), 1, shape.sequence};
  if (dice.chance(0.5))
    return w.reshape(keep(w.matmul(v, probabilities, false, true)), result);
  const Var rows = keep(w.matmul(probabilities, w.transposed(v), false, false));
  return w.reshape(w.transposed(rows), result);
}

Var Chain::attend(const Var &q, const Var &k, const Var &v) {
  const bool isCausal = dice.chance(0.8);
  const Var bias = isCausal ? mask() : q;
  std::vector<Var> parts;
  for (int64_t b = 0; b < shape.batch; ++b) {
    const int64_t begin = b * shape.sequence;
    const Var query = headed(w.part(q, 3, begin, shape.sequence), shape.heads);
    const Var key = repeated(w.part(k, 3, begin, shape.sequence));
    const Var value = repeated(w.part(v, 3, begin, shape.sequence));
    Var score = scores(query, key);
    if (isCausal) {
      score = w.binary("add", score, bias);
    }
    const Var probabilities = keep(w.softmax(score, 3));
    parts.push_back(mix(probabilities, value));
  }
  return keep(parts.size() == 1 ? parts[0] : w.concat(parts, 3));
}

/// Several values as one surface, or each by itself.
void Chain::returnSome(std::vector<Var> values, int64_t tokens) {
  dice.shuffle(values);
  values.resize(static_cast<size_t>(
      dice.between(1, static_cast<int64_t>(values.size()))));
  if (dice.chance(0.7)) {
    for (Var &value : values)
      value =
          w.reshape(value, {1, value.type.elementCount() / tokens, 1, tokens});
    values = {w.concat(values, 1)};
  }
  for (const Var &value : values)
    w.output(value);
}

void Chain::attentionForward() {
  const int64_t c = shape.channels(), s = shape.shared(), t = shape.tokens();
  const bool isBaked = dice.chance(0.25), hasOutput = dice.chance(0.5);
  Dims widths = {t};
  if (!isBaked) {
    for (int64_t width : {c, s, s})
      widths.push_back(width);
    if (hasOutput)
      widths.push_back(c);
  }
  const std::vector<Var> parts = packed(c, widths);
  const Var &x = parts[0];
  const Var h = dice.chance(0.5) ? rmsNorm(x, nullptr) : x;
  Var q = isBaked ? bakedLinear(h, c) : linear(h, parts[1]);
  Var k = isBaked ? bakedLinear(h, s) : linear(h, parts[2]);
  const Var v = isBaked ? bakedLinear(h, s) : linear(h, parts[3]);
  if (dice.chance(0.5)) {
    q = keep(rope(q, shape.heads));
    k = keep(rope(k, shape.groups));
  }
  Var y = attend(q, k, v);
  if (hasOutput) {
    y = isBaked ? bakedLinear(y, c) : linear(y, parts[4]);
    y = keep(w.binary("add", x, y));
  }
  returnSome({y, q, k, v, h}, t);
}

/// The gradient of attention, recomputed from q, k and v.
void Chain::attentionBackward() {
  const int64_t n = shape.sequence;
  const std::vector<Var> parts = packed(4 * shape.channels(), {n});
  std::vector<Var> four;
  for (int64_t i = 0; i < 4; ++i)
    four.push_back(
        headed(w.part(parts[0], 1, i * shape.channels(), shape.channels()),
               shape.heads));
  const Var &q = four[0], &k = four[1], &v = four[2], &dy = four[3];
  const Var score = scores(q, k), bias = mask();
  const Var p = keep(w.softmax(w.binary("add", score, bias), 3));
  const Var dv = dice.chance(0.5)
                     ? w.matmul(dy, p, false, false)
                     : w.transposed(w.matmul(p, w.transposed(dy), true, false));
  const Var dp = keep(w.matmul(dy, v, true, false));
  const Var sum =
      w.reduce("reduce_sum", w.binary("mul", p, dp), {3}, true, -4, 4);
  const Var ds =
      keep(w.scaled(w.binary("mul", p, w.binary("sub", dp, sum)), 0.25));
  const Var dq =
      dice.chance(0.5)
          ? w.matmul(k, ds, false, true)
          : w.transposed(w.matmul(ds, w.transposed(k), false, false));
  const Var dk = w.matmul(q, ds, false, false);
  for (const Var &var : {dv, dq, dk})
    keep(var);
  returnSome({dv, dq, dk, p, dp}, n);
}

void Chain::feedForward() {
  const int64_t c = shape.channels(), t = shape.tokens();
  const int64_t hidden = dice.pick({16, 33, 64, 100, 144});
  const std::vector<Var> parts = packed(c, {t, hidden, hidden, hidden});
  const Var &x = parts[0];
  const Var h = dice.chance(0.6) ? rmsNorm(x, nullptr) : x;
  const Var gate = keep(linear(h, parts[1])), up = keep(linear(h, parts[2]));
  const Var active = dice.chance(0.5)
                         ? w.binary("mul", gate, w.unary("sigmoid", gate, 0, 1))
                         : w.unary("silu", gate, -0.3, gate.high);
  const Var product = keep(w.binary("mul", active, up));
  // The third weight lies transposed: [1, C, 1, hidden].
  const Var a = w.reshape(product, {1, 1, hidden, t});
  const Var b = w.reshape(parts[3], {1, 1, c, hidden});
  const Var down = keep(w.reshape(w.matmul(b, a, false, false), {1, c, 1, t}));
  const Var y =
      keep(w.binary("add", x, dice.chance(0.3) ? w.scaled(down, 0.125) : down));
  returnSome({y, gate, up, product}, t);
}

/// RMSNorm and its gradient; softmax over channels.
void Chain::normalisation() {
  const int64_t c = shape.channels(), t = shape.tokens();
  const std::vector<Var> parts = packed(c, {t, t, 1});
  const Var &x = parts[0], &dy = parts[1];
  const Var y = rmsNorm(x, &parts[2]);
  const Var product = w.binary("mul", y, w.binary("mul", dy, parts[2]));
  const Var dot = w.reduce("reduce_sum", product, {1}, true, -8, 8);
  const Var dx = keep(
      w.binary("sub", dy, w.binary("mul", y, w.scaled(dot, 1.0 / double(c)))));
  const Var p = keep(w.softmax(x, 1));
  returnSome({y, dx, p}, t);
}

/// Adam on flat vectors.
void Chain::optimizer() {
  const int64_t n = dice.between(1, 5000);
  const Type type = Type::tensor(element, {1, n});
  const Var weight = w.input(type, -1, 1), gradient = w.input(type, -1, 1);
  const Var m = w.input(type, -1, 1), v = w.input(type, 0, 1);
  const Var rate = w.input(Type::tensor(element, {1, 1}), 0.01, 0.1);
  const Var oldFirst = w.scaled(m, 0.9), newFirst = w.scaled(gradient, 0.1);
  const Var first = w.binary("add", oldFirst, newFirst);
  const Var square = w.binary("mul", gradient, gradient);
  const Var oldSecond = w.scaled(v, 0.99), newSecond = w.scaled(square, 0.01);
  const Var second = w.binary("add", oldSecond, newSecond);
  const Var shifted =
      w.op("add",
           {{"x", {FunctionWriter::ref(w.unary("sqrt", second, 0, 1))}},
            {"y", {w.constant(makeFloat(element, 0.01))}}},
           0.01, 1.01);
  const Var step = keep(w.binary("mul", rate,
                                 w.op("real_div",
                                      {{"x", {FunctionWriter::ref(first)}},
                                       {"y", {FunctionWriter::ref(shifted)}}},
                                      -100, 100)));
  const Var moved = w.binary("sub", weight, step);
  for (const Var &var : {moved, first, second})
    w.output(keep(var));
}

/// A projection with one large size: sums and rows of several blocks.
void Chain::product() {
  const int64_t large = dice.pick({385, 512, 513, 800, 1100, 2100});
  const int64_t small = dice.pick({1, 5, 8, 17}),
                middle = 400000 / large / small;
  const int64_t other = dice.between(1, std::min<int64_t>(middle, 60));
  Dims sizes = {large, small, other};
  dice.shuffle(sizes);
  const int64_t inputs = sizes[0], tokens = sizes[1], outputs = sizes[2];
  if (dice.chance(0.4)) {
    const Var x = packed(inputs, {tokens})[0];
    returnSome({keep(bakedLinear(x, outputs))}, tokens);
    return;
  }
  const std::vector<Var> parts = packed(inputs, {tokens, outputs});
  returnSome({keep(linear(parts[0], parts[1]))}, tokens);
}

} // namespace

void writeTransformerChain(FunctionWriter &writer, std::vector<Var> &pool) {
  Chain chain(writer, pool);
  const int64_t kind = writer.dice.below(11);
  if (kind < 5)
    chain.attentionForward();
  else if (kind < 7)
    chain.attentionBackward();
  else if (kind < 8)
    chain.feedForward();
  else if (kind < 9)
    chain.normalisation();
  else if (kind < 10)
    chain.optimizer();
  else
    chain.product();
}

} // namespace anec::rt::mil::random

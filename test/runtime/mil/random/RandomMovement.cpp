//===- RandomMovement.cpp - Operators that move elements ------------------===//
//
// Every way of cutting, turning and joining values, with negative axes and
// indices, strides and masks.
//
//===----------------------------------------------------------------------===//
#include "test/runtime/mil/random/RandomKernel.h"

#include <algorithm>
#include <numeric>

namespace anec::rt::mil::random {

namespace {

constexpr int64_t mostElements = 20000;

class Mover {
public:
  Mover(FunctionWriter &writer, std::vector<Var> &pool, const Var &x)
      : w(writer), dice(writer.dice), pool(pool), x(x), rank(x.rank()),
        operand({FunctionWriter::ref(x)}) {}

  void move();

private:
  int64_t randomAxis() { return dice.below(rank); }
  int64_t size(int64_t axis) const {
    return x.dims()[static_cast<size_t>(axis)];
  }
  /// Sometimes counted from the end.
  Operand axisOperand(int64_t axis, int64_t ofRank) {
    return w.constant(makeInt32(dice.chance(0.3) ? axis - ofRank : axis));
  }
  Var push(const Var &var) {
    pool.push_back(var);
    return var;
  }
  Var same(const std::string &op, Arguments arguments) {
    return push(w.op(op, std::move(arguments), x.low, x.high));
  }

  void reshape();
  void transpose();
  void sliceBySize();
  void sliceByIndex();
  void concat();
  void stack();
  void split();
  void tile();
  void pad();
  void gather();
  void gatherAlongAxis();
  void reverse();
  void expandAndSqueeze();

  FunctionWriter &w;
  Dice &dice;
  std::vector<Var> &pool;
  const Var x;
  const int64_t rank;
  const std::vector<Operand> operand;
};

void Mover::reshape() {
  int64_t rest = x.type.elementCount();
  Dims dims;
  for (int64_t i = dice.between(0, 3); i > 0; --i) {
    std::vector<int64_t> divisors;
    for (int64_t d = 1; d <= std::min<int64_t>(rest, 256); ++d)
      if (rest % d == 0)
        divisors.push_back(d);
    dims.push_back(dice.pick(divisors));
    rest /= dims.back();
  }
  dims.push_back(rest);
  if (dice.chance(0.2) && dims.size() < 5)
    dims.insert(dims.begin(), 1);
  dice.shuffle(dims);
  push(w.reshape(x, dims));
}

void Mover::transpose() {
  Dims perm(x.dims().size());
  std::iota(perm.begin(), perm.end(), 0);
  dice.shuffle(perm);
  push(w.transpose(x, perm));
}

void Mover::sliceBySize() {
  Dims begin, sizes;
  for (int64_t dim : x.dims()) {
    const bool isWhole = dice.chance(0.4);
    begin.push_back(isWhole ? 0 : dice.below(dim));
    sizes.push_back(isWhole ? dim : dice.between(1, dim - begin.back()));
    if (begin.back() + sizes.back() == dim && dice.chance(0.3))
      sizes.back() = -1;
    if (begin.back() > 0 && dice.chance(0.2))
      begin.back() -= dim;
  }
  same("slice_by_size", {{"x", operand},
                         {"begin", {w.constant(makeInt32s(begin))}},
                         {"size", {w.constant(makeInt32s(sizes))}}});
}

void Mover::sliceByIndex() {
  Dims begin, end, stride;
  std::vector<bool> beginMask, endMask, squeezeMask;
  for (int64_t dim : x.dims()) {
    const int64_t first = dice.below(dim), count = dice.between(1, dim - first);
    const int64_t step = dice.pick({1, 1, 1, 2, 3});
    const bool isBackward = dice.chance(0.15);
    begin.push_back(isBackward ? first + count - 1 : first);
    // Going backward to the first element has no end to write but the mask.
    end.push_back(isBackward ? first - 1 : first + count);
    stride.push_back(isBackward ? -step : step);
    beginMask.push_back(dice.chance(0.1));
    endMask.push_back(dice.chance(0.1) || (isBackward && first == 0));
    squeezeMask.push_back(dice.chance(0.1));
    if (dice.chance(0.2))
      begin.back() -= dim;
    if (end.back() < dim && end.back() > 0 && dice.chance(0.2))
      end.back() -= dim;
    if (!isBackward && end.back() == dim && dice.chance(0.2))
      end.back() += 5; // NumPy cuts it
  }
  same("slice_by_index",
       {{"x", operand},
        {"begin", {w.constant(makeInt32s(begin))}},
        {"end", {w.constant(makeInt32s(end))}},
        {"stride", {w.constant(makeInt32s(stride))}},
        {"begin_mask", {w.constant(makeBools(beginMask))}},
        {"end_mask", {w.constant(makeBools(endMask))}},
        {"squeeze_mask", {w.constant(makeBools(squeezeMask))}}});
}

/// x, parts of it and values of the pool that fit, one after the other.
void Mover::concat() {
  const int64_t axis = randomAxis();
  const size_t along = static_cast<size_t>(axis);
  std::vector<Var> values = {x};
  for (int64_t i = dice.between(0, 3); i > 0; --i) {
    const Var *other = pickVar(dice, pool, isFloat(x.type.element));
    bool fits =
        other && other->type.element == x.type.element && other->rank() == rank;
    for (size_t d = 0; fits && d < x.dims().size(); ++d)
      fits = d == along || other->dims()[d] == x.dims()[d];
    if (fits)
      values.push_back(*other);
    else if (size(axis) > 1)
      values.push_back(w.part(x, axis, 0, dice.between(1, size(axis))));
  }
  dice.shuffle(values);
  int64_t count = 0;
  for (const Var &value : values)
    count += value.type.elementCount();
  if (count <= mostElements)
    push(w.concat(values, axis));
}

void Mover::stack() {
  const Var other =
      dice.chance(0.5) && isFloat(x.type.element) ? w.scaled(x, -0.5) : x;
  Var joined = x;
  joined.low = std::min(x.low, other.low);
  joined.high = std::max(x.high, other.high);
  std::vector<Operand> values = {FunctionWriter::ref(other), operand[0]};
  if (dice.chance(0.3)) {
    Arguments arguments = {{"values", values},
                           {"axis", {axisOperand(randomAxis(), rank)}},
                           {"interleave", {w.constant(makeBool(true))}}};
    push(w.op("concat", std::move(arguments), joined.low, joined.high));
  } else {
    const int64_t axis = dice.below(rank + 1);
    push(w.op("stack",
              {{"values", values}, {"axis", {axisOperand(axis, rank + 1)}}},
              joined.low, joined.high));
  }
}

void Mover::split() {
  const int64_t axis = randomAxis(), whole = size(axis);
  Arguments arguments = {{"x", operand}, {"axis", {axisOperand(axis, rank)}}};
  if (whole % 2 == 0 && dice.chance(0.5)) {
    arguments.push_back({"num_splits", {w.constant(makeInt32(2))}});
  } else {
    Dims sizes;
    for (int64_t rest = whole; rest > 0; rest -= sizes.back())
      sizes.push_back(sizes.size() == 3 ? rest : dice.between(1, rest));
    arguments.push_back({"split_sizes", {w.constant(makeInt32s(sizes))}});
  }
  for (const Var &var :
       w.statement("split", std::move(arguments), x.low, x.high))
    push(var);
}

void Mover::tile() {
  Dims reps;
  int64_t count = x.type.elementCount();
  for (int64_t i = 0; i < rank; ++i) {
    reps.push_back(
        count < mostElements / 3 && dice.chance(0.5) ? dice.between(1, 3) : 1);
    count *= reps.back();
  }
  same("tile", {{"x", operand}, {"reps", {w.constant(makeInt32s(reps))}}});
}

void Mover::pad() {
  const std::string mode = dice.pick({"constant", "reflect", "replicate"});
  const int64_t padded = dice.between(1, std::min<int64_t>(rank, 2));
  Dims pads;
  for (int64_t i = rank - padded; i < rank; ++i)
    for (int side = 0; side < 2; ++side)
      pads.push_back(dice.between(
          0, mode == "reflect" ? std::min<int64_t>(4, size(i) - 1) : 4));
  Arguments arguments = {{"x", operand},
                         {"pad", {w.constant(makeInt32s(pads))}},
                         {"mode", {w.constant(makeString(mode))}}};
  double low = x.low, high = x.high;
  if (isFloat(x.type.element) && mode == "constant") {
    const double value = dice.uniform(-2, 2);
    arguments.push_back(
        {"constant_val", {w.constant(makeFloat(x.type.element, value))}});
    low = std::min(low, value);
    high = std::max(high, value);
  } else if (x.type.element == ScalarType::Bool) {
    return;
  }
  push(w.op("pad", std::move(arguments), std::min(low, 0.0),
            std::max(high, 0.0)));
}

void Mover::gather() {
  const int64_t axis = randomAxis();
  Dims dims = dice.chance(0.2) ? Dims{} : randomDims(dice, 2, 12);
  Type type = Type::tensor(ScalarType::Int32, dims);
  const int64_t count = type.elementCount();
  if (x.type.elementCount() / size(axis) * count > mostElements ||
      rank + static_cast<int64_t>(dims.size()) > 6)
    return;
  Value indices;
  indices.type = type;
  Value::Integers numbers;
  for (int64_t i = 0; i < count; ++i)
    numbers.push_back(dice.between(-size(axis), size(axis) - 1));
  indices.data = numbers;
  same("gather", {{"x", operand},
                  {"indices", {w.constant(indices)}},
                  {"axis", {axisOperand(axis, rank)}},
                  {"batch_dims", {w.constant(makeInt32(0))}}});
}

void Mover::gatherAlongAxis() {
  const int64_t axis = randomAxis();
  Dims dims = x.dims();
  dims[static_cast<size_t>(axis)] = dice.between(1, 6);
  Value indices;
  indices.type = Type::tensor(ScalarType::Int32, dims);
  if (indices.type.elementCount() > 2000)
    return;
  Value::Integers numbers;
  for (int64_t i = indices.type.elementCount(); i > 0; --i)
    numbers.push_back(dice.between(-size(axis), size(axis) - 1));
  indices.data = numbers;
  same("gather_along_axis", {{"x", operand},
                             {"indices", {w.constant(indices)}},
                             {"axis", {axisOperand(axis, rank)}}});
}

void Mover::reverse() {
  Dims axes;
  for (int64_t i = 0; i < rank; ++i)
    if (dice.chance(0.5))
      axes.push_back(dice.chance(0.2) ? i - rank : i);
  if (axes.empty())
    same("reverse", {{"x", operand}});
  else
    same("reverse", {{"x", operand}, {"axes", {w.constant(makeInt32s(axes))}}});
}

void Mover::expandAndSqueeze() {
  if (rank < 5 && dice.chance(0.5)) {
    const int64_t axis = dice.below(rank + 1);
    same("expand_dims", {{"x", operand},
                         {"axes",
                          {w.constant(makeInt32s(
                              {dice.chance(0.3) ? axis - rank - 1 : axis}))}}});
    return;
  }
  Dims axes;
  for (int64_t i = 0; i < rank; ++i)
    if (size(i) == 1 && dice.chance(0.7))
      axes.push_back(i);
  if (axes.empty() && rank > 1)
    same("squeeze", {{"x", operand}});
  else if (!axes.empty())
    same("squeeze", {{"x", operand}, {"axes", {w.constant(makeInt32s(axes))}}});
}

void Mover::move() {
  using Member = void (Mover::*)();
  static constexpr Member members[] = {
      &Mover::reshape,      &Mover::reshape,         &Mover::transpose,
      &Mover::transpose,    &Mover::sliceBySize,     &Mover::sliceByIndex,
      &Mover::sliceByIndex, &Mover::concat,          &Mover::concat,
      &Mover::stack,        &Mover::split,           &Mover::tile,
      &Mover::pad,          &Mover::gather,          &Mover::gatherAlongAxis,
      &Mover::reverse,      &Mover::expandAndSqueeze};
  (this->*members[dice.below(static_cast<int64_t>(std::size(members)))])();
}

} // namespace

void writeMovement(FunctionWriter &writer, std::vector<Var> &pool) {
  const Var *x = pickVar(writer.dice, pool, !writer.dice.chance(0.1));
  // Values without dimensions have nowhere to go.
  if (x && x->rank() > 0 && x->rank() <= 5)
    Mover(writer, pool, *x).move();
}

} // namespace anec::rt::mil::random

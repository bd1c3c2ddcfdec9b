//===- LowerRope.cpp - nn.rope by tables ----------------------------------===//
//
// Angles are compile-time constants: cos and sin, computed in double, become
// tables. Positions repeat for every sequence of the batch.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/KernelBuilder.h"
#include "compiler/Conversion/Lowering.h"
#include "dialect/NN/NN.h"
#include "runtime/target/Profile.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace mlir;

namespace anec {

namespace {

/// One rotation: what the tables of an op are computed from.
struct Rotation {
  int64_t features, headDim, tokens, sequence;
  double theta;
  bool inverse;

  explicit Rotation(nn::RopeOp op)
      : headDim(op.getHeadDim()), theta(op.getTheta().convertToDouble()),
        inverse(op.getInverse()) {
    ArrayRef<int64_t> shape = shapeOf(op.getX());
    features = shape[2];
    tokens = shape[0] * shape[1];
    sequence = shape[1];
  }

  /// Angle of pair `pair` of a head at token `token`.
  double angle(int64_t pair, int64_t token) const {
    double position = static_cast<double>(token % sequence);
    double turn = position * std::pow(theta, -2.0 * pair / headDim);
    return inverse ? -turn : turn;
  }

  /// A file name that determines the table.
  std::string file(StringRef kind, int64_t rows) const {
    std::string name;
    llvm::raw_string_ostream(name)
        << "weights/rope_" << kind << "_" << rows << "x" << tokens << "_head"
        << headDim << "_seq" << sequence << "_theta"
        << llvm::format("%.17g", theta) << (inverse ? "_inverse" : "")
        << ".bin";
    return name;
  }
};

using Curve = double (*)(double);
double cosine(double angle) { return std::cos(angle); }
double sine(double angle) { return std::sin(angle); }
double minusSine(double angle) { return -std::sin(angle); }

/// Pairs (2i, 2i+1): y = x0 * (cos, sin) + x1 * (-sin, cos), with the pair on
/// axis 2 and x0, x1 broadcast along it.
Value rotateInterleaved(KernelBuilder &kernel, Value x, const Rotation &turn) {
  int64_t pairs = turn.features / 2, headPairs = turn.headDim / 2;
  Value paired = kernel.reshape(x, {1, pairs, 2, turn.tokens});
  auto rotate = [&](int64_t member, StringRef kind, Curve even, Curve odd) {
    Value x = kernel.slice(paired, 2, member, 1);
    Value table = kernel.table({1, pairs, 2, turn.tokens},
                               turn.file(kind, turn.features), [&](int64_t i) {
                                 int64_t row = i / turn.tokens;
                                 double angle = turn.angle(row / 2 % headPairs,
                                                           i % turn.tokens);
                                 return row % 2 == 0 ? even(angle) : odd(angle);
                               });
    return kernel.mul(x, table);
  };
  Value even = rotate(0, "even", cosine, sine);
  Value odd = rotate(1, "odd", minusSine, cosine);
  return kernel.reshape(kernel.add(even, odd),
                        {1, turn.features, 1, turn.tokens});
}

/// Pairs (i, i + d/2): y = x * cos + swapped x * (-sin, sin), one table for all
/// heads.
Value rotateHalves(KernelBuilder &kernel, Value x, const Rotation &turn) {
  int64_t d = turn.headDim, half = d / 2, heads = turn.features / d;
  auto rotate = [&](Value x, StringRef kind, Curve first, Curve second) {
    Value table = kernel.table(
        {1, 1, d, turn.tokens}, turn.file(kind, d), [&](int64_t i) {
          int64_t row = i / turn.tokens;
          double angle = turn.angle(row % half, i % turn.tokens);
          return row < half ? first(angle) : second(angle);
        });
    return kernel.mul(x, table);
  };
  Value byHead = kernel.reshape(x, {1, heads, d, turn.tokens});
  Value swapped = kernel.concat(
      {kernel.slice(byHead, 2, half, half), kernel.slice(byHead, 2, 0, half)},
      2);
  Value kept = rotate(byHead, "halves_cos", cosine, cosine);
  Value moved = rotate(swapped, "halves_sin", minusSine, sine);
  return kernel.reshape(kernel.add(kept, moved),
                        {1, turn.features, 1, turn.tokens});
}

/// Either style in forms that trained models: features of a token side by side,
/// [1, T, groups, 2 * width], so that members of pairs are cut and joined along
/// the last axis and meet tables of their own shape.
Value rotateRows(KernelBuilder &kernel, Value x, const Rotation &turn,
                 nn::RopeStyle style) {
  int64_t headPairs = turn.headDim / 2, pairs = turn.features / 2;
  int64_t width = style == nn::RopeStyle::halves ? headPairs : 1;
  SmallVector<int64_t> members = {1, turn.tokens, pairs / width, width};
  auto table = [&](StringRef kind, Curve curve) {
    return kernel.table(members, turn.file(kind, pairs), [&](int64_t i) {
      return curve(turn.angle(i % pairs % headPairs, i / pairs));
    });
  };
  Value cos = table("rows_cos", cosine), sin = table("rows_sin", sine);
  Value columns = kernel.reshape(x, {1, 1, turn.features, turn.tokens});
  Value rows = kernel.reshape(kernel.transpose(columns),
                              {1, turn.tokens, pairs / width, 2 * width});
  Value first = kernel.slice(rows, 3, 0, width);
  Value second = kernel.slice(rows, 3, width, width);
  Value turned = kernel.concat(
      {kernel.sub(kernel.mul(first, cos), kernel.mul(second, sin)),
       kernel.add(kernel.mul(first, sin), kernel.mul(second, cos))},
      3);
  Value joined = kernel.reshape(turned, {1, 1, turn.tokens, turn.features});
  return kernel.reshape(kernel.transpose(joined),
                        {1, turn.features, 1, turn.tokens});
}

struct LowerRope : LoweringPattern<nn::RopeOp> {
  LowerRope(const LayoutConverter &layout, MLIRContext *context,
            bool provenOnly)
      : LoweringPattern(layout, context), provenOnly(provenOnly) {}

  DeviceValues lower(nn::RopeOp op, Operands operands,
                     OpBuilder &builder) const override {
    KernelBuilder kernel(builder, op.getLoc());
    Value x = operands.getX().front();
    Rotation turn(op);
    if (provenOnly)
      return SmallVector<Value>{rotateRows(kernel, x, turn, op.getStyle())};
    auto rotate = op.getStyle() == nn::RopeStyle::halves ? rotateHalves
                                                         : rotateInterleaved;
    return SmallVector<Value>{rotate(kernel, x, turn)};
  }

  bool provenOnly;
};

} // namespace

void populateRopePatterns(const LayoutConverter &layout,
                          const rt::target::Profile &profile,
                          RewritePatternSet &patterns) {
  patterns.add<LowerRope>(layout, patterns.getContext(),
                          profile.refuses(rt::target::Rule::ProvenOnly));
}

} // namespace anec

//===- MILRemoveConcat.cpp - Joining values without concat ----------------===//
//
// Some machines refuse concat. A 1x1 convolution with a constant weight of
// zeros and ones puts the channels of a value where they belong among all
// channels; the sum of such values is what concat makes. Other axes become
// channels first.
//
//===----------------------------------------------------------------------===//

#include "compiler/Kernels/TargetOption.h"
#include "compiler/Passes.h"
#include "dialect/MIL/MIL.h"
#include "dialect/TensorTypes.h"
#include "runtime/support/Half.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/FormatVariadic.h"

#include <numeric>

namespace anec {
#define GEN_PASS_DEF_MILREMOVECONCATPASS
#include "compiler/Passes.h.inc"
} // namespace anec

using namespace mlir;

namespace anec {

namespace {

/// Row and column of each one of a placement weight.
using Ones = SmallVector<std::pair<int64_t, int64_t>>;

/// Rewrites one concat.
class Joiner {
public:
  explicit Joiner(mil::ConcatOp op)
      : op(op), builder(op), location(op.getLoc()) {}

  LogicalResult rewrite() {
    ArrayRef<int64_t> shape = shapeOf(op.getResult());
    int64_t axis = static_cast<int32_t>(op.getAxis());
    axis = axis < 0 ? axis + op.getType().getRank() : axis;
    if (shape.size() != 4 || shape[0] != 1 || axis == 0)
      return op.emitOpError("has no form without concat for ")
             << op.getType() << " along axis " << axis;
    Value joined = axis == 3 ? joinColumns() : joinRows(axis);
    op.getResult().replaceAllUsesWith(reshape(joined, shape));
    op.erase();
    return success();
  }

private:
  /// Along axis 1, or along axis 2 of every slice of axis 1: in pieces of the
  /// largest height that divides all parts.
  Value joinRows(int64_t axis) {
    ArrayRef<int64_t> shape = shapeOf(op.getResult());
    const int64_t outer = axis == 1 ? 1 : shape[1];
    int64_t piece = axis == 1 ? shape[2] : 0;
    if (axis == 2)
      for (Value part : op.getValues())
        piece = std::gcd(piece, shapeOf(part)[2]);
    const int64_t all = axis == 1 ? shape[1] : shape[2] / piece;
    llvm::MapVector<Value, Ones> ones;
    int64_t first = 0;
    for (Value part : op.getValues()) {
      const int64_t count =
          axis == 1 ? shapeOf(part)[1] : shapeOf(part)[2] / piece;
      for (int64_t slice = 0; slice < outer; ++slice)
        for (int64_t i = 0; i < count; ++i)
          ones[part].push_back({slice * all + first + i, slice * count + i});
      first += count;
    }
    Value sum;
    for (auto &[part, places] : ones) {
      const int64_t channels = shapeOf(part)[1] * shapeOf(part)[2] / piece;
      Value x = reshape(part, {1, channels, piece, shape[3]});
      add(sum, place(x, outer * all, places));
    }
    return sum;
  }

  /// Along the width, which is the channels of the transposed values.
  Value joinColumns() {
    ArrayRef<int64_t> shape = shapeOf(op.getResult());
    const int64_t rows = shape[1] * shape[2], width = shape[3];
    llvm::MapVector<Value, Ones> ones;
    int64_t first = 0;
    for (Value part : op.getValues()) {
      const int64_t columns = shapeOf(part)[3];
      for (int64_t i = 0; i < columns; ++i)
        ones[part].push_back({first + i, i});
      first += columns;
    }
    Value sum;
    for (auto &[part, places] : ones) {
      const int64_t columns = shapeOf(part)[3];
      Value turned = transpose(reshape(part, {1, 1, rows, columns}));
      add(sum, place(reshape(turned, {1, columns, 1, rows}), width, places));
    }
    return transpose(reshape(sum, {1, 1, width, rows}));
  }

  /// The channels of x at the rows of `ones`, among `channels`.
  Value place(Value x, int64_t channels, const Ones &ones) {
    const int64_t inputs = shapeOf(x)[1];
    std::vector<rt::half> values(channels * inputs, rt::half(0));
    uint64_t hash = 0xcbf29ce484222325; // FNV-1a of what the weight is.
    for (auto [row, column] : ones) {
      values[row * inputs + column] = rt::half(1);
      hash = (hash ^ uint64_t(row * inputs + column)) * 0x100000001b3;
    }
    auto type =
        RankedTensorType::get({channels, inputs, 1, 1}, builder.getF16Type());
    ArrayRef<char> bytes(reinterpret_cast<const char *>(values.data()),
                         values.size() * sizeof(rt::half));
    std::string file = llvm::formatv("weights/place_{0}x{1}_{2:x-}.bin",
                                     channels, inputs, hash)
                           .str();
    Value weight =
        mil::ConstOp::create(builder, location, type,
                             DenseElementsAttr::getFromRawBuffer(type, bytes),
                             builder.getStringAttr(file));
    return mil::ConvOp::create(builder, location, x, weight);
  }

  void add(Value &sum, Value value) {
    sum =
        sum ? Value(mil::AddOp::create(builder, location, sum, value)) : value;
  }

  Value reshape(Value x, ArrayRef<int64_t> shape) {
    if (shapeOf(x) == shape)
      return x;
    SmallVector<int32_t> narrow(shape.begin(), shape.end());
    return mil::ReshapeOp::create(builder, location, x,
                                  builder.getDenseI32ArrayAttr(narrow));
  }

  Value transpose(Value x) {
    return mil::TransposeOp::create(builder, location, x, {0, 1, 3, 2});
  }

  mil::ConcatOp op;
  OpBuilder builder;
  Location location;
};

struct MILRemoveConcatPass
    : anec::impl::MILRemoveConcatPassBase<MILRemoveConcatPass> {
  using MILRemoveConcatPassBase::MILRemoveConcatPassBase;

  LogicalResult initialize(MLIRContext *context) override {
    return loadTarget(target.getValue(), context, profile);
  }

  void runOnOperation() override {
    if (!profile->refuses(rt::target::Rule::OpConcat))
      return;
    SmallVector<mil::ConcatOp> concats;
    getOperation().walk([&](mil::ConcatOp op) { concats.push_back(op); });
    for (mil::ConcatOp op : concats)
      if (failed(Joiner(op).rewrite()))
        return signalPassFailure();
  }

  std::optional<rt::target::Profile> profile;
};

} // namespace
} // namespace anec

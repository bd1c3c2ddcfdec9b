//===- MILPadProducts.cpp - Sums of a length that the device can add ------===//
//
// A product that sums over a number of elements that is no multiple of 32 gives
// zeros on some chips. Zeros at the end of both operands change no sum.
//
//===----------------------------------------------------------------------===//

#include "compiler/Kernels/TargetOption.h"
#include "compiler/Kernels/Zeros.h"
#include "compiler/Passes.h"
#include "dialect/MIL/MIL.h"
#include "dialect/TensorTypes.h"

#include "mlir/IR/Builders.h"

namespace anec {
#define GEN_PASS_DEF_MILPADPRODUCTSPASS
#include "compiler/Passes.h.inc"
} // namespace anec

using namespace mlir;

namespace anec {

namespace {

using rt::target::Rule;

Value zeros(OpBuilder &builder, Location location, RankedTensorType type) {
  return mil::ConstOp::create(
      builder, location, type,
      DenseElementsAttr::get(type, builder.getZeroAttr(type.getElementType())),
      builder.getStringAttr(zerosFile(type.getShape())));
}

/// `operand` with zeros behind it, up to `size` along `axis`.
void pad(OpOperand &operand, int64_t axis, int64_t size) {
  Operation *op = operand.getOwner();
  OpBuilder builder(op);
  RankedTensorType type = typeOf(operand.get());
  SmallVector<int64_t> shape(type.getShape());
  shape[axis] = size - shape[axis];
  Value missing = zeros(builder, op->getLoc(), type.clone(shape));
  operand.set(mil::ConcatOp::create(builder, op->getLoc(),
                                    ValueRange{operand.get(), missing},
                                    static_cast<uint32_t>(axis),
                                    /*interleave=*/false));
}

struct MILPadProductsPass
    : anec::impl::MILPadProductsPassBase<MILPadProductsPass> {
  using MILPadProductsPassBase::MILPadProductsPassBase;

  LogicalResult initialize(MLIRContext *context) override {
    return loadTarget(target.getValue(), context, profile);
  }

  void runOnOperation() override {
    if (!profile->refuses(Rule::MatmulK32))
      return;
    const int64_t granule = profile->limit(Rule::MatmulK32);
    getOperation().walk([&](mil::MatmulOp op) {
      const int64_t rank = typeOf(op.getX()).getRank();
      const int64_t axis = rank - (op.getTransposeX() ? 2 : 1);
      const int64_t summed = typeOf(op.getX()).getDimSize(axis);
      if (summed % granule == 0)
        return;
      const int64_t size = (summed + granule - 1) / granule * granule;
      const int64_t yRank = typeOf(op.getY()).getRank();
      pad(op.getXMutable(), axis, size);
      pad(op.getYMutable(), yRank - (op.getTransposeY() ? 1 : 2), size);
    });
  }

  std::optional<rt::target::Profile> profile;
};

} // namespace
} // namespace anec

//===- NNImageOps.cpp - Inference and gradients of image ops --------------===//

#include "dialect/NN/NN.h"
#include "dialect/NN/NNOperands.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace anec::nn;

using Inferred = SmallVectorImpl<Type>;
using Grads = MutableArrayRef<Value>;

/// Inference runs before the constraints on operand types are checked.
namespace {
/// Sizes of an image and of the squares that it is cut into.
struct Grid {
  int64_t height, width, step;

  int64_t pixels() const { return height * width; }
  int64_t squares() const { return pixels() / (step * step); }
};
} // namespace

/// What nn.conv2d calls (C2), with the name of the attribute `step` is.
static LogicalResult checkGrid(std::optional<Location> loc, Grid grid,
                               StringRef name) {
  constexpr int64_t most = int64_t(1) << 20;
  if (grid.height < 1 || grid.width < 1 || grid.height > most ||
      grid.width > most)
    return emitOptionalError(loc, "expects height and width from 1 to ", most,
                             ", but got ", grid.height, " and ", grid.width);
  if (grid.step < 1 || grid.height % grid.step || grid.width % grid.step)
    return emitOptionalError(loc, "expects ", name, " to divide height ",
                             grid.height, " and width ", grid.width,
                             ", but got ", grid.step);
  return success();
}

/// Weights further out would only meet what is outside.
static LogicalResult checkKernel(std::optional<Location> loc, Grid grid,
                                 int64_t kernel) {
  int64_t most = 2 * std::min(grid.height, grid.width);
  if (kernel >= 1 && kernel <= most)
    return success();
  return emitOptionalError(loc, "expects a kernel from 1 to ", most,
                           ", twice the image, but got ", kernel);
}

static LogicalResult checkPositions(std::optional<Location> loc, StringRef name,
                                    RankedTensorType type, int64_t expected) {
  if (type.getDimSize(1) == expected)
    return success();
  return emitOptionalError(loc, "expects ", name, " to have ", expected,
                           " pixels, but got ", type.getDimSize(1));
}

//===----------------------------------------------------------------------===//
// Convolution
//===----------------------------------------------------------------------===//

/// The patches of x, or failure.
static FailureOr<RankedTensorType>
patchesType(std::optional<Location> loc, Value x, Grid grid, int64_t kernel) {
  FailureOr<RankedTensorType> type = activation(loc, "x", x);
  if (failed(type) || failed(checkGrid(loc, grid, "stride")) || // conv2d_c2
      failed(checkKernel(loc, grid, kernel)) ||
      failed(checkPositions(loc, "x", *type, grid.pixels()))) // conv2d_c1
    return failure();
  return RankedTensorType(type->clone({type->getDimSize(0), grid.squares(),
                                       kernel * kernel * type->getDimSize(2)}));
}

template <typename Adaptor> static Grid convolutionGrid(Adaptor adaptor) {
  return {int64_t(adaptor.getHeight()), int64_t(adaptor.getWidth()),
          int64_t(adaptor.getStride())};
}

LogicalResult Conv2dOp::inferReturnTypes(MLIRContext *,
                                         std::optional<Location> loc,
                                         Adaptor adaptor, Inferred &inferred) {
  auto patches = patchesType(loc, adaptor.getX(), convolutionGrid(adaptor),
                             adaptor.getKernel());
  if (failed(patches))
    return failure();
  auto weight = dyn_cast<RankedTensorType>(adaptor.getWeight().getType());
  if (!weight || weight.getRank() != 2 ||
      weight.getDimSize(1) != patches->getDimSize(2)) // conv2d_c3
    return emitOptionalError(loc, "expects a weight [output channels, ",
                             patches->getDimSize(2), "], but got ",
                             adaptor.getWeight().getType());
  inferred.push_back(
      patches->clone({patches->getDimSize(0), patches->getDimSize(1),
                      weight.getDimSize(0)})); // conv2d_c4
  return success();
}

LogicalResult PatchesOp::inferReturnTypes(MLIRContext *,
                                          std::optional<Location> loc,
                                          Adaptor adaptor, Inferred &inferred) {
  auto type = patchesType(loc, adaptor.getX(), convolutionGrid(adaptor),
                          adaptor.getKernel());
  if (failed(type))
    return failure();
  inferred.push_back(*type);
  return success();
}

LogicalResult PatchesGradOp::inferReturnTypes(MLIRContext *,
                                              std::optional<Location> loc,
                                              Adaptor adaptor,
                                              Inferred &inferred) {
  Grid grid = convolutionGrid(adaptor);
  int64_t kernel = adaptor.getKernel();
  auto type = activation(loc, "dy", adaptor.getDy());
  if (failed(type) || failed(checkGrid(loc, grid, "stride")) ||
      failed(checkKernel(loc, grid, kernel)) ||
      failed(checkPositions(loc, "dy", *type, grid.squares())))
    return failure();
  if (type->getDimSize(2) % (kernel * kernel)) // patches_grad_c1
    return emitOptionalError(loc, "expects features of dy to be a multiple of ",
                             kernel * kernel, ", but got ",
                             type->getDimSize(2));
  inferred.push_back(type->clone({type->getDimSize(0), grid.pixels(),
                                  type->getDimSize(2) / (kernel * kernel)}));
  return success();
}

// y = p * w^T with p the patches of x   =>   dp = dy * w,   dw = dy^T * p.
LogicalResult Conv2dOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                                 Grads operandGrads) {
  Location loc = getLoc();
  Value dy = resultGrads[0];
  Value dp = MatmulOp::create(builder, loc, dy, getWeight(),
                              /*transpose_a=*/false);
  operandGrads[0] =
      PatchesGradOp::create(builder, loc, dp, getHeightAttr(), getWidthAttr(),
                            getKernelAttr(), getStrideAttr());
  Value patches =
      PatchesOp::create(builder, loc, getX(), getHeightAttr(), getWidthAttr(),
                        getKernelAttr(), getStrideAttr());
  operandGrads[1] =
      MatmulOp::create(builder, loc, dy, patches, /*transpose_a=*/true);
  return success();
}

//===----------------------------------------------------------------------===//
// Pools
//===----------------------------------------------------------------------===//

template <typename Adaptor> static Grid poolGrid(Adaptor adaptor) {
  return {int64_t(adaptor.getHeight()), int64_t(adaptor.getWidth()),
          int64_t(adaptor.getWindow())};
}

LogicalResult PoolOp::inferReturnTypes(MLIRContext *,
                                       std::optional<Location> loc,
                                       Adaptor adaptor, Inferred &inferred) {
  Grid grid = poolGrid(adaptor);
  auto type = activation(loc, "x", adaptor.getX());
  if (failed(type) || failed(checkGrid(loc, grid, "window")) || // pool_c2
      failed(checkPositions(loc, "x", *type, grid.pixels())))   // pool_c1
    return failure();
  inferred.push_back(type->clone(
      {type->getDimSize(0), grid.squares(), type->getDimSize(2)})); // pool_c3
  return success();
}

LogicalResult AveragePoolGradOp::inferReturnTypes(MLIRContext *,
                                                  std::optional<Location> loc,
                                                  Adaptor adaptor,
                                                  Inferred &inferred) {
  Grid grid = poolGrid(adaptor);
  auto type = activation(loc, "dy", adaptor.getDy());
  if (failed(type) || failed(checkGrid(loc, grid, "window")) ||
      failed(checkPositions(loc, "dy", *type, grid.squares())))
    return failure(); // average_pool_grad_c1
  inferred.push_back(
      type->clone({type->getDimSize(0), grid.pixels(), type->getDimSize(2)}));
  return success();
}

LogicalResult PoolOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                               Grads operandGrads) {
  Value dy = resultGrads[0];
  if (getKind() == PoolKind::max)
    operandGrads[0] =
        MaxPoolGradOp::create(builder, getLoc(), getX().getType(), getX(), dy,
                              getHeightAttr(), getWidthAttr(), getWindowAttr());
  else
    operandGrads[0] =
        AveragePoolGradOp::create(builder, getLoc(), dy, getHeightAttr(),
                                  getWidthAttr(), getWindowAttr());
  return success();
}

//===- LowerImage.cpp - Convolutions and pools ----------------------------===//
//
// The pixels of an image lie side by side on the last axis, so a neighbour is
// that axis turned by a fixed number of columns, and a table of 0 and 1 removes
// what came from another row or image. A convolution is the product of its
// weight and the neighbours below each other, in a form that is proven for
// weights that change; `mil.conv` wants constant ones, and pools are refused.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/KernelBuilder.h"
#include "compiler/Conversion/Lowering.h"
#include "dialect/NN/NN.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace anec {

namespace {

/// Images [1, C, 1, B * height * width] in squares of `step` x `step` pixels.
struct Images {
  KernelBuilder &kernel;
  int64_t batch, height, width, step;

  int64_t pixels() const { return batch * height * width; }
  int64_t squares() const { return pixels() / (step * step); }

  /// The last axis cut so that the columns of squares, then their rows, are an
  /// axis of their own.
  Value splitColumns(Value x) const {
    return kernel.reshape(x, {1, shapeOf(x)[1], pixels() / step, step});
  }
  Value splitRows(Value x) const {
    int64_t channels = shapeOf(x)[1];
    return kernel.reshape(
        x, {1, channels * batch * height / step, step, width / step});
  }
  Value joined(Value x, int64_t channels, int64_t columns) const {
    return kernel.reshape(x, {1, channels, 1, columns});
  }

  /// One pixel for each square: `along(x, axis)` of its columns, then rows.
  template <typename Along> Value shrink(Value x, const Along &along) const {
    if (step == 1)
      return x;
    int64_t channels = shapeOf(x)[1];
    Value columns = along(splitColumns(x), 3);
    return joined(along(splitRows(columns), 2), channels, squares());
  }
  /// The first pixel of each square.
  Value subsample(Value x) const {
    return shrink(
        x, [&](Value x, int32_t axis) { return kernel.slice(x, axis, 0, 1); });
  }
  /// Each pixel of a square that of `x`, which has one.
  Value spread(Value x) const {
    if (step == 1)
      return x;
    int64_t channels = shapeOf(x)[1];
    Value columns = kernel.reshape(x, {1, channels, squares(), 1});
    columns = kernel.concat(SmallVector<Value>(step, columns), 3);
    Value rows = kernel.reshape(
        columns, {1, channels * batch * height / step, 1, width});
    rows = kernel.concat(SmallVector<Value>(step, rows), 2);
    return joined(rows, channels, pixels());
  }

  /// Pixel (i + rows, j + columns) at (i, j), where both are in the image.
  Value shift(Value x, int64_t rows, int64_t columns) const {
    int64_t all = pixels();
    int64_t begin = ((rows * width + columns) % all + all) % all;
    if (begin == 0)
      return x;
    return kernel.concat(
        {kernel.slice(x, 3, begin, all - begin), kernel.slice(x, 3, 0, begin)},
        3);
  }
  /// x where pixel (i + rows, j + columns) is in the image and, with
  /// `onlyFirst`, (i, j) is the first of its square; 0 elsewhere.
  Value keepInside(Value x, int64_t rows, int64_t columns,
                   bool onlyFirst) const {
    int64_t grid = onlyFirst ? step : 1;
    if (rows == 0 && columns == 0 && grid == 1)
      return x;
    auto element = [&](int64_t t) {
      int64_t i = t / width % height, j = t % width;
      bool kept = i % grid == 0 && j % grid == 0 && i + rows >= 0 &&
                  i + rows < height && j + columns >= 0 && j + columns < width;
      return kept ? 1.0 : 0.0;
    };
    std::string file =
        llvm::formatv("weights/inside_{0}x{1}x{2}_row{3}_column{4}_step{5}.bin",
                      batch, height, width, rows, columns, grid)
            .str();
    return kernel.mul(x, kernel.table({1, 1, 1, pixels()}, file, element));
  }
};

/// The positions of a kernel's weights, relative to the pixel of the output.
struct Window {
  int64_t kernel, pad;

  Window(int64_t kernel, int64_t stride)
      : kernel(kernel), pad(std::max<int64_t>(0, (kernel - stride + 1) / 2)) {}

  template <typename Visit> void forEach(const Visit &visit) const {
    for (int64_t u = 0; u < kernel; ++u)
      for (int64_t v = 0; v < kernel; ++v)
        visit(u - pad, v - pad);
  }
};

template <typename OpTy>
Images imagesOf(OpTy op, KernelBuilder &kernel, int64_t step) {
  int64_t batch =
      cast<RankedTensorType>(op->getResult(0).getType()).getDimSize(0);
  return {kernel, batch, int64_t(op.getHeight()), int64_t(op.getWidth()), step};
}

/// nn.conv2d(x, w) -> mil.matmul(w, the neighbours of x below each other)
struct LowerConv2d : LoweringPattern<nn::Conv2dOp> {
  using LoweringPattern::LoweringPattern;

  DeviceValues lower(nn::Conv2dOp op, Operands operands,
                     OpBuilder &builder) const override {
    KernelBuilder kernel(builder, op.getLoc());
    Images images = imagesOf(op, kernel, op.getStride());
    SmallVector<Value> patches;
    Window(op.getKernel(), op.getStride())
        .forEach([&](int64_t rows, int64_t columns) {
          Value seen = images.shift(operands.getX().front(), rows, columns);
          seen = images.keepInside(seen, rows, columns, /*onlyFirst=*/false);
          patches.push_back(images.subsample(seen));
        });
    return SmallVector<Value>{kernel.applyMatrix(operands.getWeight().front(),
                                                 kernel.concat(patches, 1),
                                                 /*transposed=*/false)};
  }
};

/// nn.patches_grad(dy) -> the sum of its parts, each turned back
struct LowerPatchesGrad : LoweringPattern<nn::PatchesGradOp> {
  using LoweringPattern::LoweringPattern;

  DeviceValues lower(nn::PatchesGradOp op, Operands operands,
                     OpBuilder &builder) const override {
    KernelBuilder kernel(builder, op.getLoc());
    Images images = imagesOf(op, kernel, op.getStride());
    int64_t channels = shapeOf(op.getDx())[2], next = 0;
    Value sum;
    Window(op.getKernel(), op.getStride())
        .forEach([&](int64_t rows, int64_t columns) {
          Value part = kernel.slice(operands.getDy().front(), 1,
                                    channels * next++, channels);
          part = images.keepInside(images.spread(part), rows, columns,
                                   /*onlyFirst=*/true);
          part = images.shift(part, -rows, -columns);
          sum = sum ? kernel.add(sum, part) : part;
        });
    return SmallVector<Value>{sum};
  }
};

/// nn.pool(x) -> mil.reduce_max or mil.reduce_sum of columns, then of rows
struct LowerPool : LoweringPattern<nn::PoolOp> {
  using LoweringPattern::LoweringPattern;

  DeviceValues lower(nn::PoolOp op, Operands operands,
                     OpBuilder &builder) const override {
    KernelBuilder kernel(builder, op.getLoc());
    int64_t window = op.getWindow();
    Images images = imagesOf(op, kernel, window);
    Value x = operands.getX().front();
    if (op.getKind() == nn::PoolKind::max)
      return SmallVector<Value>{images.shrink(
          x, [&](Value x, int32_t axis) { return kernel.peak(x, axis); })};
    // Scaled first: a sum of large pixels might leave fp16.
    return SmallVector<Value>{images.shrink(
        kernel.scale(x, 1.0 / double(window * window)),
        [&](Value x, int32_t axis) { return kernel.sum(x, axis); })};
  }
};

/// nn.average_pool_grad(dy) -> copies of dy / window^2
struct LowerAveragePoolGrad : LoweringPattern<nn::AveragePoolGradOp> {
  using LoweringPattern::LoweringPattern;

  DeviceValues lower(nn::AveragePoolGradOp op, Operands operands,
                     OpBuilder &builder) const override {
    KernelBuilder kernel(builder, op.getLoc());
    int64_t window = op.getWindow();
    Images images = imagesOf(op, kernel, window);
    Value share =
        kernel.scale(operands.getDy().front(), 1.0 / double(window * window));
    return SmallVector<Value>{images.spread(share)};
  }
};

} // namespace

void populateImagePatterns(const LayoutConverter &layout,
                           RewritePatternSet &patterns) {
  patterns.add<LowerConv2d, LowerPatchesGrad, LowerPool, LowerAveragePoolGrad>(
      layout, patterns.getContext());
}

} // namespace anec

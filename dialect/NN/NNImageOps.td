//===- NNImageOps.td - Convolutions and pools --------------*- tablegen -*-===//
//
// An image [height, width, channels] is an activation [batch, height * width,
// channels]: pixels are positions of a sequence, row by row, and channels are
// features. So every other op works on images as it is.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_DIALECT_NN_IMAGE
#define ANEC_DIALECT_NN_IMAGE

include "dialect/NN/NNOpBase.td"

def NN_Conv2dOp : NN_DeviceOp<"conv2d",
    [NN_Product, NN_Differentiable, InferTypeOpAdaptor]> {
  let summary = "two-dimensional convolution, output `stride` times smaller";
  let description = [{
    y[b, (i, j), o] = sum over u, v, c of weight[o, (u, v, c)] *
    x[b, (i * stride - pad + u, j * stride - pad + v), c], where pad =
    max(0, (kernel - stride + 1) / 2) rounded down and pixels outside the image
    are 0. That is PyTorch's Conv2d(kernel, stride, padding = pad) wherever
    both give the same size, with the weight stored [O, kernel, kernel, C] as
    MLX does. There is no bias (see `nn.add`).

    - (C1) `dim(x, 1) = height * width`.
    - (C2) `stride` divides height and width; `kernel` is at most twice as large
      as they.
    - (C3) `dim(weight, 1) = kernel^2 * dim(x, 2)`.
    - (C4) `shape(y) = [dim(x, 0), height * width / stride^2, dim(weight, 0)]`.

    ```mlir
    %y = nn.conv2d %x, %w, height = 4, width = 4, kernel = 3, stride = 1 : tensor<2x16x8xf32>, tensor<16x72xf32>
    ```
  }];
  let arguments = (ins NN_Activation:$x, NN_Matrix:$weight, I64Attr:$height,
                       I64Attr:$width, I64Attr:$kernel, I64Attr:$stride);
  let results = (outs NN_Activation:$y);
  let assemblyFormat = [{
    $x `,` $weight `,` `height` `=` $height `,` `width` `=` $width `,`
    `kernel` `=` $kernel `,` `stride` `=` $stride attr-dict
    `:` type($x) `,` type($weight)
  }];
}

def NN_PatchesOp : NN_HostOp<"patches", [NN_Cheap, InferTypeOpAdaptor]> {
  let summary = "what each output of `nn.conv2d` sees: [B, pixels, kernel^2 * C]";
  let description = [{
    y[b, (i, j), (u, v, c)] is the pixel that the weight (u, v, c) meets. Made
    by the gradient rule of `nn.conv2d`: with patches, the gradient of a weight
    is that of `nn.linear`.

    - (C1), (C2) as for `nn.conv2d`.

    ```mlir
    %p = nn.patches %x, height = 4, width = 4, kernel = 3, stride = 1 : tensor<2x16x8xf32>
    ```
  }];
  let arguments = (ins NN_Activation:$x, I64Attr:$height, I64Attr:$width,
                       I64Attr:$kernel, I64Attr:$stride);
  let results = (outs NN_Activation:$y);
  let assemblyFormat = [{
    $x `,` `height` `=` $height `,` `width` `=` $width `,`
    `kernel` `=` $kernel `,` `stride` `=` $stride attr-dict `:` type($x)
  }];
}
def NN_PatchesGradOp : NN_DeviceOp<"patches_grad",
    [NN_Cheap, InferTypeOpAdaptor]> {
  let summary = "sums patches back into the pixels that they came from";
  let description = [{
    The transpose of `nn.patches`; `height` and `width` are those of the result.

    - (C1) `dim(dy, 1) = height * width / stride^2`; `kernel^2` divides
      `dim(dy, 2)`; and (C2) of `nn.conv2d`.

    ```mlir
    %dx = nn.patches_grad %dp, height = 4, width = 4, kernel = 3, stride = 1 : tensor<2x16x72xf32>
    ```
  }];
  let arguments = (ins NN_Activation:$dy, I64Attr:$height, I64Attr:$width,
                       I64Attr:$kernel, I64Attr:$stride);
  let results = (outs NN_Activation:$dx);
  let assemblyFormat = [{
    $dy `,` `height` `=` $height `,` `width` `=` $width `,`
    `kernel` `=` $kernel `,` `stride` `=` $stride attr-dict `:` type($dy)
  }];
}

def NN_PoolOp : NN_ComputeOp<"pool",
    [NN_Cheap, NN_Differentiable, InferTypeOpAdaptor]> {
  let summary = "one pixel for each window of pixels";
  let description = [{
    The largest or the mean of window x window pixels that do not overlap,
    channel by channel.

    - (C1) `dim(x, 1) = height * width`.
    - (C2) `window` divides height and width.
    - (C3) `shape(y) = [dim(x, 0), height * width / window^2, dim(x, 2)]`.

    ```mlir
    %y = nn.pool max %x, height = 4, width = 4, window = 2 : tensor<2x16x8xf32>
    ```
  }];
  let arguments = (ins NN_Activation:$x, NN_PoolKindAttr:$kind,
                       I64Attr:$height, I64Attr:$width, I64Attr:$window);
  let results = (outs NN_Activation:$y);
  let assemblyFormat = [{
    $kind $x `,` `height` `=` $height `,` `width` `=` $width `,`
    `window` `=` $window attr-dict `:` type($x)
  }];
}
def NN_MaxPoolGradOp : NN_HostOp<"max_pool_grad",
    [NN_Cheap, AllTypesMatch<["x", "dx"]>]> {
  let summary = "gradient of a max pool: to the first of the largest pixels";
  let description = [{
    Host work: the choice among equal pixels has no proven device form.

    ```mlir
    %dx = nn.max_pool_grad %x, %dy, height = 4, width = 4, window = 2 : tensor<2x16x8xf32>, tensor<2x4x8xf32>
    ```
  }];
  let arguments = (ins NN_Activation:$x, NN_Activation:$dy, I64Attr:$height,
                       I64Attr:$width, I64Attr:$window);
  let results = (outs NN_Activation:$dx);
  let assemblyFormat = [{
    $x `,` $dy `,` `height` `=` $height `,` `width` `=` $width `,`
    `window` `=` $window attr-dict
    `:` type($x) `,` type($dy)
  }];
}
def NN_AveragePoolGradOp : NN_ComputeOp<"average_pool_grad",
    [NN_Cheap, InferTypeOpAdaptor]> {
  let summary = "gives each pixel of a window its share of dy";
  let description = [{
    `height` and `width` are those of the result.

    - (C1) `dim(dy, 1) = height * width / window^2`.

    ```mlir
    %dx = nn.average_pool_grad %dy, height = 4, width = 4, window = 2 : tensor<2x4x8xf32>
    ```
  }];
  let arguments = (ins NN_Activation:$dy, I64Attr:$height, I64Attr:$width,
                       I64Attr:$window);
  let results = (outs NN_Activation:$dx);
  let assemblyFormat = [{
    $dy `,` `height` `=` $height `,` `width` `=` $width `,`
    `window` `=` $window attr-dict `:` type($dy)
  }];
}

#endif // ANEC_DIALECT_NN_IMAGE

// RUN: anec-opt %s -pass-pipeline='builtin.module(nn.model(convert-nn-to-mil))' | FileCheck %s

nn.model @m {
  // Two images of 2 x 4 pixels. The neighbours of a pixel are the pixels turned
  // by -5 .. 5 columns, without what came from elsewhere; pixels themselves
  // need neither. Turned by -5 is turned by 11.
  // CHECK-LABEL: mil.program @convolution
  // CHECK:         mil.func @main(%[[X:.*]]: tensor<1x3x1x16xf16>, %[[W:.*]]: tensor<1x1x8x27xf16>
  // CHECK:         %[[A:.*]] = mil.slice_by_size %[[X]], begin = [0, 0, 0, 11], size = [1, 3, 1, 5]
  // CHECK:         %[[B:.*]] = mil.slice_by_size %[[X]], begin = [0, 0, 0, 0], size = [1, 3, 1, 11]
  // CHECK:         %[[TURNED:.*]] = mil.concat(%[[A]], %[[B]]), axis = 3
  // CHECK:         %[[INSIDE:.*]] = mil.const {{.*}} : tensor<1x1x1x16xf16> in "weights/inside_2x2x4_row-1_column-1_step1.bin"
  // CHECK:         %[[FIRST:.*]] = mil.mul %[[TURNED]], %[[INSIDE]]
  // CHECK:         %[[ALL:.*]] = mil.concat(%[[FIRST]], {{.*}}, %[[X]], {{.*}}), axis = 1
  // CHECK:         %[[COLUMNS:.*]] = mil.reshape %[[ALL]], shape = [1, 1, 27, 16]
  // CHECK:         mil.matmul %[[W]], %[[COLUMNS]], transpose_x = false, transpose_y = false
  nn.func private @convolution(%x: tensor<2x8x3xf32>, %w: tensor<8x27xf32> {nn.parameter = @w, nn.weights = "packed"})
      -> tensor<2x8x8xf32> attributes {kernel} {
    %y = nn.conv2d %x, %w, height = 2, width = 4, kernel = 3, stride = 1 : tensor<2x8x3xf32>, tensor<8x27xf32>
    nn.return %y : tensor<2x8x8xf32>
  }

  // A stride keeps the first pixel of each square: first of the columns, then of
  // the rows. A kernel as large as its stride looks at nothing else.
  // CHECK-LABEL: mil.program @stride
  // CHECK:         mil.func @main(%[[X:.*]]: tensor<1x3x1x8xf16>
  // CHECK:         %[[C:.*]] = mil.reshape %[[X]], shape = [1, 3, 4, 2]
  // CHECK:         %[[C0:.*]] = mil.slice_by_size %[[C]], begin = [0, 0, 0, 0], size = [1, 3, 4, 1]
  // CHECK:         %[[R:.*]] = mil.reshape %[[C0]], shape = [1, 3, 2, 2]
  // CHECK:         %[[R0:.*]] = mil.slice_by_size %[[R]], begin = [0, 0, 0, 0], size = [1, 3, 1, 2]
  // CHECK:         mil.matmul
  nn.func private @stride(%x: tensor<1x8x3xf32>, %w: tensor<8x12xf32> {nn.parameter = @w, nn.weights = "packed"})
      -> tensor<1x2x8xf32> attributes {kernel} {
    %y = nn.conv2d %x, %w, height = 2, width = 4, kernel = 2, stride = 2 : tensor<1x8x3xf32>, tensor<8x12xf32>
    nn.return %y : tensor<1x2x8xf32>
  }

  // Each part is cut from the channels, cleared where its pixel is outside, and
  // turned back.
  // CHECK-LABEL: mil.program @back
  // CHECK:         mil.func @main(%[[D:.*]]: tensor<1x27x1x8xf16>
  // CHECK:         %[[P:.*]] = mil.slice_by_size %[[D]], begin = [0, 0, 0, 0], size = [1, 3, 1, 8]
  // CHECK:         %[[M:.*]] = mil.mul %[[P]]
  // CHECK:         mil.slice_by_size %[[M]], begin = [0, 0, 0, 5], size = [1, 3, 1, 3]
  // CHECK-COUNT-8: mil.add
  // CHECK-NOT:     mil.add
  nn.func private @back(%d: tensor<1x8x27xf32>) -> tensor<1x8x3xf32> attributes {kernel} {
    %x = nn.patches_grad %d, height = 2, width = 4, kernel = 3, stride = 1 : tensor<1x8x27xf32>
    nn.return %x : tensor<1x8x3xf32>
  }

  // CHECK-LABEL: mil.program @pools
  // CHECK:         %[[C:.*]] = mil.reshape {{.*}}, shape = [1, 3, 4, 2]
  // CHECK:         %[[M:.*]] = mil.reduce_max %[[C]], axes = [3], keep_dims = true
  // CHECK:         %[[R:.*]] = mil.reshape %[[M]], shape = [1, 3, 2, 2]
  // CHECK:         mil.reduce_max %[[R]], axes = [2], keep_dims = true
  // CHECK:         mil.reduce_sum {{.*}} axes = [3], keep_dims = true
  // CHECK:         mil.reduce_sum {{.*}} axes = [2], keep_dims = true
  nn.func private @pools(%x: tensor<1x8x3xf32>) -> (tensor<1x2x3xf32>, tensor<1x2x3xf32>) attributes {kernel} {
    %y = nn.pool max %x, height = 2, width = 4, window = 2 : tensor<1x8x3xf32>
    %z = nn.pool average %x, height = 2, width = 4, window = 2 : tensor<1x8x3xf32>
    nn.return %y, %z : tensor<1x2x3xf32>, tensor<1x2x3xf32>
  }

  // CHECK-LABEL: mil.program @average_back
  // CHECK:         %[[C:.*]] = mil.reshape {{.*}}, shape = [1, 3, 2, 1]
  // CHECK:         %[[CC:.*]] = mil.concat(%[[C]], %[[C]]), axis = 3
  // CHECK:         %[[R:.*]] = mil.reshape %[[CC]], shape = [1, 3, 1, 4]
  // CHECK:         %[[RR:.*]] = mil.concat(%[[R]], %[[R]]), axis = 2
  // CHECK:         mil.reshape %[[RR]], shape = [1, 3, 1, 8]
  nn.func private @average_back(%d: tensor<1x2x3xf32>) -> tensor<1x8x3xf32> attributes {kernel} {
    %x = nn.average_pool_grad %d, height = 2, width = 4, window = 2 : tensor<1x2x3xf32>
    nn.return %x : tensor<1x8x3xf32>
  }

  // No comparison, no gelu: what is proven only.
  // CHECK-LABEL: mil.program @activations
  // CHECK:         mil.relu
  // CHECK:         mil.maximum
  // CHECK:         mil.tanh
  nn.func private @activations(%y: tensor<1x8x3xf32>, %d: tensor<1x8x3xf32>) -> tensor<1x8x3xf32> attributes {kernel} {
    %x = nn.relu_grad %y, %d : tensor<1x8x3xf32>
    %z = nn.gelu %x : tensor<1x8x3xf32>
    nn.return %z : tensor<1x8x3xf32>
  }
}

// RUN: anec-opt %s -pass-pipeline='builtin.module(nn.model(convert-nn-to-mil))' | FileCheck %s

nn.model @m {
  // Each sequence of the batch is turned alone.
  // CHECK-LABEL: mil.program @transpose
  // CHECK:         mil.func @main(%[[X:.*]]: tensor<1x8x1x8xf16>
  // CHECK:         %[[A:.*]] = mil.slice_by_size %[[X]], begin = [0, 0, 0, 0], size = [1, 8, 1, 4]
  // CHECK:         mil.transpose {{.*}} perm = [0, 1, 3, 2] : tensor<1x1x8x4xf16>
  // CHECK:         mil.transpose {{.*}} perm = [0, 1, 3, 2] : tensor<1x1x8x4xf16>
  // CHECK:         mil.concat({{.*}}), axis = 3
  nn.func private @transpose(%x: tensor<2x4x8xf32>) -> tensor<2x8x4xf32> attributes {kernel} {
    %y = nn.transpose %x : tensor<2x4x8xf32>
    nn.return %y : tensor<2x8x4xf32>
  }

  // CHECK-LABEL: mil.program @reshape
  // CHECK:         mil.transpose {{.*}} : tensor<1x1x8x8xf16>
  // CHECK:         mil.reshape {{.*}}, shape = [1, 1, 2, 32]
  // CHECK:         mil.transpose {{.*}} : tensor<1x1x2x32xf16>
  nn.func private @reshape(%x: tensor<2x4x8xf32>) -> tensor<2x1x32xf32> attributes {kernel} {
    %y = nn.reshape %x, sequence = 1 : tensor<2x4x8xf32>
    nn.return %y : tensor<2x1x32xf32>
  }

  // Features are channels; positions are cut from each sequence.
  // CHECK-LABEL: mil.program @slices
  // CHECK:         mil.func @main(%[[X:.*]]: tensor<1x8x1x8xf16>
  // CHECK:         mil.slice_by_size %[[X]], begin = [0, 5, 0, 0], size = [1, 3, 1, 8]
  // CHECK:         %[[A:.*]] = mil.slice_by_size {{.*}}, begin = [0, 0, 0, 1], size = [1, 8, 1, 2]
  // CHECK:         %[[B:.*]] = mil.slice_by_size {{.*}}, begin = [0, 0, 0, 1], size = [1, 8, 1, 2]
  // CHECK:         mil.concat(%[[A]], %[[B]]), axis = 3
  nn.func private @slices(%x: tensor<2x4x8xf32>) -> (tensor<2x4x3xf32>, tensor<2x2x8xf32>) attributes {kernel} {
    %y = nn.slice %x, dim = 2, begin = 5, size = 3 : tensor<2x4x8xf32>
    %z = nn.slice %x, dim = 1, begin = 1, size = 2 : tensor<2x4x8xf32>
    nn.return %y, %z : tensor<2x4x3xf32>, tensor<2x2x8xf32>
  }

  // CHECK-LABEL: mil.program @pads
  // CHECK:         mil.func @main(%[[X:.*]]: tensor<1x8x1x4xf16>
  // CHECK:         %[[Z:.*]] = mil.const {{.*}} in "weights/zeros_2x4.bin"
  // CHECK:         mil.concat(%[[Z]], %[[X]]), axis = 1
  // CHECK:         %[[R:.*]] = mil.const {{.*}} in "weights/zeros_8x3.bin"
  // CHECK:         mil.concat(%[[X]], %[[R]]), axis = 3
  nn.func private @pads(%x: tensor<1x4x8xf32>) -> (tensor<1x4x10xf32>, tensor<1x7x8xf32>) attributes {kernel} {
    %y = nn.pad %x, dim = 2, begin = 2, size = 10 : tensor<1x4x8xf32>
    %z = nn.pad %x, dim = 1, begin = 0, size = 7 : tensor<1x4x8xf32>
    nn.return %y, %z : tensor<1x4x10xf32>, tensor<1x7x8xf32>
  }

  // CHECK-LABEL: mil.program @sums
  // CHECK:         mil.reduce_sum {{.*}} axes = [1], keep_dims = true
  // CHECK:         mil.reduce_sum {{.*}} axes = [3], keep_dims = true : tensor<1x8x2x4xf16>
  // CHECK:         %[[Z:.*]] = mil.const {{.*}} : tensor<1x5x1x8xf16>
  // CHECK:         mil.add %[[Z]]
  nn.func private @sums(%x: tensor<2x4x8xf32>) -> (tensor<2x1x8xf32>, tensor<2x4x5xf32>) attributes {kernel} {
    %y = nn.reduce %x, dim = 2 : tensor<2x4x8xf32>
    %z = nn.reduce %x, dim = 1 : tensor<2x4x8xf32>
    %e = nn.expand %y, dim = 2, size = 5 : tensor<2x4x1xf32>
    nn.return %z, %e : tensor<2x1x8xf32>, tensor<2x4x5xf32>
  }
}

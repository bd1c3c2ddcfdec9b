// RUN: anec-opt %s -pass-pipeline='builtin.module(nn.model(convert-nn-to-mil))' | FileCheck %s

nn.model @m {
  // CHECK-LABEL: mil.program @silu
  // CHECK:         mil.func @main(%[[X:.*]]: tensor<1x8x1x16xf16>) -> tensor<1x8x1x16xf16>
  // CHECK-NEXT:      %[[GATE:.*]] = mil.sigmoid %[[X]] : tensor<1x8x1x16xf16>
  // CHECK-NEXT:      %[[Y:.*]] = mil.mul %[[X]], %[[GATE]] : tensor<1x8x1x16xf16>, tensor<1x8x1x16xf16>
  // CHECK-NEXT:      mil.return %[[Y]]
  nn.func private @silu(%x: tensor<1x16x8xf32>) -> tensor<1x16x8xf32> attributes {kernel} {
    %y = nn.silu %x : tensor<1x16x8xf32>
    nn.return %y : tensor<1x16x8xf32>
  }

  // A batch lies side by side on the last axis; a vector is a column.
  // CHECK-LABEL: mil.program @layout
  // CHECK:         mil.func @main(%[[X:.*]]: tensor<1x8x1x32xf16> {nn.row_order = array<i64: 1, 0, 2, 3, 4, 5, 6, 7>},
  // CHECK-SAME:      %[[B:.*]]: tensor<1x8x1x1xf16> {nn.parameter = @b, nn.weights = "packed"})
  // CHECK:           mil.add %[[X]], %[[B]] : tensor<1x8x1x32xf16>, tensor<1x8x1x1xf16>
  nn.func private @layout(%x: tensor<2x16x8xf32> {nn.row_order = array<i64: 1, 0, 2, 3, 4, 5, 6, 7>},
                          %b: tensor<8xf32> {nn.parameter = @b, nn.weights = "packed"})
      -> tensor<2x16x8xf32> attributes {kernel} {
    %y = nn.add %x, %b : tensor<2x16x8xf32>, tensor<8xf32>
    nn.return %y : tensor<2x16x8xf32>
  }

  // CHECK-LABEL: mil.program @element_wise
  // CHECK:         %[[S:.*]] = mil.sub
  // CHECK:         %[[M:.*]] = mil.mul %[[S]]
  // CHECK:         %[[G:.*]] = mil.sigmoid %[[M]]
  // CHECK:         %[[T:.*]] = mil.tanh %[[G]]
  // CHECK:         %[[HALF:.*]] = mil.const dense<5.000000e-01> : tensor<f16>
  // CHECK:         mil.mul %[[T]], %[[HALF]] : tensor<1x8x1x16xf16>, tensor<f16>
  nn.func private @element_wise(%x: tensor<1x16x8xf32>, %y: tensor<1x16x8xf32>)
      -> tensor<1x16x8xf32> attributes {kernel} {
    %0 = nn.sub %x, %y : tensor<1x16x8xf32>, tensor<1x16x8xf32>
    %1 = nn.mul %0, %y : tensor<1x16x8xf32>, tensor<1x16x8xf32>
    %2 = nn.sigmoid %1 : tensor<1x16x8xf32>
    %3 = nn.tanh %2 : tensor<1x16x8xf32>
    %4 = nn.scale %3 {factor = 0.5} : tensor<1x16x8xf32>
    nn.return %4 : tensor<1x16x8xf32>
  }

  // 1/sqrt(32) is 0x1.6ap-3 in fp16 and lacks 1.9e-5; f32 keeps it.
  // CHECK-LABEL: mil.program @inexact_factor
  // CHECK:         mil.func @main(%[[X:.*]]: tensor
  // CHECK:         %[[NEAR:.*]] = mil.const dense<1.76{{[0-9]*}}e-01> : tensor<f16> {exact = dense<0.176776692> : tensor<f32>}
  // CHECK:         %[[P:.*]] = mil.mul %[[X]], %[[NEAR]]
  // CHECK-NEXT:    mil.return %[[P]]
  nn.func private @inexact_factor(%x: tensor<1x16x8xf32>) -> tensor<1x16x8xf32> attributes {kernel} {
    %y = nn.scale %x {factor = 0.17677669529663687} : tensor<1x16x8xf32>
    nn.return %y : tensor<1x16x8xf32>
  }

  // Features are channels, and come to the last axis, filled up to 32 with the
  // lowest number.
  // CHECK-LABEL: mil.program @softmax_over_features
  // CHECK:         %[[ROWS:.*]] = mil.transpose %{{.*}}, perm = [0, 1, 3, 2] : tensor<1x1x8x16xf16>
  // CHECK:         %[[LOWEST:.*]] = mil.const dense<-6.550400e+04> : tensor<1x1x16x24xf16>
  // CHECK:         %[[FULL:.*]] = mil.concat(%[[ROWS]], %[[LOWEST]]), axis = 3
  // CHECK:         %[[P:.*]] = mil.softmax %[[FULL]], axis = -1 : tensor<1x1x16x32xf16>
  // CHECK:         %[[OWN:.*]] = mil.slice_by_size %[[P]], begin = [0, 0, 0, 0], size = [1, 1, 16, 8]
  // CHECK:         mil.transpose %[[OWN]], perm = [0, 1, 3, 2]
  nn.func private @softmax_over_features(%x: tensor<1x16x8xf32>) -> tensor<1x16x8xf32> attributes {kernel} {
    %y = nn.softmax %x : tensor<1x16x8xf32>
    nn.return %y : tensor<1x16x8xf32>
  }

  // CHECK-LABEL: mil.program @softmax_grad
  // CHECK:         mil.func @main(%[[Y:.*]]: tensor<1x8x1x16xf16>, %[[DY:.*]]: tensor<1x8x1x16xf16>)
  // CHECK:         %[[YDY:.*]] = mil.mul %[[Y]], %[[DY]]
  // CHECK:         %[[SUM:.*]] = mil.reduce_sum %[[YDY]], axes = [1], keep_dims = true
  // CHECK:         %[[DIFF:.*]] = mil.sub %[[DY]], %[[SUM]]
  // CHECK:         mil.mul %[[Y]], %[[DIFF]]
  nn.func private @softmax_grad(%y: tensor<1x16x8xf32>, %dy: tensor<1x16x8xf32>) -> tensor<1x16x8xf32> attributes {kernel} {
    %dx = nn.softmax_grad %y, %dy : tensor<1x16x8xf32>
    nn.return %dx : tensor<1x16x8xf32>
  }

  // The weight is the left operand; only its flag differs between the two.
  // CHECK-LABEL: mil.program @products
  // CHECK:         mil.func @main(%[[X:.*]]: tensor<1x8x1x32xf16>, %[[W:.*]]: tensor<1x1x16x8xf16>
  // CHECK:         %[[XC:.*]] = mil.reshape %[[X]], shape = [1, 1, 8, 32]
  // CHECK:         %[[YM:.*]] = mil.matmul %[[W]], %[[XC]], transpose_x = false, transpose_y = false
  // CHECK:         %[[Y:.*]] = mil.reshape %[[YM]], shape = [1, 16, 1, 32]
  // CHECK:         %[[YC:.*]] = mil.reshape %[[Y]], shape = [1, 1, 16, 32]
  // CHECK:         %[[ZM:.*]] = mil.matmul %[[W]], %[[YC]], transpose_x = true, transpose_y = false
  // CHECK:         mil.reshape %[[ZM]], shape = [1, 8, 1, 32]
  nn.func private @products(%x: tensor<2x16x8xf32>, %w: tensor<16x8xf32> {nn.parameter = @w, nn.weights = "packed"})
      -> tensor<2x16x8xf32> attributes {kernel} {
    %y = nn.linear %x, %w : tensor<2x16x8xf32>, tensor<16x8xf32>
    %z = nn.matmul %y, %w : tensor<2x16x16xf32>, tensor<16x8xf32>
    nn.return %z : tensor<2x16x8xf32>
  }

  // A weight gradient is a product along the tokens and leaves as rows; that of
  // a bias is a sum over them.
  // CHECK-LABEL: mil.program @gradients
  // CHECK:         mil.func @main(%[[DY:.*]]: tensor<1x16x1x32xf16>, %[[X:.*]]: tensor<1x8x1x32xf16>
  // CHECK-DAG:     %[[A:.*]] = mil.reshape %[[DY]], shape = [1, 1, 16, 32]
  // CHECK-DAG:     %[[B:.*]] = mil.reshape %[[X]], shape = [1, 1, 8, 32]
  // CHECK:         %[[DW:.*]] = mil.matmul %[[A]], %[[B]], transpose_x = false, transpose_y = true : {{.*}}
  // CHECK:         %[[DB:.*]] = mil.reduce_sum %[[DY]], axes = [3], keep_dims = true
  // CHECK:         %[[ROWS:.*]] = mil.reshape %[[DW]], shape = [1, 16, 1, 8]
  // CHECK:         mil.return %[[ROWS]], %[[DB]] : tensor<1x16x1x8xf16>, tensor<1x16x1x1xf16>
  nn.func private @gradients(%dy: tensor<2x16x16xf32>, %x: tensor<2x16x8xf32>)
      -> (tensor<16x8xf32>, tensor<16xf32>) attributes {kernel} {
    %dw = nn.matmul %dy, %x transpose_a : tensor<2x16x16xf32>, tensor<2x16x8xf32>
    %db = nn.sum_tokens %dy : tensor<2x16x16xf32>
    nn.return %dw, %db : tensor<16x8xf32>, tensor<16xf32>
  }

  // Only kernels are lowered.
  // CHECK-LABEL: nn.func private @host
  // CHECK:         nn.silu
  nn.func private @host(%x: tensor<1x16x8xf32>) -> tensor<1x16x8xf32> {
    %y = nn.silu %x : tensor<1x16x8xf32>
    nn.return %y : tensor<1x16x8xf32>
  }
}

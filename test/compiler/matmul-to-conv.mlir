// RUN: anec-opt %s -pass-pipeline='builtin.module(mil.program(matmul-to-conv,mil-canonicalize))' | FileCheck %s
// RUN: anec-opt %s -pass-pipeline='builtin.module(mil.program(matmul-to-conv{target=m4},mil-canonicalize))' | FileCheck %s --check-prefix=M4

// CHECK-LABEL: mil.program @becomes_a_convolution attributes {baked = [
// CHECK-SAME:    {arg = 1 : i64, column_order = array<i64: 1, 0, 2, 3, 4, 5, 6, 7>, delta = false, parameter = @"layers.*.wq.weight", path = "@model_path/weights/layers_wq_weight.bin", transposed = false}]}
// CHECK:         mil.func @main(%[[X:.*]]: tensor<1x8x1x32xf16>, %{{.*}}: tensor<1x1x16x8xf16>
// CHECK:           %[[K:.*]] = mil.const in "weights/layers_wq_weight.bin" : tensor<16x8x1x1xf16>
// CHECK:           %[[Y:.*]] = mil.conv %[[X]], %[[K]], strides = [1, 1], pad_type = "valid", pad = [0, 0, 0, 0], dilations = [1, 1], groups = 1
// CHECK-NEXT:      mil.return %[[Y]]
mil.program @becomes_a_convolution {
  mil.func @main(%x: tensor<1x8x1x32xf16>,
                 %w: tensor<1x1x16x8xf16> {nn.parameter = @"layers.*.wq.weight", nn.weights = "baked",
                                           nn.column_order = array<i64: 1, 0, 2, 3, 4, 5, 6, 7>})
      -> tensor<1x16x1x32xf16> {
    %c = mil.reshape %x, shape = [1, 1, 8, 32] : tensor<1x8x1x32xf16>
    %m = mil.matmul %w, %c, transpose_x = false, transpose_y = false
      : tensor<1x1x16x8xf16>, tensor<1x1x8x32xf16>
    %y = mil.reshape %m, shape = [1, 16, 1, 32] : tensor<1x1x16x32xf16>
    mil.return %y : tensor<1x16x1x32xf16>
  }
}

// The transposed use of the same weight is a file of its own.
// CHECK-LABEL: mil.program @both_orientations attributes {baked = [
// CHECK-SAME:    path = "@model_path/weights/w.bin", transposed = false}
// CHECK-SAME:    path = "@model_path/weights/w_t.bin", transposed = true}]}
// CHECK-DAG:       %[[W:.*]] = mil.const in "weights/w.bin" : tensor<16x8x1x1xf16>
// CHECK-DAG:       %[[T:.*]] = mil.const in "weights/w_t.bin" : tensor<8x16x1x1xf16>
// CHECK:           %[[Y:.*]] = mil.conv %{{.*}}, %[[W]]
// CHECK:           mil.conv %[[Y]], %[[T]]
mil.program @both_orientations {
  mil.func @main(%x: tensor<1x8x1x32xf16>, %w: tensor<1x1x16x8xf16> {nn.parameter = @w, nn.weights = "baked"})
      -> tensor<1x8x1x32xf16> {
    %c = mil.reshape %x, shape = [1, 1, 8, 32] : tensor<1x8x1x32xf16>
    %m = mil.matmul %w, %c, transpose_x = false, transpose_y = false
      : tensor<1x1x16x8xf16>, tensor<1x1x8x32xf16>
    %n = mil.matmul %w, %m, transpose_x = true, transpose_y = false
      : tensor<1x1x16x8xf16>, tensor<1x1x16x32xf16>
    %y = mil.reshape %n, shape = [1, 8, 1, 32] : tensor<1x1x8x32xf16>
    mil.return %y : tensor<1x8x1x32xf16>
  }
}

// CHECK-LABEL: mil.program @gain
// CHECK:         %[[G:.*]] = mil.const in "weights/gain.bin" : tensor<1x8x1x1xf16>
// CHECK:         mil.mul %{{.*}}, %[[G]]
mil.program @gain {
  mil.func @main(%x: tensor<1x8x1x32xf16>, %g: tensor<1x8x1x1xf16> {nn.parameter = @gain, nn.weights = "baked"})
      -> tensor<1x8x1x32xf16> {
    %y = mil.mul %x, %g : tensor<1x8x1x32xf16>, tensor<1x8x1x1xf16>
    mil.return %y : tensor<1x8x1x32xf16>
  }
}

// CHECK-LABEL: mil.program @packed_stays
// CHECK-NOT:     mil.conv
// CHECK:         mil.matmul
mil.program @packed_stays {
  mil.func @main(%x: tensor<1x1x8x32xf16>, %w: tensor<1x1x16x8xf16> {nn.parameter = @w, nn.weights = "packed"})
      -> tensor<1x1x16x32xf16> {
    %y = mil.matmul %w, %x, transpose_x = false, transpose_y = false
      : tensor<1x1x16x8xf16>, tensor<1x1x8x32xf16>
    mil.return %y : tensor<1x1x16x32xf16>
  }
}

// Too many channels for a convolution, also where a dimension may be as large:
// the product stays, with the constant.
// M4-LABEL: mil.program @many_inputs
// M4:         %[[W:.*]] = mil.const in "weights/w_t.bin" : tensor<1x1x32x16416xf16>
// M4:         mil.matmul %[[W]], %{{.*}}, transpose_x = false, transpose_y = false : tensor<1x1x32x16416xf16>, tensor<1x1x16416x32xf16>
mil.program @many_inputs {
  mil.func @main(%x: tensor<1x16416x1x32xf16>, %w: tensor<1x1x16416x32xf16> {nn.parameter = @w, nn.weights = "baked"})
      -> tensor<1x32x1x32xf16> {
    %c = mil.reshape %x, shape = [1, 1, 16416, 32] : tensor<1x16416x1x32xf16>
    %m = mil.matmul %w, %c, transpose_x = true, transpose_y = false
      : tensor<1x1x16416x32xf16>, tensor<1x1x16416x32xf16>
    %y = mil.reshape %m, shape = [1, 32, 1, 32] : tensor<1x1x32x32xf16>
    mil.return %y : tensor<1x32x1x32xf16>
  }
}

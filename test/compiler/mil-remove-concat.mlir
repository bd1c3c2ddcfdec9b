// RUN: anec-opt %s -pass-pipeline='builtin.module(mil.program(mil-remove-concat{target=strict+no-concat}))' | FileCheck %s
// RUN: anec-opt %s -pass-pipeline='builtin.module(mil.program(mil-remove-concat))' | FileCheck %s --check-prefix=KEPT

// KEPT-COUNT-4: mil.concat

// Channels: a convolution puts each part where it belongs, a sum joins them.
// CHECK-LABEL: mil.program @channels
// CHECK:         mil.func @main(%[[X:.*]]: tensor<1x1x1x32xf16>, %[[Y:.*]]: tensor<1x1x1x32xf16>)
// CHECK-DAG:       %[[U:.*]] = mil.const dense<{{\[\[\[\[}}1.000000e+00]]], {{\[\[\[}}0.000000e+00]]]]> : tensor<2x1x1x1xf16> in "weights/place_2x1_
// CHECK-DAG:       %[[V:.*]] = mil.const dense<{{\[\[\[\[}}0.000000e+00]]], {{\[\[\[}}1.000000e+00]]]]> : tensor<2x1x1x1xf16> in "weights/place_2x1_
// CHECK-DAG:       %[[P:.*]] = mil.conv %[[X]], %[[U]]
// CHECK-DAG:       %[[Q:.*]] = mil.conv %[[Y]], %[[V]]
// CHECK:           %[[S:.*]] = mil.add %[[P]], %[[Q]]
// CHECK:           mil.return %[[S]]
mil.program @channels {
  mil.func @main(%x: tensor<1x1x1x32xf16>, %y: tensor<1x1x1x32xf16>) -> tensor<1x2x1x32xf16> {
    %c = mil.concat (%x, %y), axis = 1, interleave = false
      : tensor<1x1x1x32xf16>, tensor<1x1x1x32xf16>
    mil.return %c : tensor<1x2x1x32xf16>
  }
}

// The same value twice is one convolution.
// CHECK-LABEL: mil.program @twice
// CHECK:         mil.const dense<1.000000e+00> : tensor<2x1x1x1xf16>
// CHECK:         mil.conv
// CHECK-NOT:     mil.add
// CHECK:         mil.return
mil.program @twice {
  mil.func @main(%x: tensor<1x1x1x32xf16>) -> tensor<1x2x1x32xf16> {
    %c = mil.concat (%x, %x), axis = 1, interleave = false
      : tensor<1x1x1x32xf16>, tensor<1x1x1x32xf16>
    mil.return %c : tensor<1x2x1x32xf16>
  }
}

// Halves of each head: heads x halves become the channels.
// CHECK-LABEL: mil.program @halves
// CHECK:         mil.reshape %{{.*}}, shape = [1, 6, 8, 32]
// CHECK:         mil.conv {{.*}} : tensor<1x6x8x32xf16>, tensor<12x6x1x1xf16>
// CHECK:         mil.conv {{.*}} : tensor<1x6x8x32xf16>, tensor<12x6x1x1xf16>
// CHECK:         mil.add {{.*}} : tensor<1x12x8x32xf16>
// CHECK:         mil.reshape %{{.*}}, shape = [1, 6, 16, 32]
mil.program @halves {
  mil.func @main(%x: tensor<1x6x8x32xf16>, %y: tensor<1x3x16x32xf16>) -> tensor<1x6x16x32xf16> {
    %z = mil.reshape %y, shape = [1, 6, 8, 32] : tensor<1x3x16x32xf16>
    %c = mil.concat (%z, %x), axis = 2, interleave = false
      : tensor<1x6x8x32xf16>, tensor<1x6x8x32xf16>
    mil.return %c : tensor<1x6x16x32xf16>
  }
}

// Columns are channels of what is transposed.
// CHECK-LABEL: mil.program @columns
// CHECK:         mil.transpose %{{.*}}, perm = [0, 1, 3, 2]
// CHECK:         mil.conv {{.*}} : tensor<1x20x1x8xf16>, tensor<32x20x1x1xf16>
// CHECK:         mil.conv {{.*}} : tensor<1x12x1x8xf16>, tensor<32x12x1x1xf16>
// CHECK:         mil.transpose %{{.*}}, perm = [0, 1, 3, 2]
// CHECK:         mil.reshape %{{.*}}, shape = [1, 8, 1, 32]
mil.program @columns {
  mil.func @main(%x: tensor<1x8x1x20xf16>, %y: tensor<1x8x1x12xf16>) -> tensor<1x8x1x32xf16> {
    %c = mil.concat (%x, %y), axis = 3, interleave = false
      : tensor<1x8x1x20xf16>, tensor<1x8x1x12xf16>
    mil.return %c : tensor<1x8x1x32xf16>
  }
}

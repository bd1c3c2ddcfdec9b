// RUN: anec-opt %s -pass-pipeline='builtin.module(mil.program(mil-layout{target=m4}))' | FileCheck %s

// A target that takes surfaces of any shape [1, A, B, W]: weights and inputs
// come as products want them, results leave as they were computed.
// CHECK-LABEL: mil.program @no_reshapes
// CHECK:         mil.func @main(%[[X:.*]]: tensor<1x1x32x32xf16>, %[[W:.*]]: tensor<1x1x64x32xf16>, %[[Q:.*]]: tensor<1x2x32x32xf16>) -> (tensor<1x1x64x32xf16>, tensor<1x2x64x32xf16>)
// CHECK-NEXT:      %[[Y:.*]] = mil.matmul %[[W]], %[[X]]
// CHECK-NEXT:      %[[S:.*]] = mil.sigmoid %[[Y]]
// CHECK-NEXT:      %[[K:.*]] = mil.reshape %[[S]], shape = [1, 2, 32, 32]
// CHECK-NEXT:      %[[P:.*]] = mil.matmul %[[Q]], %[[K]]
// CHECK-NEXT:      %[[R:.*]] = mil.concat(%[[P]], %[[K]]), axis = 2
// CHECK-NEXT:      mil.return %[[S]], %[[R]]
mil.program @no_reshapes {
  mil.func @main(%x: tensor<1x32x1x32xf16>, %w: tensor<1x64x1x32xf16>, %q: tensor<1x64x1x32xf16>) -> (tensor<1x64x1x32xf16>, tensor<1x128x1x32xf16>) {
    %xm = mil.reshape %x, shape = [1, 1, 32, 32] : tensor<1x32x1x32xf16>
    %wm = mil.reshape %w, shape = [1, 1, 64, 32] : tensor<1x64x1x32xf16>
    %y = mil.matmul %wm, %xm, transpose_x = false, transpose_y = false : tensor<1x1x64x32xf16>, tensor<1x1x32x32xf16>
    %s = mil.sigmoid %y : tensor<1x1x64x32xf16>
    %k = mil.reshape %s, shape = [1, 2, 32, 32] : tensor<1x1x64x32xf16>
    %qh = mil.reshape %q, shape = [1, 2, 32, 32] : tensor<1x64x1x32xf16>
    %p = mil.matmul %qh, %k, transpose_x = false, transpose_y = false : tensor<1x2x32x32xf16>, tensor<1x2x32x32xf16>
    %r = mil.concat(%p, %k), axis = 2, interleave = false : tensor<1x2x32x32xf16>, tensor<1x2x32x32xf16>
    %sc = mil.reshape %s, shape = [1, 64, 1, 32] : tensor<1x1x64x32xf16>
    %rc = mil.reshape %r, shape = [1, 128, 1, 32] : tensor<1x2x64x32xf16>
    mil.return %sc, %rc : tensor<1x64x1x32xf16>, tensor<1x128x1x32xf16>
  }
}

// An input that is returned is not an operator's result, and nothing is
// returned twice.
// CHECK-LABEL: mil.program @returned_twice
// CHECK:         %[[S:.*]] = mil.sigmoid
// CHECK:         %[[T:.*]] = mil.reshape %[[S]], shape = [1, 2, 32, 32]
// CHECK:         mil.return %[[S]], %[[T]]
mil.program @returned_twice {
  mil.func @main(%x: tensor<1x64x1x32xf16>) -> (tensor<1x64x1x32xf16>, tensor<1x2x32x32xf16>) {
    %s = mil.sigmoid %x : tensor<1x64x1x32xf16>
    %t = mil.reshape %s, shape = [1, 2, 32, 32] : tensor<1x64x1x32xf16>
    mil.return %s, %t : tensor<1x64x1x32xf16>, tensor<1x2x32x32xf16>
  }
}

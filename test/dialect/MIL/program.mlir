// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK: mil.program @double attributes {surface_in = array<i64: 32, 32>} {
// CHECK:   mil.func @main(%[[X:.*]]: tensor<1x32x1x32xf16>) -> tensor<1x32x1x32xf16> {
// CHECK:     %[[Y:.*]] = mil.add %[[X]], %[[X]]
// CHECK:     mil.return %[[Y]] : tensor<1x32x1x32xf16>
mil.program @double attributes {surface_in = array<i64: 32, 32>} {
  mil.func @main(%x: tensor<1x32x1x32xf16>) -> tensor<1x32x1x32xf16> {
    %y = mil.add %x, %x : tensor<1x32x1x32xf16>, tensor<1x32x1x32xf16>
    mil.return %y : tensor<1x32x1x32xf16>
  }
}

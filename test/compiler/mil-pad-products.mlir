// RUN: anec-opt %s -pass-pipeline='builtin.module(mil.program(mil-pad-products))' | FileCheck %s
// RUN: anec-opt %s -pass-pipeline='builtin.module(mil.program(mil-pad-products{target=m4}))' | FileCheck %s --check-prefix=M4

// Both operands get zeros along the dimension that is summed over.
// CHECK-LABEL: mil.program @eight
// CHECK-DAG:     %[[Z:.*]] = mil.const dense<0.000000e+00> : tensor<1x4x24x32xf16> in "weights/zeros_4x24x32.bin"
// CHECK-DAG:     %[[Q:.*]] = mil.concat(%{{.*}}, %{{.*}}), axis = 2
// CHECK-DAG:     %[[K:.*]] = mil.concat(%{{.*}}, %{{.*}}), axis = 2
// CHECK:         mil.matmul %{{.*}}, %{{.*}}, transpose_x = true, transpose_y = false : tensor<1x4x32x32xf16>, tensor<1x4x32x32xf16>
// M4-LABEL:    mil.program @eight
// M4-NOT:        mil.concat
// M4:            mil.matmul %{{.*}}, %{{.*}}, transpose_x = true, transpose_y = false : tensor<1x4x8x32xf16>, tensor<1x4x8x32xf16>
mil.program @eight {
  mil.func @main(%q: tensor<1x4x8x32xf16>, %k: tensor<1x4x8x32xf16>) -> tensor<1x4x32x32xf16> {
    %p = mil.matmul %q, %k, transpose_x = true, transpose_y = false
      : tensor<1x4x8x32xf16>, tensor<1x4x8x32xf16>
    mil.return %p : tensor<1x4x32x32xf16>
  }
}

// 20 keys of [d, 20] x [20, 20] transposed: the last axis of both.
// CHECK-LABEL: mil.program @last_axis
// CHECK:         mil.concat({{.*}}), axis = 3{{.*}} : tensor<1x4x64x20xf16>, tensor<1x4x64x12xf16>
// CHECK:         mil.concat({{.*}}), axis = 3{{.*}} : tensor<1x4x20x20xf16>, tensor<1x4x20x12xf16>
// CHECK:         mil.matmul {{.*}} : tensor<1x4x64x32xf16>, tensor<1x4x20x32xf16>
mil.program @last_axis {
  mil.func @main(%v: tensor<1x4x64x20xf16>, %p: tensor<1x4x20x20xf16>) -> tensor<1x4x64x20xf16> {
    %y = mil.matmul %v, %p, transpose_x = false, transpose_y = true
      : tensor<1x4x64x20xf16>, tensor<1x4x20x20xf16>
    mil.return %y : tensor<1x4x64x20xf16>
  }
}

// A multiple of 32 stays.
// CHECK-LABEL: mil.program @sixty_four
// CHECK-NOT:     mil.concat
// CHECK:         mil.matmul
mil.program @sixty_four {
  mil.func @main(%w: tensor<1x1x16x64xf16>, %x: tensor<1x1x64x32xf16>) -> tensor<1x1x16x32xf16> {
    %y = mil.matmul %w, %x, transpose_x = false, transpose_y = false
      : tensor<1x1x16x64xf16>, tensor<1x1x64x32xf16>
    mil.return %y : tensor<1x1x16x32xf16>
  }
}

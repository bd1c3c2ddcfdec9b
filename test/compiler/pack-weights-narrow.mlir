// Results of different widths share a surface: the narrow ones lie in blocks of
// rows side by side, with zeros where there is none.
// RUN: anec-opt %s -pass-pipeline='builtin.module(mil.program(pack-weights))' | FileCheck %s

// 64 columns: one half as wide is folded into 2 blocks of 48 rows. A quarter as
// wide, 3 rows are one row of 3 blocks, and zeros; the last row fills the
// surface.
// CHECK-LABEL: mil.program @three_widths
// CHECK:         %[[A:.*]] = mil.add
// CHECK:         %[[B:.*]] = mil.mul
// CHECK:         %[[C:.*]] = mil.sub
// CHECK:         %[[B0:.*]] = mil.slice_by_size %[[B]], begin = [0, 0, 0, 0], size = [1, 48, 1, 32]
// CHECK:         %[[B1:.*]] = mil.slice_by_size %[[B]], begin = [0, 48, 0, 0], size = [1, 48, 1, 32]
// CHECK:         %[[BB:.*]] = mil.concat(%[[B0]], %[[B1]]), axis = 3
// CHECK:         %[[C0:.*]] = mil.reshape %[[C]], shape = [1, 1, 1, 48]
// CHECK:         %[[Z:.*]] = mil.const {{.*}} : tensor<1x1x1x16xf16> in "weights/zeros_16.bin"
// CHECK:         %[[CC:.*]] = mil.concat(%[[C0]], %[[Z]]), axis = 3
// CHECK:         %[[ROWS:.*]] = mil.add %{{.*}}, %[[CC]] : tensor<1x304x1x64xf16>, tensor<1x1x1x64xf16>
// CHECK:         mil.concat(%[[A]], %[[BB]], %[[ROWS]]), axis = 1
mil.program @three_widths {
  mil.func @main(%x: tensor<1x32x1x64xf16>, %y: tensor<1x96x1x32xf16>, %z: tensor<1x3x1x16xf16>)
      -> (tensor<1x32x1x64xf16>, tensor<1x96x1x32xf16>, tensor<1x3x1x16xf16>) {
    %a = mil.add %x, %x : tensor<1x32x1x64xf16>, tensor<1x32x1x64xf16>
    %b = mil.mul %y, %y : tensor<1x96x1x32xf16>, tensor<1x96x1x32xf16>
    %c = mil.sub %z, %z : tensor<1x3x1x16xf16>, tensor<1x3x1x16xf16>
    mil.return %a, %b, %c : tensor<1x32x1x64xf16>, tensor<1x96x1x32xf16>, tensor<1x3x1x16xf16>
  }
}

// 20 columns in a surface of 32: nothing is folded, 12 columns are zeros. An odd
// number of rows leaves a block that is not full.
// CHECK-LABEL: mil.program @padded
// CHECK:         mil.const {{.*}} in "weights/zeros_32x12.bin"
// CHECK:         mil.slice_by_size {{.*}} begin = [0, 2, 0, 0], size = [1, 1, 1, 16]
// CHECK:         mil.const {{.*}} in "weights/zeros_16.bin"
mil.program @padded {
  mil.func @main(%x: tensor<1x32x1x20xf16>, %y: tensor<1x3x1x16xf16>)
      -> (tensor<1x32x1x20xf16>, tensor<1x3x1x16xf16>) {
    %a = mil.add %x, %x : tensor<1x32x1x20xf16>, tensor<1x32x1x20xf16>
    %b = mil.mul %y, %y : tensor<1x3x1x16xf16>, tensor<1x3x1x16xf16>
    mil.return %a, %b : tensor<1x32x1x20xf16>, tensor<1x3x1x16xf16>
  }
}

// RUN: anec-translate --ir-to-mil %s > %t.mil
// RUN: anec-translate --mil-to-ir %t.mil > %t.mlir
// RUN: anec-translate --ir-to-mil %t.mlir | diff %t.mil -
// RUN: FileCheck %s --input-file=%t.mlir
// RUN: %python %S/Inputs/missing_ops.py %S/../../dialect/MIL/MILOps.td %s | FileCheck %s --check-prefix=ALL
//
// Text, IR and text again: the same program, for every operator and every form
// of constant.

// ALL: {{[1-9][0-9]+}} operators, missing: none

// CHECK-LABEL: mil.program @main
mil.program @main {
  mil.func @main(%x: tensor<1x8x1x64xf16>, %f: tensor<1x8x1x64xf32>) -> (tensor<1x16x1x32xf16>, tensor<1x8x1x1xf32>) {
    %0 = mil.slice_by_size %x, begin = [0, 0, 0, 32], size = [1, 8, 1, 32] : tensor<1x8x1x64xf16>
    // CHECK: mil.const dense<5.000000e-01> : tensor<f16>
    %half = mil.const dense<0.5> : tensor<f16>
    %1 = mil.add %0, %half : tensor<1x8x1x32xf16>, tensor<f16>
    // CHECK: mil.const dense<{{.*}}0xFC00, 0x7C00{{.*}}> : tensor<1x1x1x2xf16>
    %infinite = mil.const dense<[[[[0xFC00, 0x7C00]]]]> : tensor<1x1x1x2xf16>
    %2 = mil.reduce_max %infinite, axes = [0, 3], keep_dims = false : tensor<1x1x1x2xf16>
    %3 = mil.maximum %1, %2 : tensor<1x8x1x32xf16>, tensor<1x1xf16>
    // CHECK: mil.const in "weights/wq.bin" : tensor<8x8x1x1xf16>
    // CHECK-NOT: offset
    %w = mil.const in "weights/wq.bin" : tensor<8x8x1x1xf16>
    // CHECK: mil.conv {{.*}}, strides = [1, 1], pad_type = "valid", pad = [0, 0, 0, 0], dilations = [1, 1], groups = 1
    %4 = mil.conv %3, %w, strides = [1, 1], pad_type = "valid", pad = [0, 0, 0, 0], dilations = [1, 1], groups = 1
      : tensor<1x8x1x32xf16>, tensor<8x8x1x1xf16>
    // CHECK: mil.const in "weights/all.bin" : tensor<8x1x1x3xf16> {offset = 192 : i64}
    %k = mil.const in "weights/all.bin" : tensor<8x1x1x3xf16> {offset = 192}
    // CHECK: mil.conv {{.*}}, pad_type = "custom", pad = [0, 0, 1, 1]
    %5 = mil.conv %4, %k, strides = [1, 1], pad_type = "custom", pad = [0, 0, 1, 1], dilations = [1, 1], groups = 8
      : tensor<1x8x1x32xf16>, tensor<8x1x1x3xf16>
    %6 = mil.sub %5, %4 : tensor<1x8x1x32xf16>, tensor<1x8x1x32xf16>
    %7 = mil.mul %6, %6 : tensor<1x8x1x32xf16>, tensor<1x8x1x32xf16>
    %8 = mil.real_div %7, %1 : tensor<1x8x1x32xf16>, tensor<1x8x1x32xf16>
    %9 = mil.abs %8 : tensor<1x8x1x32xf16>
    %root = mil.sqrt %9 : tensor<1x8x1x32xf16>
    %10 = mil.pow %root, %half : tensor<1x8x1x32xf16>, tensor<f16>
    %11 = mil.sigmoid %10 : tensor<1x8x1x32xf16>
    %12 = mil.tanh %11 : tensor<1x8x1x32xf16>
    %13 = mil.relu %12 : tensor<1x8x1x32xf16>
    %14 = mil.reshape %13, shape = [1, 2, 4, 32] : tensor<1x8x1x32xf16>
    %15 = mil.transpose %14, perm = [0, 1, 3, 2] : tensor<1x2x4x32xf16>
    %16 = mil.matmul %15, %14, transpose_x = true, transpose_y = true : tensor<1x2x32x4xf16>, tensor<1x2x4x32xf16>
    %17 = mil.softmax %16, axis = -1 : tensor<1x2x4x4xf16>
    %18 = mil.matmul %17, %14, transpose_x = false, transpose_y = false : tensor<1x2x4x4xf16>, tensor<1x2x4x32xf16>
    %19 = mil.reshape %18, shape = [1, 8, 1, 32] : tensor<1x2x4x32xf16>
    %20 = mil.concat (%19, %13), axis = 1, interleave = false : tensor<1x8x1x32xf16>, tensor<1x8x1x32xf16>
    %21 = mil.reduce_sum %f, axes = [-1], keep_dims = true : tensor<1x8x1x64xf32>
    %22 = mil.const dense<0x7FC00000> : tensor<f32>
    %23 = mil.add %21, %22 : tensor<1x8x1x1xf32>, tensor<f32>
    %24 = mil.cast %23, dtype = "int32" : tensor<1x8x1x1xf32>
    %25 = mil.cast %24, dtype = "bool" : tensor<1x8x1x1xi32>
    %26 = mil.cast %25, dtype = "fp32" : tensor<1x8x1x1xi1>
    // A long table that stands in the text stays there.
    // CHECK: mil.const dense<{{.*}}> : tensor<1x16x1x1xf16>
    %27 = mil.const dense<[[[[1.0]],[[2.0]],[[3.0]],[[4.0]],[[5.0]],[[6.0]],[[7.0]],[[8.0]],
                            [[1.5]],[[2.5]],[[3.5]],[[4.5]],[[5.5]],[[6.5]],[[7.5]],[[8.5]]]]> : tensor<1x16x1x1xf16>
    %28 = mil.mul %20, %27 : tensor<1x16x1x32xf16>, tensor<1x16x1x1xf16>
    mil.return %28, %26 : tensor<1x16x1x32xf16>, tensor<1x8x1x1xf32>
  }
}

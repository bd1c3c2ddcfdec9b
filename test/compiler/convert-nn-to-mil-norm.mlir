// RUN: anec-opt %s -pass-pipeline='builtin.module(nn.model(convert-nn-to-mil))' | FileCheck %s
//
// That the numbers are right is tested by executing the kernels
// (test/runtime/kernels); here is what keeps them in range.

nn.model @m {
  // The first pass scales by 2^-6 and brings rms near 1, the second is exact;
  // eps follows the scale. 1/8 is exact.
  // CHECK-LABEL: mil.program @rms_norm
  // CHECK:         mil.func @main(%[[X:.*]]: tensor<1x8x1x32xf16>, %[[GAIN:.*]]: tensor<1x8x1x1xf16>
  // CHECK:         %[[SCALE:.*]] = mil.const dense<1.562500e-02>
  // CHECK:         %[[SMALL:.*]] = mil.mul %[[X]], %[[SCALE]]
  // CHECK:         %[[SQUARES:.*]] = mil.mul %[[SMALL]], %[[SMALL]]
  // CHECK:         mil.reduce_sum %[[SQUARES]], axes = [1], keep_dims = true
  // CHECK:         %[[ROUGH:.*]] = mil.pow {{.*}} : tensor<1x1x1x32xf16>, tensor<f16>
  // CHECK:         %[[NEAR:.*]] = mil.mul %[[SMALL]], %[[ROUGH]]
  // CHECK:         %[[SQUARES2:.*]] = mil.mul %[[NEAR]], %[[NEAR]]
  // CHECK:         %[[SUM2:.*]] = mil.reduce_sum %[[SQUARES2]]
  // CHECK:         %[[MEAN:.*]] = mil.mul %[[SUM2]]
  // CHECK:         %[[EPS:.*]] = mil.mul %[[ROOT:.*]], %[[ROOT]]
  // CHECK:         mil.add %[[MEAN]], %[[EPS]]
  // CHECK:         %[[EXACT:.*]] = mil.pow
  // CHECK:         %[[N:.*]] = mil.mul %[[NEAR]], %[[EXACT]]
  // CHECK:         mil.mul %[[N]], %[[GAIN]]
  nn.func private @rms_norm(%x: tensor<2x16x8xf32>, %g: tensor<8xf32> {nn.parameter = @g, nn.weights = "packed"})
      -> tensor<2x16x8xf32> attributes {kernel} {
    %y = nn.rms_norm %x, %g {eps = 1.0e-5} : tensor<2x16x8xf32>, tensor<8xf32>
    nn.return %y : tensor<2x16x8xf32>
  }

  // 1/24 is not exact in fp16 (0x1.554p-5); it is kept in f32 beside it.
  // CHECK-LABEL: mil.program @inexact_mean
  // CHECK:         %[[SUM:.*]] = mil.reduce_sum %{{.*}}
  // CHECK:         mil.pow
  // CHECK:         %[[SUM2:.*]] = mil.reduce_sum %{{.*}}
  // CHECK:         %[[INVERSE:.*]] = mil.const dense<4.165{{[0-9]*}}e-02> : tensor<f16> {exact = dense<0.0416666679> : tensor<f32>}
  // CHECK:         mil.mul %[[SUM2]], %[[INVERSE]]
  nn.func private @inexact_mean(%x: tensor<2x16x24xf32>, %g: tensor<24xf32> {nn.parameter = @g, nn.weights = "packed"})
      -> tensor<2x16x24xf32> attributes {kernel} {
    %y = nn.rms_norm %x, %g {eps = 1.0e-5} : tensor<2x16x24xf32>, tensor<24xf32>
    nn.return %y : tensor<2x16x24xf32>
  }

  // dx = (h - n * mean(h * n)) / rms with h = gain * dy
  // CHECK-LABEL: mil.program @rms_norm_grad
  // CHECK:         mil.func @main({{.*}}, %[[GAIN:.*]]: tensor<1x8x1x1xf16> {{{.*}}}, %[[DY:.*]]: tensor<1x8x1x32xf16>)
  // CHECK:         %[[H:.*]] = mil.mul %[[DY]], %[[GAIN]]
  // CHECK:         %[[HN:.*]] = mil.mul %[[H]], %[[N:.*]] : tensor<1x8x1x32xf16>, tensor<1x8x1x32xf16>
  // CHECK:         %[[SUM:.*]] = mil.reduce_sum %[[HN]]
  // CHECK:         %[[MEAN:.*]] = mil.mul %[[SUM]]
  // CHECK:         %[[NMEAN:.*]] = mil.mul %[[N]], %[[MEAN]]
  // CHECK:         %[[DIFF:.*]] = mil.sub %[[H]], %[[NMEAN]]
  // CHECK:         mil.mul %[[DIFF]], %{{.*}} : tensor<1x8x1x32xf16>, tensor<1x1x1x32xf16>
  nn.func private @rms_norm_grad(%x: tensor<2x16x8xf32>, %g: tensor<8xf32> {nn.parameter = @g, nn.weights = "packed"},
                                 %dy: tensor<2x16x8xf32>) -> tensor<2x16x8xf32> attributes {kernel} {
    %dx = nn.rms_norm_grad %x, %g, %dy {eps = 1.0e-5} : tensor<2x16x8xf32>, tensor<8xf32>
    nn.return %dx : tensor<2x16x8xf32>
  }

  // Without a gain h is dy, and the norm is what is left of it.
  // CHECK-LABEL: mil.program @without_gain
  // CHECK:         mil.func @main(%[[X:.*]]: tensor<1x8x1x32xf16>, %[[DY:.*]]: tensor<1x8x1x32xf16>)
  // CHECK:         mil.mul %[[DY]], %{{.*}} : tensor<1x8x1x32xf16>, tensor<1x8x1x32xf16>
  // CHECK:         mil.sub %[[DY]],
  // CHECK:         %[[DX:.*]] = mil.mul
  // CHECK:         mil.return %{{.*}}, %[[DX]]
  nn.func private @without_gain(%x: tensor<2x16x8xf32>, %dy: tensor<2x16x8xf32>)
      -> (tensor<2x16x8xf32>, tensor<2x16x8xf32>) attributes {kernel} {
    %y = nn.rms_norm %x {eps = 1.0e-5} : tensor<2x16x8xf32>
    %dx = nn.rms_norm_grad %x, %dy {eps = 1.0e-5} : tensor<2x16x8xf32>
    nn.return %y, %dx : tensor<2x16x8xf32>, tensor<2x16x8xf32>
  }

  // Summed over tokens.
  // CHECK-LABEL: mil.program @rms_norm_gain_grad
  // CHECK:         %[[EACH:.*]] = mil.mul %{{.*}}, %{{.*}} : tensor<1x8x1x32xf16>, tensor<1x8x1x32xf16>
  // CHECK:         mil.reduce_sum %{{.*}}, axes = [3], keep_dims = true : tensor<1x8x1x32xf16>
  nn.func private @rms_norm_gain_grad(%x: tensor<2x16x8xf32>, %dy: tensor<2x16x8xf32>) -> tensor<8xf32> attributes {kernel} {
    %dg = nn.rms_norm_gain_grad %x, %dy {eps = 1.0e-5} : tensor<2x16x8xf32>
    nn.return %dg : tensor<8xf32>
  }
}

// RUN: anec-opt %s -pass-pipeline='builtin.module(nn.model(convert-nn-to-mil))' | FileCheck %s
//
// Tables: head dimension 2 has one pair, whose angle is the position itself:
// cos 0, 1 = 1, 0.54053; sin 0, 1 = 0, 0.84131 (fp16). Two sequences of two
// tokens repeat the positions.

nn.model @m {
  // Rows of a table: even and odd feature of the pair. What fp16 rounds is kept
  // beside it: cos 1 = 0.5403023, sin 1 = 0.8414710.
  // CHECK-LABEL: mil.program @interleaved
  // CHECK:         mil.func @main(%[[X:.*]]: tensor<1x2x1x4xf16>)
  // CHECK:         %[[P:.*]] = mil.reshape %[[X]], shape = [1, 1, 2, 4]
  // CHECK:         %[[X0:.*]] = mil.slice_by_size %[[P]], begin = [0, 0, 0, 0], size = [1, 1, 1, 4]
  // CHECK:         %[[A:.*]] = mil.const dense<{{\[\[\[\[}}1.000000e+00, 5.405{{[0-9]*}}e-01, 1.000000e+00, 5.405{{[0-9]*}}e-01], [0.000000e+00, 8.413{{[0-9]*}}e-01, 0.000000e+00, 8.413{{[0-9]*}}e-01]]]]> : tensor<1x1x2x4xf16> in "weights/rope_even_2x4_head2_seq2_theta10000.bin" {exact = dense<{{\[\[\[\[}}1.000000e+00, 0.540302{{[0-9]*}}, {{.*}}[0.000000e+00, 0.84147{{[0-9]*}}, {{.*}} : tensor<1x1x2x4xf32>}
  // CHECK:         %[[XA:.*]] = mil.mul %[[X0]], %[[A]] : tensor<1x1x1x4xf16>, tensor<1x1x2x4xf16>
  // CHECK:         %[[X1:.*]] = mil.slice_by_size %[[P]], begin = [0, 0, 1, 0], size = [1, 1, 1, 4]
  // CHECK:         mil.const dense<{{\[\[\[\[}}-0.000000e+00, -8.413{{[0-9]*}}e-01, -0.000000e+00, -8.413{{[0-9]*}}e-01], [1.000000e+00, 5.405{{[0-9]*}}e-01, 1.000000e+00, 5.405{{[0-9]*}}e-01]]]]> : tensor<1x1x2x4xf16> in "weights/rope_odd_2x4_head2_seq2_theta10000.bin"
  // CHECK:         %[[XB:.*]] = mil.mul %[[X1]]
  // CHECK:         %[[Y:.*]] = mil.add %[[XA]], %[[XB]]
  // CHECK:         mil.reshape %[[Y]], shape = [1, 2, 1, 4]
  nn.func private @interleaved(%x: tensor<2x2x2xf32>) -> tensor<2x2x2xf32> attributes {kernel} {
    %y = nn.rope %x {head_dim = 2 : i64, theta = 1.0e+4, style = #nn.rope<interleaved>} : tensor<2x2x2xf32>
    nn.return %y : tensor<2x2x2xf32>
  }

  // CHECK-LABEL: mil.program @inverse
  // CHECK-DAG:     mil.const dense<{{\[\[\[\[}}1.000000e+00, 5.405{{[0-9]*}}e-01, {{.*}}[-0.000000e+00, -8.413{{.*}} in "weights/rope_even_2x4_head2_seq2_theta10000_inverse.bin"
  // CHECK-DAG:     mil.const dense<{{\[\[\[\[}}0.000000e+00, 8.413{{.*}} in "weights/rope_odd_2x4_head2_seq2_theta10000_inverse.bin"
  nn.func private @inverse(%x: tensor<2x2x2xf32>) -> tensor<2x2x2xf32> attributes {kernel} {
    %y = nn.rope %x {head_dim = 2 : i64, theta = 1.0e+4, style = #nn.rope<interleaved>, inverse} : tensor<2x2x2xf32>
    nn.return %y : tensor<2x2x2xf32>
  }

  // Two heads share one table.
  // CHECK-LABEL: mil.program @halves
  // CHECK:         %[[H:.*]] = mil.reshape %{{.*}}, shape = [1, 2, 2, 4]
  // CHECK-DAG:     %[[SECOND:.*]] = mil.slice_by_size %[[H]], begin = [0, 0, 1, 0], size = [1, 2, 1, 4]
  // CHECK-DAG:     %[[FIRST:.*]] = mil.slice_by_size %[[H]], begin = [0, 0, 0, 0], size = [1, 2, 1, 4]
  // CHECK:         %[[SWAPPED:.*]] = mil.concat(%[[SECOND]], %[[FIRST]]), axis = 2
  // CHECK:         mil.mul %[[H]], %{{.*}} : tensor<1x2x2x4xf16>, tensor<1x1x2x4xf16>
  // CHECK:         mil.mul %[[SWAPPED]], %{{.*}} : tensor<1x2x2x4xf16>, tensor<1x1x2x4xf16>
  nn.func private @halves(%x: tensor<2x2x4xf32>) -> tensor<2x2x4xf32> attributes {kernel} {
    %y = nn.rope %x {head_dim = 2 : i64, theta = 1.0e+4, style = #nn.rope<halves>} : tensor<2x2x4xf32>
    nn.return %y : tensor<2x2x4xf32>
  }
}

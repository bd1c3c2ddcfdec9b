// RUN: anec-opt %s -pass-pipeline='builtin.module(nn.model(convert-nn-to-mil))' | FileCheck %s

nn.model @m {
  // One sequence: no slices, no transposed copies.
  // CHECK-LABEL: mil.program @one_sequence
  // CHECK:         mil.func @main(%[[Q:.*]]: tensor<1x8x1x4xf16>, %[[K:.*]]: tensor<1x8x1x4xf16>, %[[V:.*]]: tensor<1x8x1x4xf16>)
  // CHECK-DAG:     %[[KH:.*]] = mil.reshape %[[K]], shape = [1, 2, 4, 4]
  // CHECK-DAG:     %[[QH:.*]] = mil.reshape %[[Q]], shape = [1, 2, 4, 4]
  // CHECK:         %[[S:.*]] = mil.matmul %[[QH]], %[[KH]], transpose_x = true, transpose_y = false
  // CHECK:         %[[M:.*]] = mil.const dense<{{\[\[\[\[}}0.000000e+00, -6.550400e+04, -6.550400e+04, -6.550400e+04], [0.000000e+00, 0.000000e+00, -6.550400e+04, -6.550400e+04], {{.*}}> : tensor<1x1x4x4xf16> in "weights/causal_mask_4.bin"
  // CHECK:         %[[SM:.*]] = mil.add %[[S]], %[[M]] : tensor<1x2x4x4xf16>, tensor<1x1x4x4xf16>
  // CHECK:         %[[P:.*]] = mil.softmax %[[SM]], axis = -1
  // CHECK:         %[[VH:.*]] = mil.reshape %[[V]], shape = [1, 2, 4, 4]
  // CHECK:         %[[O:.*]] = mil.matmul %[[VH]], %[[P]], transpose_x = false, transpose_y = true
  // CHECK:         %[[OF:.*]] = mil.reshape %[[O]], shape = [1, 8, 1, 4]
  // CHECK-NOT:     mil.slice_by_size
  // CHECK-NOT:     mil.concat
  // CHECK:         mil.return %[[OF]]
  nn.func private @one_sequence(%q: tensor<1x4x8xf32>, %k: tensor<1x4x8xf32>, %v: tensor<1x4x8xf32>)
      -> tensor<1x4x8xf32> attributes {kernel} {
    %s = nn.head_scores %q, %k, heads = 2, kv_heads = 2 : tensor<1x4x8xf32>, tensor<1x4x8xf32>
    %m = nn.causal_mask : tensor<4x4xf32>
    %sm = nn.add %s, %m : tensor<1x2x4x4xf32>, tensor<4x4xf32>
    %p = nn.softmax %sm : tensor<1x2x4x4xf32>
    %o = nn.head_mix %p, %v, heads = 2, kv_heads = 2 : tensor<1x2x4x4xf32>, tensor<1x4x8xf32>
    nn.return %o : tensor<1x4x8xf32>
  }

  // Each sequence is a width slice; the results are joined on the width.
  // CHECK-LABEL: mil.program @batch
  // CHECK:         mil.slice_by_size %{{.*}}, begin = [0, 0, 0, 0], size = [1, 8, 1, 4] : tensor<1x8x1x8xf16>
  // CHECK:         mil.matmul
  // CHECK:         mil.slice_by_size %{{.*}}, begin = [0, 0, 0, 4], size = [1, 8, 1, 4] : tensor<1x8x1x8xf16>
  // CHECK:         mil.matmul
  // CHECK:         mil.concat(%{{.*}}, %{{.*}}), axis = 3, interleave = false : tensor<1x8x1x4xf16>, tensor<1x8x1x4xf16>
  nn.func private @batch(%q: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> attributes {kernel} {
    %s = nn.head_scores %q, %q, heads = 2, kv_heads = 2 : tensor<2x4x8xf32>, tensor<2x4x8xf32>
    %o = nn.head_mix %s, %q, heads = 2, kv_heads = 2 : tensor<2x2x4x4xf32>, tensor<2x4x8xf32>
    nn.return %o : tensor<2x4x8xf32>
  }

  // Four query heads over two key/value heads: two rounds of two heads, each a
  // contiguous slice of channels; the gradient of k and v sums the rounds.
  // CHECK-LABEL: mil.program @grouped
  // CHECK:         mil.func @main(%[[Q:.*]]: tensor<1x8x1x4xf16>, %[[K:.*]]: tensor<1x4x1x4xf16>)
  // CHECK:         %[[KH:.*]] = mil.reshape %[[K]], shape = [1, 2, 2, 4]
  // CHECK:         %[[Q0:.*]] = mil.slice_by_size %[[Q]], begin = [0, 0, 0, 0], size = [1, 4, 1, 4]
  // CHECK:         %[[Q0H:.*]] = mil.reshape %[[Q0]], shape = [1, 2, 2, 4]
  // CHECK:         %[[S0:.*]] = mil.matmul %[[Q0H]], %[[KH]], transpose_x = true
  // CHECK:         %[[Q1:.*]] = mil.slice_by_size %[[Q]], begin = [0, 4, 0, 0], size = [1, 4, 1, 4]
  // CHECK:         %[[Q1H:.*]] = mil.reshape %[[Q1]], shape = [1, 2, 2, 4]
  // CHECK:         %[[S1:.*]] = mil.matmul %[[Q1H]], %[[KH]], transpose_x = true
  // CHECK:         %[[S:.*]] = mil.concat(%[[S0]], %[[S1]]), axis = 1
  // CHECK:         mil.slice_by_size %[[S]], begin = [0, 0, 0, 0], size = [1, 2, 4, 4]
  // CHECK:         %[[T0:.*]] = mil.matmul %{{.*}}, %{{.*}}, transpose_x = false, transpose_y = false
  // CHECK:         mil.slice_by_size %[[S]], begin = [0, 2, 0, 0], size = [1, 2, 4, 4]
  // CHECK:         %[[T1:.*]] = mil.matmul %{{.*}}, %{{.*}}, transpose_x = false, transpose_y = false
  // CHECK:         %[[T:.*]] = mil.add %[[T0]], %[[T1]]
  // CHECK:         mil.reshape %[[T]], shape = [1, 4, 1, 4]
  nn.func private @grouped(%q: tensor<1x4x8xf32>, %k: tensor<1x4x4xf32>) -> tensor<1x4x4xf32> attributes {kernel} {
    %s = nn.head_scores %q, %k, heads = 4, kv_heads = 2, grouped : tensor<1x4x8xf32>, tensor<1x4x4xf32>
    %o = nn.head_mix_transposed %s, %q, heads = 4, kv_heads = 2, grouped : tensor<1x4x4x4xf32>, tensor<1x4x8xf32>
    nn.return %o : tensor<1x4x4xf32>
  }
}

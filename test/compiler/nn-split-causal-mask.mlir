// RUN: anec-opt %s -nn-split-causal-mask | FileCheck %s

nn.model @model {
  // CHECK-LABEL: @multi_head
  // CHECK-SAME: %[[Q:[a-z0-9]*]]: tensor<2x4x8xf32>, %[[K:[a-z0-9]*]]: tensor<2x4x8xf32>, %[[V:[a-z0-9]*]]: tensor<2x4x8xf32>)
  nn.func private @multi_head(%q: tensor<2x4x8xf32>, %k: tensor<2x4x8xf32>, %v: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> {
    // CHECK: %[[C:.*]] = nn.scale %[[Q]] {factor = 5.000000e-01 : f64
    // CHECK: %[[S:.*]] = nn.head_scores %[[C]], %[[K]], heads = 2, kv_heads = 2 {nn.place = "device"}
    // CHECK: %[[M:.*]] = nn.causal_mask
    // CHECK: %[[A:.*]] = nn.add %[[S]], %[[M]]
    // CHECK: %[[P:.*]] = nn.softmax %[[A]]
    // CHECK: nn.head_mix %[[P]], %[[V]], heads = 2, kv_heads = 2
    %o = nn.attention %q, %k, %v {heads = 2, kv_heads = 2, causal, nn.place = "device"} : tensor<2x4x8xf32>, tensor<2x4x8xf32>
    nn.return %o : tensor<2x4x8xf32>
  }

  // Without `causal` there is no mask.
  // CHECK-LABEL: @full
  // CHECK-NOT: nn.causal_mask
  nn.func private @full(%q: tensor<2x4x8xf32>, %k: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> {
    %o = nn.attention %q, %k, %k {heads = 2, kv_heads = 2} : tensor<2x4x8xf32>, tensor<2x4x8xf32>
    nn.return %o : tensor<2x4x8xf32>
  }

  // Four heads of two features over two key heads: heads 0, 2, 1, 3.
  // CHECK-LABEL: @grouped
  // CHECK-SAME: %[[Q:[a-z0-9]*]]: tensor<2x4x8xf32>, %[[K:[a-z0-9]*]]: tensor<2x4x4xf32>)
  nn.func private @grouped(%q: tensor<2x4x8xf32>, %k: tensor<2x4x4xf32>) -> tensor<2x4x8xf32> {
    // CHECK: %[[G:.*]] = nn.permute_features %[[Q]] {order = array<i64: 0, 1, 4, 5, 2, 3, 6, 7>}
    // CHECK: %[[C:.*]] = nn.scale %[[G]]
    // CHECK: nn.head_scores %[[C]], %[[K]], heads = 4, kv_heads = 2, grouped
    // CHECK: %[[O:.*]] = nn.head_mix %{{.*}}, %[[K]], heads = 4, kv_heads = 2, grouped
    // CHECK: nn.permute_features %[[O]] {order = array<i64: 0, 1, 4, 5, 2, 3, 6, 7>}
    %o = nn.attention %q, %k, %k {heads = 4, kv_heads = 2, causal} : tensor<2x4x8xf32>, tensor<2x4x4xf32>
    nn.return %o : tensor<2x4x8xf32>
  }

  // CHECK-LABEL: @gradient
  // CHECK-SAME: %[[Q:[a-z0-9]*]]: tensor<2x4x8xf32>, %[[K:[a-z0-9]*]]: tensor<2x4x8xf32>, %[[V:[a-z0-9]*]]: tensor<2x4x8xf32>, %[[DO:[a-z0-9]*]]:
  nn.func private @gradient(%q: tensor<2x4x8xf32>, %k: tensor<2x4x8xf32>, %v: tensor<2x4x8xf32>, %do: tensor<2x4x8xf32>) -> (tensor<2x4x8xf32>, tensor<2x4x8xf32>, tensor<2x4x8xf32>) {
    // CHECK: %[[C:.*]] = nn.scale %[[Q]]
    // CHECK: %[[P:.*]] = nn.softmax
    // CHECK: %[[DV:.*]] = nn.head_mix_transposed %[[P]], %[[DO]]
    // CHECK: %[[DP:.*]] = nn.head_scores %[[DO]], %[[V]]
    // CHECK: %[[DS:.*]] = nn.softmax_grad %[[P]], %[[DP]]
    // CHECK: %[[MIX:.*]] = nn.head_mix %[[DS]], %[[K]]
    // CHECK: %[[DQ:.*]] = nn.scale %[[MIX]] {factor = 5.000000e-01 : f64}
    // CHECK: %[[DK:.*]] = nn.head_mix_transposed %[[DS]], %[[C]]
    // CHECK: nn.return %[[DQ]], %[[DK]], %[[DV]]
    %dq, %dk, %dv = nn.attention_grad %q, %k, %v, %do {heads = 2, kv_heads = 2, causal} : tensor<2x4x8xf32>, tensor<2x4x8xf32>
    nn.return %dq, %dk, %dv : tensor<2x4x8xf32>, tensor<2x4x8xf32>, tensor<2x4x8xf32>
  }
}

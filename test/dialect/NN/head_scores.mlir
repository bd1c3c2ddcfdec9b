// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @head_scores
// CHECK: nn.head_scores %{{.*}}, heads = 4, kv_heads = 2, grouped
// CHECK: nn.causal_mask : tensor<4x4xf32>
func.func @head_scores(%q: tensor<2x4x32xf32>, %k: tensor<2x4x16xf32>) {
  %s = nn.head_scores %q, %k, heads = 4, kv_heads = 2, grouped : tensor<2x4x32xf32>, tensor<2x4x16xf32>
  %p = nn.softmax %s : tensor<2x4x4x4xf32>
  %m = nn.causal_mask : tensor<4x4xf32>
  %a = nn.add %p, %m : tensor<2x4x4x4xf32>, tensor<4x4xf32>
  return
}

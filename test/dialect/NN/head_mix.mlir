// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @head_mix
// CHECK: nn.head_mix %
// CHECK: nn.head_mix_transposed %
func.func @head_mix(%p: tensor<2x4x4x4xf32>, %v: tensor<2x4x16xf32>) {
  %o = nn.head_mix %p, %v, heads = 4, kv_heads = 2 : tensor<2x4x4x4xf32>, tensor<2x4x16xf32>
  %t = nn.head_mix_transposed %p, %o, heads = 4, kv_heads = 2 : tensor<2x4x4x4xf32>, tensor<2x4x32xf32>
  // The transposed form has the features of keys again.
  %u = nn.head_mix %p, %t, heads = 4, kv_heads = 2 : tensor<2x4x4x4xf32>, tensor<2x4x16xf32>
  return
}

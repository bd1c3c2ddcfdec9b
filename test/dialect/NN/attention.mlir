// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @attention
// CHECK: nn.attention %{{.*}} {causal, heads = 4 : i64, kv_heads = 2 : i64}
// CHECK: nn.attention_grad
func.func @attention(%q: tensor<2x4x32xf32>, %k: tensor<2x4x16xf32>) {
  %o = nn.attention %q, %k, %k {heads = 4, kv_heads = 2, causal} : tensor<2x4x32xf32>, tensor<2x4x16xf32>
  %dq, %dk, %dv = nn.attention_grad %q, %k, %k, %o {heads = 4, kv_heads = 2, causal} : tensor<2x4x32xf32>, tensor<2x4x16xf32>
  return
}

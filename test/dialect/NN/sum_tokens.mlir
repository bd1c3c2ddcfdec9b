// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @sum_tokens
// CHECK: nn.sum_tokens %{{.*}} : tensor<2x4x8xf32>
func.func @sum_tokens(%x: tensor<2x4x8xf32>) {
  %y = nn.sum_tokens %x : tensor<2x4x8xf32>
  %z = nn.sum_tokens %x : tensor<2x4x8xf32>
  return
}

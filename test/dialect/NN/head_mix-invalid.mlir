// RUN: anec-opt %s -split-input-file -verify-diagnostics

// head_mix_c1
func.func @probabilities(%p: tensor<2x4x4x4xf32>, %v: tensor<2x5x16xf32>) {
  // expected-error @below {{expects probabilities of shape 2x4x5x5, but got 'tensor<2x4x4x4xf32>'}}
  %o = nn.head_mix %p, %v, heads = 4, kv_heads = 2 : tensor<2x4x4x4xf32>, tensor<2x5x16xf32>
  return
}

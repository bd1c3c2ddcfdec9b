// RUN: anec-opt %s -split-input-file -verify-diagnostics

func.func @key_features(%q: tensor<2x4x32xf32>, %k: tensor<2x4x32xf32>) {
  // expected-error @below {{expects keys and values of shape 2x4x16}}
  %s = nn.head_scores %q, %k, heads = 4, kv_heads = 2 : tensor<2x4x32xf32>, tensor<2x4x32xf32>
  return
}

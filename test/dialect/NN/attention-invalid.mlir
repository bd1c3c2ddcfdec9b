// RUN: anec-opt %s -split-input-file -verify-diagnostics

// attention_c1
func.func @heads_do_not_divide(%q: tensor<2x4x32xf32>, %k: tensor<2x4x16xf32>) {
  // expected-error @below {{expects kv_heads to divide heads and heads to divide 32 features, but got 4 heads and 3 kv_heads}}
  %o = nn.attention %q, %k, %k {heads = 4, kv_heads = 3} : tensor<2x4x32xf32>, tensor<2x4x16xf32>
  return
}

// -----

// attention_c2
func.func @key_features(%q: tensor<2x4x32xf32>, %k: tensor<2x4x16xf32>) {
  // expected-error @below {{expects keys and values of shape 2x4x8, but got 'tensor<2x4x16xf32>'}}
  %o = nn.attention %q, %k, %k {heads = 4, kv_heads = 1} : tensor<2x4x32xf32>, tensor<2x4x16xf32>
  return
}

// -----

// attention_c1
func.func @no_heads(%q: tensor<2x4x32xf32>, %k: tensor<2x4x16xf32>) {
  // expected-error @below {{but got 0 heads and 0 kv_heads}}
  %o = nn.attention %q, %k, %k {heads = 0, kv_heads = 0} : tensor<2x4x32xf32>, tensor<2x4x16xf32>
  return
}

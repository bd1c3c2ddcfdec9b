// RUN: anec-opt %s -split-input-file -verify-diagnostics

// rope_c1
func.func @odd(%x: tensor<2x4x8xf32>) {
  // expected-error @below {{expects head_dim to be even and to divide 8 features, but got 1}}
  %y = nn.rope %x {head_dim = 1, theta = 1.0e4, style = #nn.rope<interleaved>} : tensor<2x4x8xf32>
  return
}

// -----

// rope_c1
func.func @does_not_divide(%x: tensor<2x4x8xf32>) {
  // expected-error @below {{expects head_dim to be even and to divide 8 features, but got 6}}
  %y = nn.rope %x {head_dim = 6, theta = 1.0e4, style = #nn.rope<interleaved>} : tensor<2x4x8xf32>
  return
}

// -----

// rope_c2
func.func @theta(%x: tensor<2x4x8xf32>) {
  // expected-error @below {{expects theta > 0, but got -1}}
  %y = nn.rope %x {head_dim = 4, theta = -1.0, style = #nn.rope<interleaved>} : tensor<2x4x8xf32>
  return
}

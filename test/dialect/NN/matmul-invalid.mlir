// RUN: anec-opt %s -split-input-file -verify-diagnostics

// matmul_c1
func.func @rows_differ(%dy: tensor<2x4x16xf32>, %w: tensor<15x8xf32>) {
  // expected-error @below {{expects b to have 16 rows to match a, but got 15}}
  %dx = nn.matmul %dy, %w : tensor<2x4x16xf32>, tensor<15x8xf32>
  return
}

// -----

// matmul_c1
func.func @not_a_matrix(%dy: tensor<2x4x16xf32>) {
  // expected-error @below {{expects b to be a static tensor of rank 2, but got 'tensor<2x4x16xf32>'}}
  %dx = nn.matmul %dy, %dy : tensor<2x4x16xf32>, tensor<2x4x16xf32>
  return
}

// -----

// matmul_c2
func.func @tokens_differ(%dy: tensor<2x4x16xf32>, %x: tensor<2x5x8xf32>) {
  // expected-error @below {{expects b to have the batch and sequence of a}}
  %dw = nn.matmul %dy, %x transpose_a : tensor<2x4x16xf32>, tensor<2x5x8xf32>
  return
}

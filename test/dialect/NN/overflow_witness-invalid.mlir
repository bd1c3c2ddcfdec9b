// RUN: anec-opt %s -split-input-file -verify-diagnostics

// overflow_witness_c1
func.func @sequence(%s: tensor<2x3x4x4xf32>) {
  // expected-error @below {{expects a result of shape 2x4x1 for 'tensor<2x3x4x4xf32>', but got 'tensor<2x3x1xf32>'}}
  %y = nn.overflow_witness(%s) : (tensor<2x3x4x4xf32>) -> tensor<2x3x1xf32>
  return
}

// -----

// overflow_witness_c1
func.func @features(%a: tensor<2x4x8xf32>) {
  // expected-error @below {{expects a result of shape 2x4x1 for 'tensor<2x4x8xf32>', but got 'tensor<2x4x8xf32>'}}
  %y = nn.overflow_witness(%a) : (tensor<2x4x8xf32>) -> tensor<2x4x8xf32>
  return
}

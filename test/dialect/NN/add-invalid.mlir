// RUN: anec-opt %s -split-input-file -verify-diagnostics

// add_c1
func.func @not_a_suffix(%x: tensor<2x4x8xf32>, %b: tensor<4xf32>) {
  // expected-error @below {{'nn.add' op expects y to have the shape of x or its last dimensions, but got 'tensor<2x4x8xf32>' and 'tensor<4xf32>'}}
  %y = nn.add %x, %b : tensor<2x4x8xf32>, tensor<4xf32>
  return
}

// -----

func.func @scalar(%x: tensor<2x4x8xf32>, %b: tensor<f32>) {
  // expected-error @below {{expects y to have the shape of x}}
  %y = nn.add %x, %b : tensor<2x4x8xf32>, tensor<f32>
  return
}

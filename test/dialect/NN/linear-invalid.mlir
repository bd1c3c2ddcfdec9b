// RUN: anec-opt %s -split-input-file -verify-diagnostics

// linear_c1
func.func @features_differ(%x: tensor<2x4x8xf32>, %w: tensor<16x9xf32>) {
  // expected-error @below {{expects weight to have 8 input features to match x, but got 9}}
  %y = nn.linear %x, %w : tensor<2x4x8xf32>, tensor<16x9xf32>
  return
}

// -----

func.func @not_an_activation(%x: tensor<4x8xf32>, %w: tensor<16x8xf32>) {
  // expected-error @below {{expects x to be a static tensor of rank 3, but got 'tensor<4x8xf32>'}}
  %y = nn.linear %x, %w : tensor<4x8xf32>, tensor<16x8xf32>
  return
}

// -----

func.func @dynamic(%x: tensor<2x?x8xf32>, %w: tensor<16x8xf32>) {
  // expected-error @below {{expects x to be a static tensor of rank 3, but got 'tensor<2x?x8xf32>'}}
  %y = nn.linear %x, %w : tensor<2x?x8xf32>, tensor<16x8xf32>
  return
}

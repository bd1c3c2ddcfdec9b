// RUN: anec-opt %s -split-input-file -verify-diagnostics

// cross_entropy_c1
func.func @targets(%l: tensor<2x4x32xf32>, %t: tensor<2x5xi32>) {
  // expected-error @below {{expects targets of shape 2x4 to match logits, but got 'tensor<2x5xi32>'}}
  %y = nn.cross_entropy %l, %t : tensor<2x4x32xf32>, tensor<2x5xi32>
  return
}

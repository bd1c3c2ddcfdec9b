// RUN: anec-opt %s -split-input-file -verify-diagnostics

// reduce_c1
func.func @batch(%x: tensor<2x4x8xf32>) {
  // expected-error @below {{expects dim 1, the sequence, or 2, the features, but got 0}}
  %y = nn.reduce %x, dim = 0 : tensor<2x4x8xf32>
  return
}

// RUN: anec-opt %s -split-input-file -verify-diagnostics

func.func @matrix(%x: tensor<4x8xf32>) {
  // expected-error @below {{expects x to be a static tensor of rank 3, but got 'tensor<4x8xf32>'}}
  %y = nn.sum_tokens %x : tensor<4x8xf32>
  return
}

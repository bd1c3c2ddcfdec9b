// RUN: anec-opt %s -split-input-file -verify-diagnostics

func.func @shapes_differ(%x: tensor<2x4x8xf32>, %t: tensor<2x4x7xf32>) {
  // expected-error @below {{failed to verify that all of {x, target} have same type}}
  %y = nn.mse %x, %t : tensor<2x4x8xf32>, tensor<2x4x7xf32>
  return
}

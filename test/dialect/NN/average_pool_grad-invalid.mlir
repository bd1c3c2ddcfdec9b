// RUN: anec-opt %s -split-input-file -verify-diagnostics

// average_pool_grad_c1
func.func @pixels(%dy: tensor<2x24x3xf32>) {
  // expected-error @below {{expects dy to have 6 pixels, but got 24}}
  %y = nn.average_pool_grad %dy, height = 4, width = 6, window = 2 : tensor<2x24x3xf32>
  return
}

// RUN: anec-opt %s -split-input-file -verify-diagnostics

// expand_c1
func.func @not_one(%x: tensor<2x4x8xf32>) {
  // expected-error @below {{expects dimension 1 of x to be 1, but got 4}}
  %y = nn.expand %x, dim = 1, size = 4 : tensor<2x4x8xf32>
  return
}

// -----

// expand_c2
func.func @nothing(%x: tensor<2x1x8xf32>) {
  // expected-error @below {{expects a size from 1 to 1073741824, but got 0}}
  %y = nn.expand %x, dim = 1, size = 0 : tensor<2x1x8xf32>
  return
}

// RUN: anec-opt %s -split-input-file -verify-diagnostics

// reshape_c1
func.func @does_not_divide(%x: tensor<2x4x8xf32>) {
  // expected-error @below {{expects a sequence that divides 32 elements, but got 5}}
  %y = nn.reshape %x, sequence = 5 : tensor<2x4x8xf32>
  return
}

// -----

// reshape_c1
func.func @nothing(%x: tensor<2x4x8xf32>) {
  // expected-error @below {{expects a sequence that divides 32 elements, but got 0}}
  %y = nn.reshape %x, sequence = 0 : tensor<2x4x8xf32>
  return
}

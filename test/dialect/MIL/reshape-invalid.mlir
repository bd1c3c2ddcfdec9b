// RUN: anec-opt %s -split-input-file -verify-diagnostics

// reshape_c1
func.func @unknown_dimension(%x: tensor<4x8xf16>) {
  // expected-error @below {{expects positive dimensions, but got -1}}
  %0 = mil.reshape %x, shape = [4, -1] : tensor<4x8xf16>
  return
}

// -----

// reshape_c2
func.func @elements_differ(%x: tensor<4x8xf16>) {
  // expected-error @below {{expects a shape of 32 elements, but 4x4 has 16}}
  %0 = mil.reshape %x, shape = [4, 4] : tensor<4x8xf16>
  return
}

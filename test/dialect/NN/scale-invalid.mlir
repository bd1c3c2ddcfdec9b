// RUN: anec-opt %s -split-input-file -verify-diagnostics

func.func @no_factor(%x: tensor<2x4x8xf32>) {
  // expected-error @below {{requires attribute 'factor'}}
  %y = nn.scale %x : tensor<2x4x8xf32>
  return
}

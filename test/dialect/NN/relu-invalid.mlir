// RUN: anec-opt %s -split-input-file -verify-diagnostics

// operand
func.func @integers(%x: tensor<2x4xi32>) {
  // expected-error @below {{operand #0 must be static f32 tensor, but got 'tensor<2x4xi32>'}}
  %y = nn.relu %x : tensor<2x4xi32>
  return
}

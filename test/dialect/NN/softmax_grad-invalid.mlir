// RUN: anec-opt %s -split-input-file -verify-diagnostics

func.func @integers(%x: tensor<2x4xi32>) {
  // expected-error @below {{operand #0 must be static f32 tensor}}
  %y = nn.softmax_grad %x, %x : tensor<2x4xi32>
  return
}

// RUN: anec-opt %s -split-input-file -verify-diagnostics

func.func @integers(%x: tensor<2x4xi32>) {
  // expected-error @below {{operand #0 must be static f32 tensor, but got 'tensor<2x4xi32>'}}
  %y = nn.tanh %x : tensor<2x4xi32>
  return
}

// -----

func.func @dynamic(%x: tensor<?x4xf32>) {
  // expected-error @below {{operand #0 must be static f32 tensor, but got 'tensor<?x4xf32>'}}
  %y = nn.tanh %x : tensor<?x4xf32>
  return
}

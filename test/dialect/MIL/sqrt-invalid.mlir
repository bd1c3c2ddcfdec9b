// RUN: anec-opt %s -split-input-file -verify-diagnostics

func.func @integers(%x: tensor<4xi32>) {
  // expected-error @below {{operand #0 must be statically shaped tensor of fp16 or fp32 values, but got 'tensor<4xi32>'}}
  %0 = mil.sqrt %x : tensor<4xi32>
  return
}

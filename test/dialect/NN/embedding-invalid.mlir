// RUN: anec-opt %s -split-input-file -verify-diagnostics

func.func @float_tokens(%t: tensor<2x4xf32>, %e: tensor<32x8xf32>) {
  // expected-error @below {{operand #0 must be i32 tensor [batch, sequence] of token ids, but got 'tensor<2x4xf32>'}}
  %y = nn.embedding %t, %e : tensor<2x4xf32>, tensor<32x8xf32>
  return
}

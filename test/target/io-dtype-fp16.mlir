// RUN: anec-opt %s -split-input-file -verify-diagnostics -pass-pipeline='builtin.module(mil.program(verify-ane-target))'
//
// Surfaces hold fp16.

// expected-error @below {{input is fp32, expected fp16 [io-dtype-fp32]}}
// expected-note @below {{refused by M1 and M2}}
// expected-note @below {{instead: keep fp16 at the boundary}}
mil.program @fp32_input {
  mil.func @main(%x: tensor<1x64x1x512xf32>) -> tensor<1x64x1x512xf16> {
    %h = mil.cast %x, dtype = "fp16" : tensor<1x64x1x512xf32>
    %y = mil.sigmoid %h : tensor<1x64x1x512xf16>
    mil.return %y : tensor<1x64x1x512xf16>
  }
}

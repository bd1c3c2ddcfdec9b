// RUN: anec-opt %s -split-input-file -verify-diagnostics -pass-pipeline='builtin.module(mil.program(verify-ane-target))'
//
// One input surface for each kernel.

// expected-error @below {{has 2 inputs, at most 1 [multi-in-order]}}
// expected-note @below {{target 'strict': sources disagree about the slot order of several inputs}}
// expected-note @below {{instead: pack the inputs into one surface (pack-weights)}}
mil.program @two_inputs {
  mil.func @main(%x: tensor<1x64x1x512xf16>, %y: tensor<1x64x1x512xf16>) -> tensor<1x64x1x512xf16> {
    %z = mil.add %x, %y : tensor<1x64x1x512xf16>, tensor<1x64x1x512xf16>
    mil.return %z : tensor<1x64x1x512xf16>
  }
}

// -----

mil.program @one_input {
  mil.func @main(%x: tensor<1x64x1x512xf16>) -> tensor<1x64x1x512xf16> {
    %y = mil.sigmoid %x : tensor<1x64x1x512xf16>
    mil.return %y : tensor<1x64x1x512xf16>
  }
}

// RUN: anec-opt %s -split-input-file -verify-diagnostics -pass-pipeline='builtin.module(mil.program(verify-ane-target))'
//
// One output surface for each kernel.

// expected-error @below {{has 2 outputs, at most 1 [multi-out-order]}}
// expected-note @below {{alphabetical order of their names}}
// expected-note @below {{instead: pack the results into one surface}}
mil.program @two_outputs {
  mil.func @main(%x: tensor<1x64x1x512xf16>) -> (tensor<1x64x1x512xf16>, tensor<1x64x1x512xf16>) {
    %y = mil.sigmoid %x : tensor<1x64x1x512xf16>
    %z = mil.tanh %x : tensor<1x64x1x512xf16>
    mil.return %y, %z : tensor<1x64x1x512xf16>, tensor<1x64x1x512xf16>
  }
}

// -----

mil.program @one_output {
  mil.func @main(%x: tensor<1x64x1x512xf16>) -> tensor<1x64x1x512xf16> {
    %y = mil.sigmoid %x : tensor<1x64x1x512xf16>
    mil.return %y : tensor<1x64x1x512xf16>
  }
}

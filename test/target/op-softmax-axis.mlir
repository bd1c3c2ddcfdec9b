// RUN: anec-opt %s -split-input-file -verify-diagnostics -pass-pipeline='builtin.module(mil.program(verify-ane-target))'
//
// Softmax over channels only where their number is a power of two.

mil.program @channels {
  mil.func @main(%x: tensor<1x96x1x512xf16>) -> tensor<1x96x1x512xf16> {
    // expected-error @below {{is along axis 1 of 96 elements, expected the last axis or a power of two [op-softmax-axis]}}
    // expected-note @below {{no power of two are refused}}
    // expected-note @below {{instead: softmax over the last axis}}
    %y = mil.softmax %x, axis = 1 : tensor<1x96x1x512xf16>
    mil.return %y : tensor<1x96x1x512xf16>
  }
}

// -----

mil.program @last_axis_and_power_of_two {
  mil.func @main(%x: tensor<1x64x1x512xf16>) -> tensor<1x64x1x512xf16> {
    %y = mil.softmax %x, axis = -1 : tensor<1x64x1x512xf16>
    %z = mil.softmax %y, axis = 1 : tensor<1x64x1x512xf16>
    mil.return %z : tensor<1x64x1x512xf16>
  }
}

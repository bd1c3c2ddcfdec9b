// RUN: anec-opt %s -split-input-file -verify-diagnostics -pass-pipeline='builtin.module(mil.program(verify-ane-target))'
//
// A surface has at least 49152 bytes.

mil.program @small_output {
  mil.func @main(%x: tensor<1x64x1x512xf16>) -> tensor<1x32x1x32xf16> {
    %s = mil.slice_by_size %x, begin = [0, 0, 0, 0], size = [1, 32, 1, 32] : tensor<1x64x1x512xf16>
    // expected-error @below {{output has 2048 bytes, at least 49152 [io-min-bytes]}}
    // expected-note @below {{Orion docs/ane_constraints.md #4}}
    // expected-note @below {{instead: enlarge batch, sequence or features}}
    %y = mil.sigmoid %s : tensor<1x32x1x32xf16>
    mil.return %y : tensor<1x32x1x32xf16>
  }
}

// -----

mil.program @exactly_49152 {
  mil.func @main(%x: tensor<1x768x1x32xf16>) -> tensor<1x768x1x32xf16> {
    %y = mil.sigmoid %x : tensor<1x768x1x32xf16>
    mil.return %y : tensor<1x768x1x32xf16>
  }
}

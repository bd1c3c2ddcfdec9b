// RUN: anec-opt %s -split-input-file -verify-diagnostics -pass-pipeline='builtin.module(mil.program(verify-ane-target))'
//
// A surface has a multiple of 32 channels.

// expected-error @below {{input has 72 channels, expected a multiple of 32 [io-channels-32]}}
// expected-note @below {{multiple of 32 channels}}
// expected-note @below {{instead: choose feature sizes that are multiples of 32}}
mil.program @odd_height {
  mil.func @main(%x: tensor<1x72x1x512xf16>) -> tensor<1x64x1x512xf16> {
    %s = mil.slice_by_size %x, begin = [0, 0, 0, 0], size = [1, 64, 1, 512] : tensor<1x72x1x512xf16>
    %y = mil.sigmoid %s : tensor<1x64x1x512xf16>
    mil.return %y : tensor<1x64x1x512xf16>
  }
}

// RUN: anec-opt %s -split-input-file -verify-diagnostics -pass-pipeline='builtin.module(mil.program(verify-ane-target))'
//
// A row is a multiple of 64 bytes: 32 fp16 elements.

// expected-error @below {{input has rows of 520 elements, 1040 bytes; expected a multiple of 64 bytes [io-row-stride]}}
// expected-note @below {{rows are padded to a granule}}
// expected-note @below {{instead: choose batch x sequence as a multiple of 32}}
mil.program @odd_width {
  mil.func @main(%x: tensor<1x64x1x520xf16>) -> tensor<1x64x1x512xf16> {
    %s = mil.slice_by_size %x, begin = [0, 0, 0, 0], size = [1, 64, 1, 512] : tensor<1x64x1x520xf16>
    %y = mil.sigmoid %s : tensor<1x64x1x512xf16>
    mil.return %y : tensor<1x64x1x512xf16>
  }
}

// -----

mil.program @multiple_of_32 {
  mil.func @main(%x: tensor<1x64x1x416xf16>) -> tensor<1x64x1x416xf16> {
    %y = mil.sigmoid %x : tensor<1x64x1x416xf16>
    mil.return %y : tensor<1x64x1x416xf16>
  }
}

// RUN: anec-opt %s -split-input-file -verify-diagnostics -pass-pipeline='builtin.module(mil.program(verify-ane-target))'
//
// A kernel computes something.

// expected-error @below {{only moves data [op-reshape-transpose]}}
// expected-note @below {{a program made of data movement only is refused}}
// expected-note @below {{instead: fuse the movement into the next kernel}}
mil.program @only_moves {
  mil.func @main(%x: tensor<1x64x1x512xf16>) -> tensor<1x512x1x64xf16> {
    %y = mil.transpose %x, perm = [0, 3, 2, 1] : tensor<1x64x1x512xf16>
    mil.return %y : tensor<1x512x1x64xf16>
  }
}

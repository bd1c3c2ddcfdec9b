// RUN: anec-opt %s -split-input-file -verify-diagnostics -pass-pipeline='builtin.module(mil.program(verify-ane-target))'
//
// No dimension and no contraction above 16384.

mil.program @classifier_backward {
  mil.func @main(%x: tensor<1x64x1x512xf16>) -> tensor<1x64x1x512xf16> {
    // The reshape breaks the rule too; the convolution says it for both.
    %l = mil.reshape %x, shape = [1, 32768, 1, 1] : tensor<1x64x1x512xf16>
    %w = mil.const in "weights/w.bin" : tensor<64x32768x1x1xf16>
    // expected-error @below {{convolves 32768 input channels, at most 16384 [dim-16384]}}
    // expected-note @below {{refused by the compiler of M1 to M3}}
    // expected-note @below {{instead: --active-vocab, --offload without 'classifier', or --target=m4}}
    %y = mil.conv %l, %w, strides = [1, 1], pad_type = "valid", pad = [0, 0, 0, 0], dilations = [1, 1], groups = 1
      : tensor<1x32768x1x1xf16>, tensor<64x32768x1x1xf16>
    %z = mil.add %x, %y : tensor<1x64x1x512xf16>, tensor<1x64x1x1xf16>
    mil.return %z : tensor<1x64x1x512xf16>
  }
}

// -----

// expected-error @below {{input has a dimension of 16416, at most 16384 [dim-16384]}}
// expected-note @below {{refused by the compiler of M1 to M3}}
// expected-note @below {{instead: --active-vocab}}
mil.program @input {
  mil.func @main(%x: tensor<1x32x1x16416xf16>) -> tensor<1x32x1x1024xf16> {
    %s = mil.slice_by_size %x, begin = [0, 0, 0, 0], size = [1, 32, 1, 1024] : tensor<1x32x1x16416xf16>
    %y = mil.sigmoid %s : tensor<1x32x1x1024xf16>
    mil.return %y : tensor<1x32x1x1024xf16>
  }
}

// -----

mil.program @contraction {
  mil.func @main(%x: tensor<1x64x1x512xf16>) -> tensor<1x64x1x512xf16> {
    %y = mil.reshape %x, shape = [1, 1, 32768, 1] : tensor<1x64x1x512xf16>
    // expected-error @below {{sums over 32768 elements, at most 16384 [dim-16384]}}
    // expected-note @below {{refused by the compiler of M1 to M3}}
    // expected-note @below {{instead: --active-vocab}}
    %s = mil.matmul %y, %y, transpose_x = true, transpose_y = false
      : tensor<1x1x32768x1xf16>, tensor<1x1x32768x1xf16>
    %z = mil.add %x, %s : tensor<1x64x1x512xf16>, tensor<1x1x1x1xf16>
    mil.return %z : tensor<1x64x1x512xf16>
  }
}

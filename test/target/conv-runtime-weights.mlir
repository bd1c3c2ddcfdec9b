// RUN: anec-opt %s -split-input-file -verify-diagnostics -pass-pipeline='builtin.module(mil.program(verify-ane-target))'
//
// The weight of a convolution is a constant.

mil.program @weight_from_the_surface {
  mil.func @main(%x: tensor<1x64x1x576xf16>) -> tensor<1x64x1x512xf16> {
    %a = mil.slice_by_size %x, begin = [0, 0, 0, 0], size = [1, 64, 1, 512] : tensor<1x64x1x576xf16>
    %s = mil.slice_by_size %x, begin = [0, 0, 0, 512], size = [1, 64, 1, 64] : tensor<1x64x1x576xf16>
    %w = mil.reshape %s, shape = [64, 64, 1, 1] : tensor<1x64x1x64xf16>
    // expected-error @below {{has a weight that is no constant [conv-runtime-weights]}}
    // expected-note @below {{a run-time weight is ignored, refused, or crashes the service}}
    // expected-note @below {{instead: matmul for weights that change}}
    %y = mil.conv %a, %w, strides = [1, 1], pad_type = "valid", pad = [0, 0, 0, 0], dilations = [1, 1], groups = 1
      : tensor<1x64x1x512xf16>, tensor<64x64x1x1xf16>
    mil.return %y : tensor<1x64x1x512xf16>
  }
}

// -----

mil.program @baked {
  mil.func @main(%x: tensor<1x64x1x512xf16>) -> tensor<1x64x1x512xf16> {
    %w = mil.const in "weights/w.bin" : tensor<64x64x1x1xf16>
    %y = mil.conv %x, %w, strides = [1, 1], pad_type = "valid", pad = [0, 0, 0, 0], dilations = [1, 1], groups = 1
      : tensor<1x64x1x512xf16>, tensor<64x64x1x1xf16>
    mil.return %y : tensor<1x64x1x512xf16>
  }
}

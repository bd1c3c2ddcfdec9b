// RUN: anec-opt %s -split-input-file -verify-diagnostics -pass-pipeline='builtin.module(mil.program(verify-ane-target))'
//
// Inputs and outputs are [1, C, 1, S].

// expected-error @below {{input is tensor<fp16, [1, 64, 32, 32]>, expected [1, C, 1, S] [io-layout]}}
// expected-note @below {{channel-first}}
// expected-note @below {{instead: reshape inside the kernel}}
mil.program @image_input {
  mil.func @main(%x: tensor<1x64x32x32xf16>) -> tensor<1x64x1x1024xf16> {
    %r = mil.reshape %x, shape = [1, 64, 1, 1024] : tensor<1x64x32x32xf16>
    %y = mil.sigmoid %r : tensor<1x64x1x1024xf16>
    mil.return %y : tensor<1x64x1x1024xf16>
  }
}

// -----

mil.program @rank_three_output {
  mil.func @main(%x: tensor<1x64x1x512xf16>) -> tensor<1x64x512xf16> {
    %r = mil.sigmoid %x : tensor<1x64x1x512xf16>
    // expected-error @below {{output is tensor<fp16, [1, 64, 512]>, expected [1, C, 1, S] [io-layout]}}
    // expected-note @below {{channel-first}}
    // expected-note @below {{instead: reshape inside the kernel}}
    %y = mil.reshape %r, shape = [1, 64, 512] : tensor<1x64x1x512xf16>
    mil.return %y : tensor<1x64x512xf16>
  }
}

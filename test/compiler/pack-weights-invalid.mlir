// RUN: anec-opt %s -split-input-file -verify-diagnostics -pass-pipeline='builtin.module(mil.program(pack-weights))'

mil.program @baked_in_use {
  // expected-error @below {{still uses baked argument 0; matmul-to-conv comes first}}
  mil.func @main(%g: tensor<1x32x1x1xf16> {nn.parameter = @g, nn.weights = "baked"}) -> tensor<1x32x1x1xf16> {
    mil.return %g : tensor<1x32x1x1xf16>
  }
}

// -----

mil.program @rank_three {
  // expected-error @below {{expects argument 0 of shape [1, C, 1, S] or [1, 1, O, I], but got 'tensor<32x1x32xf16>'}}
  mil.func @main(%x: tensor<32x1x32xf16>) -> tensor<32x1x32xf16> {
    mil.return %x : tensor<32x1x32xf16>
  }
}

// -----

mil.program @matrix_result {
  // expected-error @below {{expects result 1 of shape [1, C, 1, S], but got 'tensor<1x1x32x32xf16>'}}
  mil.func @main(%x: tensor<1x32x1x32xf16>, %y: tensor<1x32x1x32xf16>)
      -> (tensor<1x32x1x32xf16>, tensor<1x1x32x32xf16>) {
    %z = mil.reshape %y, shape = [1, 1, 32, 32] : tensor<1x32x1x32xf16>
    mil.return %x, %z : tensor<1x32x1x32xf16>, tensor<1x1x32x32xf16>
  }
}

// -----

mil.program @no_result {
  // expected-error @below {{expects at least one result}}
  mil.func @main(%x: tensor<1x32x1x32xf16>) {
    mil.return
  }
}

// -----

mil.program @further_input {
  // expected-error @below {{cannot take @w as a further input (weights=param): at most 1 [multi-in-order]}}
  // expected-note @below {{target 'strict': sources disagree about the slot order}}
  // expected-note @below {{instead: --target=m4, or --weights=packed}}
  mil.func @main(%w: tensor<1x1x32x32xf16> {nn.parameter = @w, nn.weights = "param"}) -> tensor<1x1x32x32xf16> {
    mil.return %w : tensor<1x1x32x32xf16>
  }
}

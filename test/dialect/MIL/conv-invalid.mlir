// RUN: anec-opt %s -split-input-file -verify-diagnostics

// conv_c1
func.func @rank_three(%x: tensor<8x1x32xf16>, %w: tensor<16x8x1x1xf16>) {
  // expected-error @below {{expects x and weight of rank 4, but got 3 and 4}}
  %0 = mil.conv %x, %w, strides = [1, 1], pad_type = "valid", pad = [0, 0, 0, 0], dilations = [1, 1], groups = 1 : tensor<8x1x32xf16>, tensor<16x8x1x1xf16>
  return
}

// -----

// conv_c2
func.func @one_stride(%x: tensor<1x8x1x32xf16>, %w: tensor<16x8x1x1xf16>) {
  // expected-error @below {{expects 2 strides, 2 dilations and 4 pads, but got 1, 2 and 4}}
  %0 = mil.conv %x, %w, strides = [1], pad_type = "valid", pad = [0, 0, 0, 0], dilations = [1, 1], groups = 1 : tensor<1x8x1x32xf16>, tensor<16x8x1x1xf16>
  return
}

// -----

// conv_c3
func.func @same_padding(%x: tensor<1x8x1x32xf16>, %w: tensor<16x8x1x1xf16>) {
  // expected-error @below {{expects pad_type "custom", or "valid" without pads, but got "same"}}
  %0 = mil.conv %x, %w, strides = [1, 1], pad_type = "same", pad = [0, 0, 0, 0], dilations = [1, 1], groups = 1 : tensor<1x8x1x32xf16>, tensor<16x8x1x1xf16>
  return
}

// -----

// conv_c3
func.func @padded_valid(%x: tensor<1x8x1x32xf16>, %w: tensor<16x8x1x1xf16>) {
  // expected-error @below {{expects pad_type "custom", or "valid" without pads, but got "valid"}}
  %0 = mil.conv %x, %w, strides = [1, 1], pad_type = "valid", pad = [1, 0, 0, 0], dilations = [1, 1], groups = 1 : tensor<1x8x1x32xf16>, tensor<16x8x1x1xf16>
  return
}

// -----

// conv_c4
func.func @channels_differ(%x: tensor<1x9x1x32xf16>, %w: tensor<16x8x1x1xf16>) {
  // expected-error @below {{expects weight to have 9 / groups input channels, but got 8 with 1 groups}}
  %0 = mil.conv %x, %w, strides = [1, 1], pad_type = "valid", pad = [0, 0, 0, 0], dilations = [1, 1], groups = 1 : tensor<1x9x1x32xf16>, tensor<16x8x1x1xf16>
  return
}

// -----

// conv_c5
func.func @window_too_large(%x: tensor<1x8x1x32xf16>, %w: tensor<16x8x3x1xf16>) {
  // expected-error @below {{window of 3 does not fit 1 elements}}
  %0 = mil.conv %x, %w, strides = [1, 1], pad_type = "valid", pad = [0, 0, 0, 0], dilations = [1, 1], groups = 1 : tensor<1x8x1x32xf16>, tensor<16x8x3x1xf16>
  return
}

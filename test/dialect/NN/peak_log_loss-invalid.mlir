// RUN: anec-opt %s -split-input-file -verify-diagnostics

// peak_c1
func.func @peak(%l: tensor<2x4x32xf32>) {
  // expected-error @below {{expects a result of type 'tensor<2x4x1xf32>', but got 'tensor<2x3x1xf32>'}}
  %top = nn.peak %l : tensor<2x4x32xf32> -> tensor<2x3x1xf32>
  return
}

// -----

// peak_log_loss_c1
func.func @peak_log_loss(%x: tensor<2x4x8xf32>, %w: tensor<32x8xf32>, %top: tensor<2x4x2xf32>, %t: tensor<2x4xi32>) {
  // expected-error @below {{expects top and peak of type 'tensor<2x4x1xf32>', but got 'tensor<2x4x2xf32>'}}
  %loss = nn.peak_log_loss %x, %w, %t, %top, %top : tensor<2x4x8xf32>, tensor<32x8xf32>, tensor<2x4xi32>, tensor<2x4x2xf32> -> tensor<f32>
  return
}

// -----

// token_weights_c1
func.func @token_weights(%l: tensor<f32>) {
  // expected-error @below {{expects a result of type 'tensor<2x4x1xf32>', but got 'tensor<2x4x8xf32>'}}
  %weights = nn.token_weights %l : tensor<f32> -> tensor<2x4x8xf32>
  return
}

// -----

// scale_tokens_c1
func.func @scale_tokens(%x: tensor<2x4x8xf32>) {
  // expected-error @below {{expects weights of type 'tensor<2x4x1xf32>', but got 'tensor<2x4x8xf32>'}}
  %dx = nn.scale_tokens %x, %x : tensor<2x4x8xf32>, tensor<2x4x8xf32>
  return
}

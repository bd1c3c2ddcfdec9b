// RUN: anec-opt %s -split-input-file -verify-diagnostics

// adamw_c1
func.func @matrices(%w: tensor<1x32x64xf32>, %r: tensor<1x64x32xf32>, %f: tensor<1x32x7xf32>) {
  // expected-note @above {{prior use here}}
  // expected-error @below {{use of value '%r' expects different type than prior uses: 'tensor<1x32x64xf32>' vs 'tensor<1x64x32xf32>'}}
  %y:4 = nn.adamw %w, %r, %w, %w, %w, %f : tensor<1x32x64xf32>, tensor<1x32x7xf32>
  return
}

// -----

// adamw_c2
func.func @factors(%w: tensor<1x32x64xf32>, %f: tensor<1x32x6xf32>) {
  // expected-error @below {{expects factors of type 'tensor<1x32x7xf32>', but got 'tensor<1x32x6xf32>'}}
  %y:4 = nn.adamw %w, %w, %w, %w, %w, %f : tensor<1x32x64xf32>, tensor<1x32x6xf32>
  return
}

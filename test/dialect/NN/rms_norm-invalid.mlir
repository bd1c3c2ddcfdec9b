// RUN: anec-opt %s -split-input-file -verify-diagnostics

// rms_norm_c1
func.func @features_differ(%x: tensor<2x4x8xf32>, %g: tensor<7xf32>) {
  // expected-error @below {{expects gain to have 8 features to match x, but got 7}}
  %y = nn.rms_norm %x, %g {eps = 1.0e-5} : tensor<2x4x8xf32>, tensor<7xf32>
  return
}

// -----

// rms_norm_c2
func.func @no_eps(%x: tensor<2x4x8xf32>, %g: tensor<8xf32>) {
  // expected-error @below {{expects eps > 0, but got 0}}
  %y = nn.rms_norm %x, %g {eps = 0.0} : tensor<2x4x8xf32>, tensor<8xf32>
  return
}

// -----

// rms_norm_c3
nn.model @model {
  nn.func private @no_gain(%x: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> {
    // expected-error @below {{expects a gain outside a kernel}}
    %y = nn.rms_norm %x {eps = 1.0e-5} : tensor<2x4x8xf32>
    nn.return %y : tensor<2x4x8xf32>
  }
}

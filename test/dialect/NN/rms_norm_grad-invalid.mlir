// RUN: anec-opt %s -split-input-file -verify-diagnostics

// rms_norm_grad_c1
nn.model @model {
  nn.func private @no_gain(%x: tensor<2x4x8xf32>, %dy: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> {
    // expected-error @below {{expects a gain outside a kernel}}
    %dx = nn.rms_norm_grad %x, %dy {eps = 1.0e-5} : tensor<2x4x8xf32>
    nn.return %dx : tensor<2x4x8xf32>
  }
}

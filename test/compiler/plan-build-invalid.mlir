// RUN: anec-opt %s -split-input-file -plan-build -verify-diagnostics

nn.model @no_role {
  // expected-error @below {{expects every argument to have nn.role "tokens", "targets" or "data", but argument 0 has none}}
  nn.func @eval_loss(%x: tensor<2x4x8xf32>) -> tensor<f32> {
    %l = nn.mse %x, %x : tensor<2x4x8xf32>, tensor<2x4x8xf32>
    nn.return %l : tensor<f32>
  }
}

// -----

nn.model @no_host_form {
  nn.func @eval_loss(%x: tensor<2x4x8xf32> {nn.role = "data"}) -> tensor<f32> {
    // expected-error @below {{'nn.permute_features' op has no host form}}
    %p = nn.permute_features %x {order = array<i64: 1, 0, 2, 3, 4, 5, 6, 7>} : tensor<2x4x8xf32>
    %l = nn.mse %p, %x : tensor<2x4x8xf32>, tensor<2x4x8xf32>
    nn.return %l : tensor<f32>
  }
}

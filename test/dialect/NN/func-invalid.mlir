// RUN: anec-opt %s -split-input-file -verify-diagnostics

// func_c1
nn.model @no_return {
  // expected-error @below {{expects a body that ends with nn.return}}
  nn.func private @block(%x: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> {
    %y = nn.silu %x : tensor<2x4x8xf32>
  }
}

// -----

// func_c2
nn.model @unknown_role {
  // expected-error @below {{expects nn.role of argument 0 to be "tokens", "targets" or "data", but got "words"}}
  nn.func @loss(%x: tensor<2x4x8xf32> {nn.role = "words"}) -> tensor<2x4x8xf32> {
    nn.return %x : tensor<2x4x8xf32>
  }
}

// -----

nn.model @other_result {
  nn.func private @block(%x: tensor<2x4x8xf32>) -> tensor<2x4x9xf32> {
    // expected-error @below {{expects values of types ('tensor<2x4x9xf32>'), but got ('tensor<2x4x8xf32>')}}
    nn.return %x : tensor<2x4x8xf32>
  }
}

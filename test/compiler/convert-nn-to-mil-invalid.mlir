// RUN: anec-opt %s -split-input-file -verify-diagnostics -pass-pipeline='builtin.module(nn.model(convert-nn-to-mil))'

nn.model @m {
  // expected-error @below {{expects result 0 of a kernel to be an activation, a matrix or a vector, but got 'tensor<1x2x4x4xf32>'}}
  nn.func private @scores_leave(%q: tensor<1x4x8xf32>) -> tensor<1x2x4x4xf32> attributes {kernel} {
    %s = nn.head_scores %q, %q, heads = 2, kv_heads = 2 : tensor<1x4x8xf32>, tensor<1x4x8xf32>
    nn.return %s : tensor<1x2x4x4xf32>
  }
}

// -----

nn.model @m {
  nn.func private @not_a_device_op(%x: tensor<1x16x8xf32>, %t: tensor<1x16x8xf32>) -> tensor<1x16x8xf32> attributes {kernel} {
    // expected-error @below {{has no device form; it cannot stand in a kernel}}
    %l = nn.exp %x : tensor<1x16x8xf32>
    nn.return %x : tensor<1x16x8xf32>
  }
}

// -----

nn.model @m {
  // expected-error @below {{expects input 0 of a kernel to be an activation, a matrix or a vector, but got 'tensor<1x2x4x4xf32>'}}
  nn.func private @scores_cross(%s: tensor<1x2x4x4xf32>, %x: tensor<1x4x8xf32>) -> tensor<1x4x8xf32> attributes {kernel} {
    nn.return %x : tensor<1x4x8xf32>
  }
}

// -----

nn.model @m {
  nn.func private @heads_not_grouped(%q: tensor<1x4x8xf32>, %k: tensor<1x4x4xf32>) -> tensor<1x4x8xf32> attributes {kernel} {
    // expected-error @below {{expects grouped head order for 4 heads over 2 key/value heads}}
    // expected-error @below {{failed to legalize operation 'nn.head_scores'}}
    %s = nn.head_scores %q, %k, heads = 4, kv_heads = 2 : tensor<1x4x8xf32>, tensor<1x4x4xf32>
    nn.return %q : tensor<1x4x8xf32>
  }
}

// -----

nn.model @m {
  nn.func private @positions(%x: tensor<2x4x8xf32>, %p: tensor<4x8xf32> {nn.parameter = @p}) -> tensor<2x4x8xf32> attributes {kernel} {
    // expected-error @below {{has no device form for operands of rank 3 and 2}}
    // expected-error @below {{failed to legalize operation 'nn.add'}}
    %y = nn.add %x, %p : tensor<2x4x8xf32>, tensor<4x8xf32>
    nn.return %y : tensor<2x4x8xf32>
  }
}

// -----

nn.model @m {
  nn.func private @factor(%x: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> attributes {kernel} {
    // expected-error @below {{expects a factor that fp16 can hold, but got 1.000000e+05}}
    // expected-error @below {{failed to legalize operation 'nn.scale'}}
    %y = nn.scale %x {factor = 1.0e+5} : tensor<2x4x8xf32>
    nn.return %y : tensor<2x4x8xf32>
  }
}

// RUN: anec-opt %s -split-input-file -nn-autodiff -verify-diagnostics

nn.model @no_rule {
  nn.parameter @w : tensor<8x8xf32> {count = 1 : i64, init = #nn.init<ones>, trainable = true}
  nn.func @loss(%x: tensor<2x4x8xf32> {nn.role = "data"}) -> tensor<f32> {
    %w = nn.get @w : tensor<8x8xf32>
    %y = nn.linear %x, %w : tensor<2x4x8xf32>, tensor<8x8xf32>
    // expected-error @below {{'nn.softmax_grad' op has no gradient rule, but a trainable parameter is below it}}
    %z = nn.softmax_grad %y, %y : tensor<2x4x8xf32>
    %l = nn.mse %z, %x : tensor<2x4x8xf32>, tensor<2x4x8xf32>
    nn.return %l : tensor<f32>
  }
}

// -----

nn.model @broadcast {
  nn.parameter @w : tensor<4x8xf32> {count = 1 : i64, init = #nn.init<ones>, trainable = true}
  nn.func @loss(%x: tensor<2x4x8xf32> {nn.role = "data"}) -> tensor<f32> {
    %w = nn.get @w : tensor<4x8xf32>
    // expected-error @below {{has no gradient rule for a broadcast of 'tensor<4x8xf32>' to 'tensor<2x4x8xf32>'}}
    %y = nn.add %x, %w : tensor<2x4x8xf32>, tensor<4x8xf32>
    %l = nn.mse %y, %x : tensor<2x4x8xf32>, tensor<2x4x8xf32>
    nn.return %l : tensor<f32>
  }
}

// -----

nn.model @nothing_trains {
  // expected-error @below {{expects the loss to depend on a trainable parameter}}
  nn.func @loss(%x: tensor<2x4x8xf32> {nn.role = "data"}) -> tensor<f32> {
    %l = nn.mse %x, %x : tensor<2x4x8xf32>, tensor<2x4x8xf32>
    nn.return %l : tensor<f32>
  }
}

// -----

nn.model @not_a_loss {
  // expected-error @below {{expects the public function to return the loss, tensor<f32>, but got ('tensor<2x4x8xf32>')}}
  nn.func @loss(%x: tensor<2x4x8xf32> {nn.role = "data"}) -> tensor<2x4x8xf32> {
    nn.return %x : tensor<2x4x8xf32>
  }
}

// -----

nn.model @two_losses {
  nn.func @a(%x: tensor<2x4x8xf32> {nn.role = "data"}) -> tensor<f32> {
    %l = nn.mse %x, %x : tensor<2x4x8xf32>, tensor<2x4x8xf32>
    nn.return %l : tensor<f32>
  }
  // expected-error @below {{expects one public function, the loss, but 'a' is public as well}}
  nn.func @b(%x: tensor<2x4x8xf32> {nn.role = "data"}) -> tensor<f32> {
    %l = nn.mse %x, %x : tensor<2x4x8xf32>, tensor<2x4x8xf32>
    nn.return %l : tensor<f32>
  }
}

// -----

// expected-error @below {{expects a public function that returns the loss}}
nn.model @no_loss {
  nn.func private @a(%x: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> {
    nn.return %x : tensor<2x4x8xf32>
  }
}

// -----

nn.model @lost_carry {
  nn.parameter @"l.*.w" : tensor<8x8xf32> {count = 2 : i64, init = #nn.init<ones>, trainable = true}
  // expected-error @below {{expects every carry to reach the results, but argument 0 does not}}
  nn.func private @layer(%x: tensor<2x4x8xf32>, %w: tensor<8x8xf32>) -> tensor<2x4x8xf32> {
    %s = nn.stop_gradient %x : tensor<2x4x8xf32>
    %y = nn.linear %s, %w : tensor<2x4x8xf32>, tensor<8x8xf32>
    nn.return %y : tensor<2x4x8xf32>
  }
  nn.func @loss(%x: tensor<2x4x8xf32> {nn.role = "data"}) -> tensor<f32> {
    %w = nn.get @"l.*.w" : !nn.stack<2 x tensor<8x8xf32>>
    %y = nn.scan @layer, 2 carry(%x) each(%w) : (tensor<2x4x8xf32>, !nn.stack<2 x tensor<8x8xf32>>) -> tensor<2x4x8xf32>
    %l = nn.mse %y, %x : tensor<2x4x8xf32>, tensor<2x4x8xf32>
    nn.return %l : tensor<f32>
  }
}

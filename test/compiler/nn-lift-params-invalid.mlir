// RUN: anec-opt %s -split-input-file -nn-lift-params -verify-diagnostics

nn.model @two_shapes {
  nn.func @loss(%x: tensor<2x4x8xf32> {nn.role = "data"}) -> tensor<f32> {
    // expected-note @below {{declared here}}
    %a = nn.param "w" init(ones) : tensor<8x8xf32>
    // expected-error @below {{expects 'w' to have the type tensor<8x8xf32>, but got tensor<9x8xf32>}}
    %b = nn.param "w" : tensor<9x8xf32>
    %l = nn.mse %x, %x : tensor<2x4x8xf32>, tensor<2x4x8xf32>
    nn.return %l : tensor<f32>
  }
}

// -----

nn.model @two_initialisers {
  nn.func @loss(%x: tensor<2x4x8xf32> {nn.role = "data"}) -> tensor<f32> {
    // expected-note @below {{declared here}}
    %a = nn.param "w" init(ones) : tensor<8x8xf32>
    // expected-error @below {{expects 'w' to have the initialiser #nn.init<ones>, but got #nn.init<zeros>}}
    %b = nn.param "w" init(zeros) : tensor<8x8xf32>
    %l = nn.mse %x, %x : tensor<2x4x8xf32>, tensor<2x4x8xf32>
    nn.return %l : tensor<f32>
  }
}

// -----

nn.model @no_initialiser {
  nn.func @loss(%x: tensor<2x4x8xf32> {nn.role = "data"}) -> tensor<f32> {
    // expected-error @below {{expects an initialiser where 'w' is declared, such as init(normal, 0.02)}}
    %a = nn.param "w" : tensor<8x8xf32>
    %l = nn.mse %x, %x : tensor<2x4x8xf32>, tensor<2x4x8xf32>
    nn.return %l : tensor<f32>
  }
}

// -----

nn.model @cycle {
  nn.func private @a(%x: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> {
    // expected-error @below {{expects blocks without a cycle, but 'b' contains 'a'}}
    %y = nn.repeat @b, 2 (%x) {name = "b"} : tensor<2x4x8xf32>
    nn.return %y : tensor<2x4x8xf32>
  }
  nn.func private @b(%x: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> {
    %y = nn.repeat @a, 2 (%x) {name = "a"} : tensor<2x4x8xf32>
    nn.return %y : tensor<2x4x8xf32>
  }
  nn.func @loss(%x: tensor<2x4x8xf32> {nn.role = "data"}) -> tensor<f32> {
    %y = nn.repeat @a, 2 (%x) {name = "layers"} : tensor<2x4x8xf32>
    %l = nn.mse %y, %x : tensor<2x4x8xf32>, tensor<2x4x8xf32>
    nn.return %l : tensor<f32>
  }
}

// -----

nn.model @nested {
  nn.func private @inner(%x: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> {
    nn.return %x : tensor<2x4x8xf32>
  }
  nn.func private @outer(%x: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> {
    // expected-error @below {{expects a repeat in the public function only; nested repeats are not supported}}
    %y = nn.repeat @inner, 2 (%x) {name = "inner"} : tensor<2x4x8xf32>
    nn.return %y : tensor<2x4x8xf32>
  }
}

// -----

nn.model @clash {
  nn.func private @layer(%x: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> {
    // expected-note @below {{declared here}}
    // expected-error @below {{declares 'layers.*.w', which another block declares}}
    %w = nn.param "w" init(ones) : tensor<8x8xf32>
    nn.return %x : tensor<2x4x8xf32>
  }
  nn.func @loss(%x: tensor<2x4x8xf32> {nn.role = "data"}) -> tensor<f32> {
    %y = nn.repeat @layer, 2 (%x) {name = "layers"} : tensor<2x4x8xf32>
    %z = nn.repeat @layer, 2 (%y) {name = "layers"} : tensor<2x4x8xf32>
    %l = nn.mse %z, %x : tensor<2x4x8xf32>, tensor<2x4x8xf32>
    nn.return %l : tensor<f32>
  }
}

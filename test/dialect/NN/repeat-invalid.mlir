// RUN: anec-opt %s -split-input-file -verify-diagnostics

// repeat_c1
nn.model @missing_block {
  nn.func @top(%x: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> {
    // expected-error @below {{expects a block named 'layer' in the model}}
    %y = nn.repeat @layer, 3 (%x) {name = "layers"} : tensor<2x4x8xf32>
    nn.return %y : tensor<2x4x8xf32>
  }
}

// -----

// repeat_c1
nn.model @other_arguments {
  nn.func private @layer(%x: tensor<2x4x9xf32>) -> tensor<2x4x9xf32> {
    nn.return %x : tensor<2x4x9xf32>
  }
  nn.func @top(%x: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> {
    // expected-error @below {{expects the block's arguments ('tensor<2x4x9xf32>'), but got ('tensor<2x4x8xf32>')}}
    %y = nn.repeat @layer, 3 (%x) {name = "layers"} : tensor<2x4x8xf32>
    nn.return %y : tensor<2x4x8xf32>
  }
}

// -----

// repeat_c2
nn.model @no_iteration {
  nn.func private @layer(%x: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> {
    nn.return %x : tensor<2x4x8xf32>
  }
  nn.func @top(%x: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> {
    // expected-error @below {{expects a count > 0, but got 0}}
    %y = nn.repeat @layer, 0 (%x) {name = "layers"} : tensor<2x4x8xf32>
    nn.return %y : tensor<2x4x8xf32>
  }
}

// -----

nn.model @unknown_initialiser {
  nn.func @top(%x: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> {
    // expected-error @below {{expects zeros, ones or normal, but got 'uniform'}}
    %w = nn.param "w" init(uniform, 1.0) : tensor<8x8xf32>
    nn.return %x : tensor<2x4x8xf32>
  }
}

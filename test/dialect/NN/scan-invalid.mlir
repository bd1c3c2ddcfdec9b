// RUN: anec-opt %s -split-input-file -verify-diagnostics

// get_c1
nn.model @not_a_stack {
  nn.parameter @"layers.*.w" : tensor<8x8xf32> {count = 2 : i64, init = #nn.init<zeros>, trainable = true}
  nn.func @top() {
    // expected-error @below {{expects a value of type ('!nn.stack<2 x tensor<8x8xf32>>'), but got ('tensor<8x8xf32>')}}
    %w = nn.get @"layers.*.w" : tensor<8x8xf32>
    nn.return
  }
}

// -----

// get_c1
nn.model @no_parameter {
  nn.func @top() {
    // expected-error @below {{expects a parameter named 'w'}}
    %w = nn.get @w : tensor<8x8xf32>
    nn.return
  }
}

// -----

// parameter_c1
nn.model @no_tensor {
  // expected-error @below {{expects a tensor of static shape, but got 'i32'}}
  nn.parameter @w : i32 {count = 1 : i64, init = #nn.init<zeros>, trainable = true}
}

// -----

// parameter_c1
nn.model @open_shape {
  // expected-error @below {{expects a tensor of static shape, but got 'tensor<?x8xf32>'}}
  nn.parameter @w : tensor<?x8xf32> {count = 1 : i64, init = #nn.init<zeros>, trainable = true}
}

// -----

// parameter_c2
nn.model @no_block {
  // expected-error @below {{expects a count > 0, but got 0}}
  nn.parameter @"layers.*.w" : tensor<8x8xf32> {count = 0 : i64, init = #nn.init<zeros>, trainable = true}
  nn.func @top() {
    %w = nn.get @"layers.*.w" : tensor<8x8xf32>
    nn.return
  }
}

// -----

// scan_c1
nn.model @elements {
  nn.func private @layer(%x: tensor<2x4x8xf32>, %w: tensor<8x9xf32>) -> tensor<2x4x8xf32> {
    nn.return %x : tensor<2x4x8xf32>
  }
  nn.func @top(%x: tensor<2x4x8xf32>, %w: !nn.stack<2 x tensor<8x8xf32>>) -> tensor<2x4x8xf32> {
    // expected-error @below {{expects the block's arguments ('tensor<2x4x8xf32>', 'tensor<8x9xf32>')}}
    %y = nn.scan @layer, 2 carry(%x) each(%w) : (tensor<2x4x8xf32>, !nn.stack<2 x tensor<8x8xf32>>) -> tensor<2x4x8xf32>
    nn.return %y : tensor<2x4x8xf32>
  }
}

// -----

// scan_c2
nn.model @stacks {
  nn.func private @layer(%x: tensor<2x4x8xf32>) -> (tensor<2x4x8xf32>, tensor<2x4x8xf32>) {
    nn.return %x, %x : tensor<2x4x8xf32>, tensor<2x4x8xf32>
  }
  nn.func @top(%x: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> {
    // expected-error @below {{expects results ('tensor<2x4x8xf32>', '!nn.stack<2 x tensor<2x4x8xf32>>'), but got ('tensor<2x4x8xf32>')}}
    %y = nn.scan @layer, 2 carry(%x) each() : (tensor<2x4x8xf32>) -> tensor<2x4x8xf32>
    nn.return %y : tensor<2x4x8xf32>
  }
}

// -----

nn.model @stack_of_nothing {
  // expected-error @below {{expects a stack of at least one tensor, but got 0}}
  nn.func @top(%w: !nn.stack<0 x tensor<8x8xf32>>) {
    nn.return
  }
}

// -----

// dispatch_c1
nn.model @kernel_arguments {
  nn.func private @kernel(%x: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> attributes {kernel} {
    nn.return %x : tensor<2x4x8xf32>
  }
  nn.func @top(%x: tensor<2x4x9xf32>) {
    // expected-error @below {{expects the kernel's arguments ('tensor<2x4x8xf32>'), but got ('tensor<2x4x9xf32>')}}
    %y = nn.dispatch @kernel(%x) : (tensor<2x4x9xf32>) -> tensor<2x4x8xf32>
    nn.return
  }
}

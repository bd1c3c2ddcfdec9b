// RUN: anec-opt %s -split-input-file -verify-diagnostics

// program_c1
// expected-error @below {{expects one op in its body, a mil.func @main}}
mil.program @no_main {
  mil.func @other(%x: tensor<4xf16>) -> tensor<4xf16> {
    mil.return %x : tensor<4xf16>
  }
}

// -----

mil.program @not_a_tensor {
  // func_c1
  // expected-error @below {{expects tensors as inputs and results, but got 'f16'}}
  mil.func @main(%x: f16) {
    mil.return
  }
}

// -----

mil.program @no_body {
  // func_c2
  // expected-error @below {{expects a body}}
  mil.func @main(tensor<4xf16>) -> tensor<4xf16>
}

// -----

mil.program @wrong_result {
  mil.func @main(%x: tensor<4xf16>) -> tensor<8xf16> {
    // return_c1
    // expected-error @below {{expects the function's results, of types ('tensor<8xf16>'), but got ('tensor<4xf16>')}}
    mil.return %x : tensor<4xf16>
  }
}

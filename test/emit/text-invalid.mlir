// RUN: anec-translate %s --ir-to-mil -split-input-file -verify-diagnostics

mil.program @returns_an_input {
  mil.func @main(%x: tensor<4xf16>) -> tensor<4xf16> {
    // expected-error @below {{expects output 0 to be the result of an operator and returned once}}
    mil.return %x : tensor<4xf16>
  }
}

// -----

mil.program @returned_twice {
  mil.func @main(%x: tensor<4xf16>) -> (tensor<4xf16>, tensor<4xf16>) {
    %y = mil.abs %x : tensor<4xf16>
    // expected-error @below {{expects output 1 to be the result of an operator and returned once}}
    mil.return %y, %y : tensor<4xf16>, tensor<4xf16>
  }
}

// -----

mil.program @returns_a_constant {
  mil.func @main(%x: tensor<4xf16>) -> tensor<f16> {
    %y = mil.const dense<1.0> : tensor<f16>
    // expected-error @below {{expects output 0 to be the result of an operator and returned once}}
    mil.return %y : tensor<f16>
  }
}

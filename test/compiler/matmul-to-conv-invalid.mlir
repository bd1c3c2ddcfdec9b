// RUN: anec-opt %s -split-input-file -verify-diagnostics -pass-pipeline='builtin.module(mil.program(matmul-to-conv))'

mil.program @right_operand {
  mil.func @main(%x: tensor<1x1x32x8xf16>, %w: tensor<1x1x8x16xf16> {nn.parameter = @w, nn.weights = "baked"})
      -> tensor<1x1x32x16xf16> {
    // expected-error @below {{cannot use @w baked: expects a product from the left with [1, 1, I, T]; pack the parameter instead}}
    %y = mil.matmul %x, %w, transpose_x = false, transpose_y = false
      : tensor<1x1x32x8xf16>, tensor<1x1x8x16xf16>
    mil.return %y : tensor<1x1x32x16xf16>
  }
}

// -----

mil.program @no_parameter {
  // expected-error @below {{expects nn.parameter on baked argument 1}}
  mil.func @main(%x: tensor<1x8x1x32xf16>, %g: tensor<1x8x1x1xf16> {nn.weights = "baked"})
      -> tensor<1x8x1x32xf16> {
    %y = mil.mul %x, %g : tensor<1x8x1x32xf16>, tensor<1x8x1x1xf16>
    mil.return %y : tensor<1x8x1x32xf16>
  }
}

// -----

// expected-error @below {{would bake arguments 1 : i64 and 2 : i64 into one file, "@model_path/weights/a_b.bin"}}
mil.program @one_file {
  mil.func @main(%x: tensor<1x8x1x32xf16>, %g: tensor<1x8x1x1xf16> {nn.parameter = @a.b, nn.weights = "baked"},
                 %h: tensor<1x8x1x1xf16> {nn.parameter = @a_b, nn.weights = "baked"})
      -> tensor<1x8x1x32xf16> {
    %y = mil.mul %x, %g : tensor<1x8x1x32xf16>, tensor<1x8x1x1xf16>
    %z = mil.mul %y, %h : tensor<1x8x1x32xf16>, tensor<1x8x1x1xf16>
    mil.return %z : tensor<1x8x1x32xf16>
  }
}

// RUN: anec-opt %s -pass-pipeline='builtin.module(mil.program(mil-canonicalize))' | FileCheck %s

// CHECK-LABEL: mil.program @reshape_of_reshape
// CHECK:         mil.func @main(%[[X:.*]]: tensor
// CHECK-NEXT:      %[[B:.*]] = mil.reshape %[[X]], shape = [1, 2, 4, 32] : tensor<1x8x1x32xf16>
// CHECK-NEXT:      mil.return %[[B]]
mil.program @reshape_of_reshape {
  mil.func @main(%x: tensor<1x8x1x32xf16>) -> tensor<1x2x4x32xf16> {
    %a = mil.reshape %x, shape = [1, 1, 8, 32] : tensor<1x8x1x32xf16>
    %b = mil.reshape %a, shape = [1, 2, 4, 32] : tensor<1x1x8x32xf16>
    mil.return %b : tensor<1x2x4x32xf16>
  }
}

// CHECK-LABEL: mil.program @nothing_changes
// CHECK:         mil.func @main(%[[X:.*]]: tensor
// CHECK-NEXT:      mil.return %[[X]]
mil.program @nothing_changes {
  mil.func @main(%x: tensor<1x8x1x32xf16>) -> tensor<1x8x1x32xf16> {
    %a = mil.reshape %x, shape = [1, 1, 8, 32] : tensor<1x8x1x32xf16>
    %b = mil.reshape %a, shape = [1, 8, 1, 32] : tensor<1x1x8x32xf16>
    %c = mil.slice_by_size %b, begin = [0, 0, 0, 0], size = [1, 8, 1, 32] : tensor<1x8x1x32xf16>
    %d = mil.transpose %c, perm = [0, 3, 2, 1] : tensor<1x8x1x32xf16>
    %e = mil.transpose %d, perm = [0, 3, 2, 1] : tensor<1x32x1x8xf16>
    %f = mil.cast %e, dtype = "fp16" : tensor<1x8x1x32xf16>
    %g = mil.cast %f, dtype = "fp32" : tensor<1x8x1x32xf16>
    %h = mil.cast %g, dtype = "fp16" : tensor<1x8x1x32xf32>
    %i = mil.concat (%h), axis = 1, interleave = false : tensor<1x8x1x32xf16>
    %one = mil.const dense<1.0> : tensor<f16>
    %j = mil.mul %i, %one : tensor<1x8x1x32xf16>, tensor<f16>
    mil.return %j : tensor<1x8x1x32xf16>
  }
}

// fp32 -> fp16 -> fp32 rounds and stays.
// CHECK-LABEL: mil.program @rounding_cast_pair
// CHECK:         mil.cast %{{.*}}, dtype = "fp16"
// CHECK:         mil.cast %{{.*}}, dtype = "fp32"
mil.program @rounding_cast_pair {
  mil.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
    %a = mil.cast %x, dtype = "fp16" : tensor<4xf32>
    %b = mil.cast %a, dtype = "fp32" : tensor<4xf16>
    mil.return %b : tensor<4xf32>
  }
}

// CHECK-LABEL: mil.program @slice_of_slice
// CHECK:         mil.func @main(%[[X:.*]]: tensor
// CHECK-NEXT:      mil.slice_by_size %[[X]], begin = [0, 6, 0, 8], size = [1, 2, 1, 8] : tensor<1x16x1x32xf16>
mil.program @slice_of_slice {
  mil.func @main(%x: tensor<1x16x1x32xf16>) -> tensor<1x2x1x8xf16> {
    %a = mil.slice_by_size %x, begin = [0, 4, 0, 8], size = [1, 8, 1, 8] : tensor<1x16x1x32xf16>
    %b = mil.slice_by_size %a, begin = [0, 2, 0, 0], size = [1, 2, 1, 8] : tensor<1x8x1x8xf16>
    mil.return %b : tensor<1x2x1x8xf16>
  }
}

// A slice inside one value of a concat reads that value; one across does not.
// CHECK-LABEL: mil.program @slice_of_concat
// CHECK:         mil.func @main(%[[X:.*]]: tensor<1x8x1x32xf16>, %[[Y:.*]]: tensor<1x8x1x32xf16>)
// CHECK-NEXT:      %[[C:.*]] = mil.concat(%[[X]], %[[Y]])
// CHECK-NEXT:      %[[B:.*]] = mil.slice_by_size %[[Y]], begin = [0, 4, 0, 0], size = [1, 4, 1, 32]
// CHECK-NEXT:      %[[ACROSS:.*]] = mil.slice_by_size %[[C]], begin = [0, 4, 0, 0], size = [1, 8, 1, 32]
// CHECK-NEXT:      mil.return %[[Y]], %[[B]], %[[ACROSS]]
mil.program @slice_of_concat {
  mil.func @main(%x: tensor<1x8x1x32xf16>, %y: tensor<1x8x1x32xf16>)
      -> (tensor<1x8x1x32xf16>, tensor<1x4x1x32xf16>, tensor<1x8x1x32xf16>) {
    %c = mil.concat (%x, %y), axis = 1, interleave = false : tensor<1x8x1x32xf16>, tensor<1x8x1x32xf16>
    %a = mil.slice_by_size %c, begin = [0, 8, 0, 0], size = [1, 8, 1, 32] : tensor<1x16x1x32xf16>
    %b = mil.slice_by_size %c, begin = [0, 12, 0, 0], size = [1, 4, 1, 32] : tensor<1x16x1x32xf16>
    %across = mil.slice_by_size %c, begin = [0, 4, 0, 0], size = [1, 8, 1, 32] : tensor<1x16x1x32xf16>
    mil.return %a, %b, %across : tensor<1x8x1x32xf16>, tensor<1x4x1x32xf16>, tensor<1x8x1x32xf16>
  }
}

// CHECK-LABEL: mil.program @repeated_and_dead
// CHECK:         mil.func @main(%[[X:.*]]: tensor
// CHECK-NEXT:      %[[S:.*]] = mil.sigmoid %[[X]]
// CHECK-NEXT:      %[[Y:.*]] = mil.add %[[S]], %[[S]]
// CHECK-NEXT:      mil.return %[[Y]]
mil.program @repeated_and_dead {
  mil.func @main(%x: tensor<1x8x1x32xf16>) -> tensor<1x8x1x32xf16> {
    %a = mil.sigmoid %x : tensor<1x8x1x32xf16>
    %dead = mil.tanh %a : tensor<1x8x1x32xf16>
    %b = mil.sigmoid %x : tensor<1x8x1x32xf16>
    %y = mil.add %a, %b : tensor<1x8x1x32xf16>, tensor<1x8x1x32xf16>
    mil.return %y : tensor<1x8x1x32xf16>
  }
}

// CHECK-LABEL: mil.program @scaled_between_reshapes
// CHECK:         %[[M:.*]] = mil.mul %{{.*}}, %{{.*}} : tensor<1x1x8x32xf16>
// CHECK-NEXT:      %[[Y:.*]] = mil.reshape %[[M]], shape = [1, 2, 4, 32]
// CHECK-NEXT:      mil.return %[[Y]]
mil.program @scaled_between_reshapes {
  mil.func @main(%x: tensor<1x1x8x32xf16>) -> tensor<1x2x4x32xf16> {
    %half = mil.const dense<0.5> : tensor<f16>
    %c = mil.reshape %x, shape = [1, 8, 1, 32] : tensor<1x1x8x32xf16>
    %m = mil.mul %c, %half : tensor<1x8x1x32xf16>, tensor<f16>
    %y = mil.reshape %m, shape = [1, 2, 4, 32] : tensor<1x8x1x32xf16>
    mil.return %y : tensor<1x2x4x32xf16>
  }
}

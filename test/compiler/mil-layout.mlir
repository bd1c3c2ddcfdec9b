// RUN: anec-opt %s -pass-pipeline='builtin.module(mil.program(mil-layout))' | FileCheck %s

// Between two products nothing has to be channels.
// CHECK-LABEL: mil.program @between_products
// CHECK:         %[[M:.*]] = mil.matmul
// CHECK-NEXT:    %[[S:.*]] = mil.sigmoid %[[M]] : tensor<1x1x8x32xf16>
// CHECK-NEXT:    %[[P:.*]] = mil.mul %[[M]], %[[S]]
// CHECK-NEXT:    mil.matmul %{{.*}}, %[[P]]
mil.program @between_products {
  mil.func @main(%w: tensor<1x1x8x8xf16>, %a: tensor<1x1x8x32xf16>) -> tensor<1x1x8x32xf16> {
    %m = mil.matmul %w, %a, transpose_x = false, transpose_y = false : tensor<1x1x8x8xf16>, tensor<1x1x8x32xf16>
    %c = mil.reshape %m, shape = [1, 8, 1, 32] : tensor<1x1x8x32xf16>
    %s = mil.sigmoid %c : tensor<1x8x1x32xf16>
    %p = mil.mul %c, %s : tensor<1x8x1x32xf16>, tensor<1x8x1x32xf16>
    %q = mil.reshape %p, shape = [1, 1, 8, 32] : tensor<1x8x1x32xf16>
    %n = mil.matmul %w, %q, transpose_x = false, transpose_y = false : tensor<1x1x8x8xf16>, tensor<1x1x8x32xf16>
    mil.return %n : tensor<1x1x8x32xf16>
  }
}

// Three weights are cut out of one matrix instead of reshaped one by one; what
// needs channels is cut out of the channels.
// CHECK-LABEL: mil.program @cut_weights
// CHECK:         mil.func @main(%[[IN:.*]]: tensor<1x8x1x96xf16>)
// CHECK-DAG:     %[[R:.*]] = mil.reshape %[[IN]], shape = [1, 1, 8, 96]
// CHECK-DAG:     mil.slice_by_size %[[R]], begin = [0, 0, 0, 8], size = [1, 1, 8, 8]
// CHECK-DAG:     mil.slice_by_size %[[R]], begin = [0, 0, 0, 16], size = [1, 1, 8, 8]
// CHECK-DAG:     mil.slice_by_size %[[IN]], begin = [0, 0, 0, 32], size = [1, 8, 1, 32]
// CHECK:         mil.reduce_sum %{{.*}}, axes = [1]
mil.program @cut_weights {
  mil.func @main(%in: tensor<1x8x1x96xf16>) -> (tensor<1x1x8x8xf16>, tensor<1x1x1x32xf16>) {
    %a = mil.slice_by_size %in, begin = [0, 0, 0, 0], size = [1, 8, 1, 8] : tensor<1x8x1x96xf16>
    %b = mil.slice_by_size %in, begin = [0, 0, 0, 8], size = [1, 8, 1, 8] : tensor<1x8x1x96xf16>
    %c = mil.slice_by_size %in, begin = [0, 0, 0, 16], size = [1, 8, 1, 8] : tensor<1x8x1x96xf16>
    %x = mil.slice_by_size %in, begin = [0, 0, 0, 32], size = [1, 8, 1, 32] : tensor<1x8x1x96xf16>
    %am = mil.reshape %a, shape = [1, 1, 8, 8] : tensor<1x8x1x8xf16>
    %bm = mil.reshape %b, shape = [1, 1, 8, 8] : tensor<1x8x1x8xf16>
    %cm = mil.reshape %c, shape = [1, 1, 8, 8] : tensor<1x8x1x8xf16>
    %m = mil.matmul %am, %bm, transpose_x = false, transpose_y = false : tensor<1x1x8x8xf16>, tensor<1x1x8x8xf16>
    %n = mil.matmul %m, %cm, transpose_x = false, transpose_y = false : tensor<1x1x8x8xf16>, tensor<1x1x8x8xf16>
    %s = mil.reduce_sum %x, axes = [1], keep_dims = true : tensor<1x8x1x32xf16>
    mil.return %n, %s : tensor<1x1x8x8xf16>, tensor<1x1x1x32xf16>
  }
}

// Results of products are joined as matrices and reshaped once.
// CHECK-LABEL: mil.program @join
// CHECK:         %[[A:.*]] = mil.matmul
// CHECK:         %[[B:.*]] = mil.matmul
// CHECK:         %[[C:.*]] = mil.concat(%[[A]], %[[B]], %[[A]]), axis = 2
// CHECK:         %[[OUT:.*]] = mil.reshape %[[C]], shape = [1, 24, 1, 32]
// CHECK:         mil.return %[[OUT]]
mil.program @join {
  mil.func @main(%w: tensor<1x1x8x8xf16>, %x: tensor<1x1x8x32xf16>) -> tensor<1x24x1x32xf16> {
    %a = mil.matmul %w, %x, transpose_x = false, transpose_y = false : tensor<1x1x8x8xf16>, tensor<1x1x8x32xf16>
    %b = mil.matmul %w, %a, transpose_x = false, transpose_y = false : tensor<1x1x8x8xf16>, tensor<1x1x8x32xf16>
    %ac = mil.reshape %a, shape = [1, 8, 1, 32] : tensor<1x1x8x32xf16>
    %bc = mil.reshape %b, shape = [1, 8, 1, 32] : tensor<1x1x8x32xf16>
    %c = mil.concat(%ac, %bc, %ac), axis = 1, interleave = false : tensor<1x8x1x32xf16>, tensor<1x8x1x32xf16>, tensor<1x8x1x32xf16>
    mil.return %c : tensor<1x24x1x32xf16>
  }
}

// A constant keeps its shape, and what meets it too.
// CHECK-LABEL: mil.program @constant
// CHECK:         mil.add %{{.*}} : tensor<1x8x1x32xf16>, tensor<1x8x1x1xf16>
mil.program @constant {
  mil.func @main(%w: tensor<1x1x8x8xf16>, %x: tensor<1x1x8x32xf16>) -> tensor<1x1x8x32xf16> {
    %a = mil.matmul %w, %x, transpose_x = false, transpose_y = false : tensor<1x1x8x8xf16>, tensor<1x1x8x32xf16>
    %c = mil.reshape %a, shape = [1, 8, 1, 32] : tensor<1x1x8x32xf16>
    %g = mil.const dense<1.0> : tensor<1x8x1x1xf16>
    %s = mil.add %c, %g : tensor<1x8x1x32xf16>, tensor<1x8x1x1xf16>
    %y = mil.reshape %s, shape = [1, 1, 8, 32] : tensor<1x8x1x32xf16>
    mil.return %y : tensor<1x1x8x32xf16>
  }
}

// RUN: anec-opt %s -pass-pipeline='builtin.module(mil.program(pack-weights{target=m4},mil-canonicalize))' | FileCheck %s

// Activations, then the packed weights in the order of their names, then each
// weight that is an input of its own. Nothing is cut out of what is alone, and
// no result waits for another.
// CHECK-LABEL: mil.program @several attributes {
// CHECK-SAME:    surfaces_in = [{channels = 64 : i64, regions = [{arg = 1 : i64, {{[^]]*}}rows = 64 : i64, transposed = false}], width = 512 : i64},
// CHECK-SAME:    {channels = 64 : i64, regions = [{arg = 3 : i64, {{[^]]*}}name = "a", {{[^]]*}}name = "b", {{[^]]*}}], width = 384 : i64},
// CHECK-SAME:    {channels = 64 : i64, regions = [{arg = 0 : i64, {{[^]]*}}name = "own", {{[^]]*}}], width = 512 : i64}]
// CHECK-SAME:    surfaces_out = [{channels = 512 : i64, {{[^]]*}}result = 0 : i64, {{[^]]*}}], width = 512 : i64}, {channels = 64 : i64, {{[^]]*}}result = 1 : i64
// CHECK:         mil.func @main(%[[X:.*]]: tensor<1x64x1x512xf16>, %[[PACKED:.*]]: tensor<1x64x1x384xf16>, %[[OWN:.*]]: tensor<1x64x1x512xf16>)
// CHECK-NOT:     mil.slice_by_size %[[X]]
// CHECK-DAG:     %[[W:.*]] = mil.reshape %[[OWN]], shape = [1, 1, 64, 512]
// CHECK-DAG:     mil.matmul %[[W]], %{{.*}}, transpose_x = true
// CHECK-DAG:     mil.slice_by_size %[[PACKED]]
// CHECK-NOT:     mil.concat
// CHECK:         mil.return %{{.*}}, %{{.*}} : tensor<1x512x1x512xf16>, tensor<1x64x1x512xf16>
mil.program @several {
  mil.func @main(%own: tensor<1x1x512x64xf16> {nn.parameter = @own, nn.weights = "param"},
                 %x: tensor<1x64x1x512xf16>,
                 %b: tensor<1x64x1x1xf16> {nn.parameter = @b, nn.weights = "packed"},
                 %a: tensor<1x1x64x64xf16> {nn.parameter = @a, nn.weights = "packed"})
      -> (tensor<1x512x1x512xf16>, tensor<1x64x1x512xf16>) {
    %g = mil.mul %x, %b : tensor<1x64x1x512xf16>, tensor<1x64x1x1xf16>
    %c = mil.reshape %g, shape = [1, 1, 64, 512] : tensor<1x64x1x512xf16>
    %m = mil.matmul %a, %c, transpose_x = false, transpose_y = false
      : tensor<1x1x64x64xf16>, tensor<1x1x64x512xf16>
    %n = mil.matmul %own, %m, transpose_x = false, transpose_y = false
      : tensor<1x1x512x64xf16>, tensor<1x1x64x512xf16>
    %y = mil.reshape %n, shape = [1, 512, 1, 512] : tensor<1x1x512x512xf16>
    mil.return %y, %g : tensor<1x512x1x512xf16>, tensor<1x64x1x512xf16>
  }
}

// An output is the result of an operator, and no other output.
// CHECK-LABEL: mil.program @passed_through
// CHECK:         mil.func @main(%[[IN:.*]]: tensor<1x64x1x512xf16>)
// CHECK-DAG:     %[[A:.*]] = mil.add %[[IN]],
// CHECK-DAG:     %[[B:.*]] = mil.sigmoid %[[IN]]
// CHECK:         mil.return %[[A]], %[[B]]
mil.program @passed_through {
  mil.func @main(%x: tensor<1x64x1x512xf16>) -> (tensor<1x64x1x512xf16>, tensor<1x64x1x512xf16>) {
    %y = mil.sigmoid %x : tensor<1x64x1x512xf16>
    mil.return %x, %y : tensor<1x64x1x512xf16>, tensor<1x64x1x512xf16>
  }
}

// A row of 256 columns is 512 bytes: the 96 rows that a surface of 49,152 needs
// take a table of zeros and no joining. The value stays one row.
// CHECK-LABEL: mil.program @witness
// CHECK-SAME:    surfaces_out = [{channels = 96 : i64, regions = [{{.*}}rows = 1 : i64{{.*}}], width = 256 : i64}]
// CHECK:         %[[ROW:.*]] = mil.reduce_max
// CHECK:         %[[ZEROS:.*]] = mil.const {{.*}} : tensor<1x96x1x256xf16> in "weights/zeros_96x256.bin"
// CHECK:         %[[OUT:.*]] = mil.add %[[ZEROS]], %[[ROW]]
// CHECK-NOT:     mil.concat
// CHECK:         mil.return %[[OUT]]
mil.program @witness {
  mil.func @main(%x: tensor<1x128x1x256xf16>) -> tensor<1x1x1x256xf16> {
    %r = mil.reduce_max %x, axes = [1], keep_dims = true : tensor<1x128x1x256xf16>
    mil.return %r : tensor<1x1x1x256xf16>
  }
}

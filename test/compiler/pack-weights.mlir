// RUN: anec-opt %s -pass-pipeline='builtin.module(mil.program(pack-weights,mil-canonicalize))' | FileCheck %s

// An activation beside a weight of the same height; the output is repeated
// until it has the 49152 bytes that the target asks for.
// CHECK-LABEL: mil.program @side_by_side attributes {
// CHECK-SAME:    surfaces_in = [{channels = 32 : i64, regions = [
// CHECK-SAME:      {arg = 0 : i64, block_rows = 32 : i64, channel = 0 : i64, column = 0 : i64, columns = 32 : i64, kind = "activation", name = "arg0", rows = 32 : i64, transposed = false},
// CHECK-SAME:      {arg = 1 : i64, block_rows = 32 : i64, channel = 0 : i64, column = 32 : i64, columns = 32 : i64, kind = "weight", name = "w", parameter = @w, rows = 32 : i64, transposed = false}], width = 768 : i64}]
// CHECK-SAME:    surfaces_out = [{channels = 768 : i64, regions = [
// CHECK-SAME:      {block_rows = 32 : i64, channel = 0 : i64, column = 0 : i64, columns = 32 : i64, kind = "activation", name = "result0", result = 0 : i64, rows = 32 : i64, transposed = false}], width = 32 : i64}]}
// CHECK:         mil.func @main(%[[IN:.*]]: tensor<1x32x1x768xf16>) -> tensor<1x768x1x32xf16> {
// CHECK-DAG:       %[[X:.*]] = mil.slice_by_size %[[IN]], begin = [0, 0, 0, 0], size = [1, 32, 1, 32]
// CHECK-DAG:       %[[S:.*]] = mil.slice_by_size %[[IN]], begin = [0, 0, 0, 32], size = [1, 32, 1, 32]
// CHECK-DAG:       %[[W:.*]] = mil.reshape %[[S]], shape = [1, 1, 32, 32]
// CHECK:           mil.matmul %[[W]], %{{.*}}, transpose_x = false
// CHECK:           mil.concat(%[[Y:[0-9a-z]*]], %[[Y]]
mil.program @side_by_side {
  mil.func @main(%x: tensor<1x32x1x32xf16>, %w: tensor<1x1x32x32xf16> {nn.parameter = @w, nn.weights = "packed"})
      -> tensor<1x32x1x32xf16> {
    %c = mil.reshape %x, shape = [1, 1, 32, 32] : tensor<1x32x1x32xf16>
    %m = mil.matmul %w, %c, transpose_x = false, transpose_y = false
      : tensor<1x1x32x32xf16>, tensor<1x1x32x32xf16>
    %y = mil.reshape %m, shape = [1, 32, 1, 32] : tensor<1x1x32x32xf16>
    mil.return %y : tensor<1x32x1x32xf16>
  }
}

// A matrix of 128 outputs and 64 inputs fits 64 channels when it is transposed;
// its product turns the flag. Two gains share one strip of 32 columns.
// CHECK-LABEL: mil.program @transposed_weight attributes {surfaces_in = [{channels = 64 : i64,
// CHECK-SAME:    {arg = 1 : i64, block_rows = 64 : i64, channel = 0 : i64, column = 512 : i64, columns = 128 : i64, kind = "weight", name = "w", parameter = @w, row_order = array<i64: 1, 0>, rows = 64 : i64, transposed = true}
// CHECK-SAME:    column = 640 : i64, columns = 1 : i64, kind = "weight", name = "g", parameter = @g, rows = 64 : i64
// CHECK-SAME:    column = 641 : i64, columns = 1 : i64, kind = "weight", name = "h", parameter = @h, rows = 64 : i64
// CHECK-SAME:    width = 672 : i64}]
// CHECK-SAME:    surfaces_out = [{channels = 128 : i64, {{.*}}, width = 512 : i64}]
// CHECK:         %[[W:.*]] = mil.reshape %{{.*}}, shape = [1, 1, 64, 128]
// CHECK:         mil.matmul %[[W]], %{{.*}}, transpose_x = true, transpose_y = false
mil.program @transposed_weight {
  mil.func @main(%x: tensor<1x64x1x512xf16>,
                 %w: tensor<1x1x128x64xf16> {nn.parameter = @w, nn.weights = "packed", nn.row_order = array<i64: 1, 0>},
                 %g: tensor<1x64x1x1xf16> {nn.parameter = @g, nn.weights = "packed"},
                 %h: tensor<1x64x1x1xf16> {nn.parameter = @h, nn.weights = "packed"})
      -> tensor<1x128x1x512xf16> {
    %xg = mil.mul %x, %g : tensor<1x64x1x512xf16>, tensor<1x64x1x1xf16>
    %xh = mil.mul %xg, %h : tensor<1x64x1x512xf16>, tensor<1x64x1x1xf16>
    %c = mil.reshape %xh, shape = [1, 1, 64, 512] : tensor<1x64x1x512xf16>
    %m = mil.matmul %w, %c, transpose_x = false, transpose_y = false
      : tensor<1x1x128x64xf16>, tensor<1x1x64x512xf16>
    %y = mil.reshape %m, shape = [1, 128, 1, 512] : tensor<1x1x128x512xf16>
    mil.return %y : tensor<1x128x1x512xf16>
  }
}

// 192 rows beside 64: least area is 64 channels, three blocks side by side.
// CHECK-LABEL: mil.program @folded_activation attributes {surfaces_in = [{channels = 64 : i64,
// CHECK-SAME:    {arg = 1 : i64, block_rows = 64 : i64, channel = 0 : i64, column = 512 : i64, columns = 512 : i64, kind = "activation", name = "arg1", rows = 192 : i64
// CHECK-SAME:    width = 2048 : i64}]
// CHECK:         %[[B0:.*]] = mil.slice_by_size %{{.*}}, begin = [0, 0, 0, 512], size = [1, 64, 1, 512]
// CHECK:         %[[B1:.*]] = mil.slice_by_size %{{.*}}, begin = [0, 0, 0, 1024], size = [1, 64, 1, 512]
// CHECK:         %[[B2:.*]] = mil.slice_by_size %{{.*}}, begin = [0, 0, 0, 1536], size = [1, 64, 1, 512]
// CHECK:         mil.concat(%[[B0]], %[[B1]], %[[B2]]), axis = 1
mil.program @folded_activation {
  mil.func @main(%x: tensor<1x64x1x512xf16>, %h: tensor<1x192x1x512xf16>)
      -> (tensor<1x64x1x512xf16>, tensor<1x192x1x512xf16>) {
    %y = mil.sigmoid %x : tensor<1x64x1x512xf16>
    %z = mil.sigmoid %h : tensor<1x192x1x512xf16>
    mil.return %y, %z : tensor<1x64x1x512xf16>, tensor<1x192x1x512xf16>
  }
}

// Results lie one below the other and keep the order of their channels.
// CHECK-LABEL: mil.program @two_results attributes {
// CHECK-SAME:    surfaces_out = [{channels = 96 : i64
// CHECK-SAME:    channel = 0 : i64, {{.*}} name = "result0", result = 0 : i64, rows = 64 : i64
// CHECK-SAME:    channel = 64 : i64, {{.*}} name = "result1", result = 1 : i64, row_order = array<i64: 0, 1>, rows = 32 : i64
// CHECK-SAME:    width = 512 : i64}]
// CHECK:         %[[OUT:.*]] = mil.concat(%{{.*}}, %{{.*}}), axis = 1, interleave = false : tensor<1x64x1x512xf16>, tensor<1x32x1x512xf16>
// CHECK-NEXT:    mil.return %[[OUT]] : tensor<1x96x1x512xf16>
mil.program @two_results {
  mil.func @main(%x: tensor<1x64x1x512xf16>, %h: tensor<1x32x1x512xf16>)
      -> (tensor<1x64x1x512xf16>, tensor<1x32x1x512xf16> {nn.row_order = array<i64: 0, 1>}) {
    %y = mil.sigmoid %x : tensor<1x64x1x512xf16>
    %z = mil.sigmoid %h : tensor<1x32x1x512xf16>
    mil.return %y, %z : tensor<1x64x1x512xf16>, tensor<1x32x1x512xf16>
  }
}

// 24 channels of output become 32 by repeating rows.
// CHECK-LABEL: mil.program @odd_height
// CHECK-SAME:    surfaces_out = [{channels = 32 : i64, {{.*}}, width = 1024 : i64}]
// CHECK:         %[[Y:.*]] = mil.sigmoid
// CHECK:         %[[PAD:.*]] = mil.slice_by_size %[[Y]], begin = [0, 0, 0, 0], size = [1, 8, 1, 1024]
// CHECK:         mil.concat(%[[Y]], %[[PAD]]), axis = 1
mil.program @odd_height {
  mil.func @main(%x: tensor<1x24x1x1024xf16>) -> tensor<1x24x1x1024xf16> {
    %y = mil.sigmoid %x : tensor<1x24x1x1024xf16>
    mil.return %y : tensor<1x24x1x1024xf16>
  }
}

// A transposed weight that is no operand of a product is turned back.
// CHECK-LABEL: mil.program @weight_as_operand
// CHECK:         %[[T:.*]] = mil.transpose %{{.*}}, perm = [0, 1, 3, 2] : tensor<1x1x64x128xf16>
// CHECK:         mil.abs %[[T]] : tensor<1x1x128x64xf16>
mil.program @weight_as_operand {
  mil.func @main(%x: tensor<1x64x1x512xf16>, %w: tensor<1x1x128x64xf16> {nn.parameter = @w, nn.weights = "packed"})
      -> tensor<1x128x1x512xf16> {
    %a = mil.abs %w : tensor<1x1x128x64xf16>
    %c = mil.reshape %x, shape = [1, 1, 64, 512] : tensor<1x64x1x512xf16>
    %m = mil.matmul %a, %c, transpose_x = false, transpose_y = false
      : tensor<1x1x128x64xf16>, tensor<1x1x64x512xf16>
    %y = mil.reshape %m, shape = [1, 128, 1, 512] : tensor<1x1x128x512xf16>
    mil.return %y : tensor<1x128x1x512xf16>
  }
}

// What fits no surface of 16384 is packed all the same; verify-ane-target says
// so at the op that is too wide.
// CHECK-LABEL: mil.program @too_wide
// CHECK-SAME:    surfaces_in = [{channels = 32 : i64, {{.*}}, width = 16416 : i64}]
mil.program @too_wide {
  mil.func @main(%x: tensor<1x32x1x16384xf16>, %y: tensor<1x32x1x32xf16>) -> tensor<1x32x1x16384xf16> {
    %z = mil.sigmoid %x : tensor<1x32x1x16384xf16>
    mil.return %z : tensor<1x32x1x16384xf16>
  }
}

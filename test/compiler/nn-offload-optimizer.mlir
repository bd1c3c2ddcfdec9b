// RUN: anec-opt %s -nn-offload-optimizer=target=m4 | FileCheck %s
// Without the attribute that nn-place leaves nothing changes.
// RUN: sed 's/attributes {optimizer_on_device}//' %s | anec-opt -nn-offload-optimizer=target=m4 | FileCheck %s --check-prefix=HOST

// HOST-NOT: nn.as_result
// HOST-NOT: nn.adamw
// HOST-NOT: device_parameters

!x = tensor<1x4x8xf32>
!w = tensor<8x8xf32>
!v = tensor<16x8xf32>
// One kernel for a shape; what is stored in another order than its gradient, what
// is packed, what the host reads or adds to, and vectors are the host's.
// CHECK: nn.model @m attributes {device_parameters = [
// CHECK-SAME: {parameter = @"layers.*.w", squares = @squares_8x8_kernel, update = @update_8x8_kernel},
// CHECK-SAME: {parameter = @last, squares = @squares_8x8_kernel, update = @update_8x8_kernel},
// CHECK-SAME: {parameter = @tall, squares = @squares_16x8_kernel, update = @update_16x8_kernel}]
nn.model @m attributes {optimizer_on_device} {
  nn.parameter @"layers.*.w" : !w {count = 3 : i64, init = #nn.init<ones>, trainable = true}
  nn.parameter @last : !w {count = 1 : i64, init = #nn.init<ones>, trainable = true}
  nn.parameter @tall : !v {count = 1 : i64, init = #nn.init<ones>, trainable = true}
  nn.parameter @turned : !w {count = 1 : i64, init = #nn.init<ones>, trainable = true}
  nn.parameter @packed : !w {count = 1 : i64, init = #nn.init<ones>, trainable = true}
  nn.parameter @read : !w {count = 1 : i64, init = #nn.init<ones>, trainable = true}
  nn.parameter @added : !w {count = 1 : i64, init = #nn.init<ones>, trainable = true}

  // CHECK-LABEL: @layer_kernel(
  // CHECK-SAME:    %{{[a-z0-9]+}}: tensor<1x4x8xf32>, %{{[a-z0-9]+}}: tensor<8x8xf32> {nn.as_result, nn.parameter = @"layers.*.w", nn.weights = "param"})
  nn.func private @layer_kernel(%x: !x, %w: !w {nn.parameter = @"layers.*.w", nn.weights = "param"}) -> (!x, !w) attributes {kernel} {
    %y = nn.linear %x, %w : !x, !w
    %dw = nn.matmul %y, %x transpose_a : !x, !x
    nn.return %y, %dw : !x, !w
  }
  // CHECK-LABEL: @last_kernel(
  // CHECK-SAME:    tensor<8x8xf32> {nn.as_result, nn.parameter = @last,
  // CHECK-SAME:    tensor<16x8xf32> {nn.as_result, nn.parameter = @tall,
  // CHECK-SAME:    tensor<8x8xf32> {nn.parameter = @turned, nn.row_order
  // CHECK-SAME:    tensor<8x8xf32> {nn.parameter = @packed,
  // CHECK-SAME:    tensor<8x8xf32> {nn.parameter = @read,
  // CHECK-SAME:    tensor<8x8xf32> {nn.parameter = @added,
  nn.func private @last_kernel(%x: !x, %a: !w {nn.parameter = @last, nn.weights = "param"},
      %b: !v {nn.parameter = @tall, nn.weights = "param"},
      %c: !w {nn.parameter = @turned, nn.row_order = array<i64: 1, 0, 2, 3, 4, 5, 6, 7>, nn.weights = "param"},
      %d: !w {nn.parameter = @packed, nn.weights = "packed"},
      %e: !w {nn.parameter = @read, nn.weights = "param"},
      %f: !w {nn.parameter = @added, nn.weights = "param"}) -> (!w, !v) attributes {kernel} {
    %y = nn.linear %x, %b : !x, !v
    %dw = nn.matmul %x, %x transpose_a : !x, !x
    %dv = nn.matmul %y, %x transpose_a : tensor<1x4x16xf32>, !x
    nn.return %dw, %dv : !w, !v
  }
  nn.func private @layer(%x: !x, %w: !w {nn.parameter = @"layers.*.w"}) -> (!x, !w) {
    %r:2 = nn.dispatch @layer_kernel(%x, %w) : (!x, !w) -> (!x, !w)
    nn.return %r#0, %r#1 : !x, !w
  }
  nn.func @train_step(%x: !x {nn.role = "data"}, %t: !x {nn.role = "targets"}) -> tensor<f32> {
    %ws = nn.get @"layers.*.w" : !nn.stack<3 x !w>
    %a = nn.get @last : !w
    %b = nn.get @tall : !v
    %c = nn.get @turned : !w
    %d = nn.get @packed : !w
    %e = nn.get @read : !w
    %f = nn.get @added : !w
    %h = nn.linear %x, %e : !x, !w
    %s:2 = nn.scan @layer, 3 carry(%h) each(%ws) : (!x, !nn.stack<3 x !w>) -> (!x, !nn.stack<3 x !w>)
    %g:2 = nn.dispatch @last_kernel(%s#0, %a, %b, %c, %d, %e, %f) : (!x, !w, !v, !w, !w, !w, !w) -> (!w, !v)
    nn.accumulate @"layers.*.w", %s#1 in_place : !nn.stack<3 x !w>
    nn.accumulate @last, %g#0 in_place : !w
    nn.accumulate @tall, %g#1 in_place : !v
    nn.accumulate @turned, %g#0 in_place : !w
    nn.accumulate @packed, %g#0 in_place : !w
    nn.accumulate @read, %g#0 in_place : !w
    nn.accumulate @added, %g#0 in_place : !w
    nn.accumulate @added, %c : !w
    %l = nn.mse %s#0, %t : !x, !x
    nn.return %l : tensor<f32>
  }
}

// CHECK-LABEL: @squares_8x8_kernel(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<1x8x8xf32> {nn.as_result}) -> (tensor<1x1x8xf32>, tensor<1x1x8xf32>)
// CHECK:         %[[P:.*]], %[[S:.*]] = nn.row_squares %[[X]]
// CHECK:         nn.return %[[P]], %[[S]]
// CHECK-LABEL: @update_8x8_kernel(
// CHECK-SAME:    tensor<1x8x7xf32> {nn.as_result}) -> (tensor<1x8x8xf32>, tensor<1x8x8xf32>, tensor<1x8x8xf32>, tensor<1x8x8xf32>)
// CHECK:         %[[W:.*]], %[[R:.*]], %[[M:.*]], %[[V:.*]] = nn.adamw
// CHECK:         nn.return %[[W]], %[[R]], %[[M]], %[[V]]
// CHECK-LABEL: @update_16x8_kernel(
// CHECK-SAME:    tensor<1x8x16xf32>

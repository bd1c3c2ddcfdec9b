// RUN: anec-opt %s -nn-group-heads | FileCheck %s

// Swapping two heads of two features, before and after them.
!x = tensor<1x2x4xf32>
!w = tensor<4x4xf32>
nn.model @model {
  // Up through rope into the weight; the natural order that the caller sees is
  // written by the result's region.
  // CHECK-LABEL: @up(
  // CHECK-SAME: tensor<4x4xf32> {nn.parameter = @wq, nn.row_order = array<i64: 2, 3, 0, 1>})
  // CHECK-SAME: -> (tensor<1x2x4xf32>, tensor<1x2x4xf32> {nn.row_order = array<i64: 2, 3, 0, 1>})
  // CHECK-NEXT: nn.linear
  // CHECK-NEXT: %[[R:.*]] = nn.rope
  // CHECK-NEXT: %[[S:.*]] = nn.silu %[[R]]
  // CHECK-NEXT: nn.return %[[S]], %[[R]]
  nn.func private @up(%x: !x, %w: !w {nn.parameter = @wq}) -> (!x, !x) attributes {kernel} {
    %q = nn.linear %x, %w : !x, !w
    %r = nn.rope %q {head_dim = 2, theta = 1.0e4, style = #nn.rope<interleaved>} : !x
    %p = nn.permute_features %r {order = array<i64: 2, 3, 0, 1>} : !x
    %s = nn.silu %p : !x
    nn.return %s, %r : !x, !x
  }
  // Down into the columns of the next weight, with the inverse order.
  // CHECK-LABEL: @down(
  // CHECK-SAME: nn.column_order = array<i64: 2, 0, 1, 3>
  // CHECK-NEXT: %[[S:.*]] = nn.silu
  // CHECK-NEXT: nn.linear %[[S]]
  nn.func private @down(%x: !x, %w: !w {nn.parameter = @wo}) -> !x attributes {kernel} {
    %s = nn.silu %x : !x
    %p = nn.permute_features %s {order = array<i64: 1, 2, 0, 3>} : !x
    %y = nn.linear %p, %w : !x, !w
    nn.return %y : !x
  }
  // An input of the kernel is written in the order it is needed in.
  // CHECK-LABEL: @input(
  // CHECK-SAME: tensor<1x2x4xf32> {nn.row_order = array<i64: 2, 3, 0, 1>}
  // CHECK-NEXT: nn.silu
  nn.func private @input(%x: !x) -> !x attributes {kernel} {
    %p = nn.permute_features %x {order = array<i64: 2, 3, 0, 1>} : !x
    %y = nn.silu %p : !x
    nn.return %y : !x
  }
  // A weight that two products share: the other one gets its rows back in
  // order, or what it reads in the order of the rows.
  // CHECK-LABEL: @shared(
  // CHECK-SAME: %[[X:.*]]: tensor<1x2x4xf32>, %[[D:.*]]: tensor<1x2x4xf32> {nn.row_order = array<i64: 2, 3, 0, 1>},
  // CHECK-SAME: nn.row_order = array<i64: 2, 3, 0, 1>
  // CHECK-NEXT: %[[Q:.*]] = nn.linear %[[X]]
  // CHECK-NEXT: %[[S:.*]] = nn.silu %[[Q]]
  // CHECK-NEXT: %[[DX:.*]] = nn.matmul %[[D]]
  // CHECK-NEXT: nn.return %[[S]], %[[DX]]
  nn.func private @shared(%x: !x, %d: !x, %w: !w {nn.parameter = @wq}) -> (!x, !x) attributes {kernel} {
    %q = nn.linear %x, %w : !x, !w
    %p = nn.permute_features %q {order = array<i64: 2, 3, 0, 1>} : !x
    %s = nn.silu %p : !x
    %dx = nn.matmul %d, %w : !x, !w
    nn.return %s, %dx : !x, !x
  }
  // Where nothing can take it, it stays.
  // CHECK-LABEL: @between(
  // CHECK-NOT: order =
  // CHECK: %[[S:.*]] = nn.silu
  // CHECK-NEXT: %[[P:.*]] = nn.permute_features %[[S]] {order = array<i64: 1, 2, 0, 3>}
  // CHECK-NEXT: nn.silu %[[P]]
  nn.func private @between(%x: !x) -> !x attributes {kernel} {
    %s = nn.silu %x : !x
    %p = nn.permute_features %s {order = array<i64: 1, 2, 0, 3>} : !x
    %y = nn.silu %p : !x
    nn.return %y : !x
  }
  // Into rows and columns of a gradient that the kernel returns.
  // CHECK-LABEL: @gradient(
  // CHECK-SAME: -> (tensor<4x4xf32> {nn.column_order = array<i64: 2, 3, 0, 1>, nn.row_order = array<i64: 2, 0, 1, 3>})
  // CHECK-NEXT: %[[D:.*]] = nn.silu
  // CHECK-NEXT: %[[X:.*]] = nn.tanh
  // CHECK-NEXT: nn.matmul %[[D]], %[[X]] transpose_a
  nn.func private @gradient(%d: !x, %x: !x) -> !w attributes {kernel} {
    %s = nn.silu %d : !x
    %t = nn.tanh %x : !x
    %ps = nn.permute_features %s {order = array<i64: 1, 2, 0, 3>} : !x
    %pt = nn.permute_features %t {order = array<i64: 2, 3, 0, 1>} : !x
    %dw = nn.matmul %ps, %pt transpose_a : !x, !x
    nn.return %dw : !w
  }
  // There and back is nothing.
  // CHECK-LABEL: @cancel(
  // CHECK-NOT: order
  // CHECK: nn.return
  nn.func private @cancel(%x: !x) -> !x attributes {kernel} {
    %s = nn.silu %x : !x
    %p = nn.permute_features %s {order = array<i64: 1, 2, 0, 3>} : !x
    %y = nn.permute_features %p {order = array<i64: 2, 0, 1, 3>} : !x
    nn.return %y : !x
  }
}

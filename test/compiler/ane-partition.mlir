// RUN: anec-opt %s -ane-partition=weights-for=*.b=baked | FileCheck %s

!x = tensor<2x4x8xf32>
!w = tensor<8x8xf32>
nn.model @model {
  // Device ops without a host op between them are one kernel; its parameters
  // name their family and strategy.
  // CHECK-LABEL: nn.func private @block_kernel(
  // CHECK-SAME: %[[X:[a-z0-9]*]]: tensor<2x4x8xf32>, %[[A:[a-z0-9]*]]: tensor<8x8xf32> {nn.parameter = @"l.*.a", nn.weights = "packed"}
  // CHECK-SAME: %[[B:[a-z0-9]*]]: tensor<8x8xf32> {nn.parameter = @"l.*.b", nn.weights = "baked"}
  // CHECK-SAME: attributes {kernel}
  // CHECK: %[[H:.*]] = nn.linear %[[X]], %[[A]]
  // CHECK: %[[Y:.*]] = nn.linear %[[H]], %[[B]]
  // CHECK: nn.return %[[H]], %[[Y]]
  // CHECK-LABEL: nn.func private @block(
  // CHECK: %[[R:.*]]:2 = nn.dispatch @block_kernel(
  // CHECK: nn.matmul %[[R]]#0, %[[R]]#1 transpose_a
  nn.func private @block(%x: !x, %a: !w {nn.parameter = @"l.*.a"}, %b: !w {nn.parameter = @"l.*.b"}) -> (!x, !w) {
    %h = nn.linear %x, %a {nn.place = "device"} : !x, !w
    %y = nn.linear %h, %b {nn.place = "device"} : !x, !w
    %dw = nn.matmul %h, %y transpose_a {nn.place = "host"} : !x, !x
    nn.return %y, %dw : !x, !w
  }

  // A host op between device ops makes two kernels of them.
  // CHECK-LABEL: nn.func private @between(
  // CHECK: %[[H:.*]] = nn.dispatch @between_0_kernel
  // CHECK: %[[N:.*]] = nn.rms_norm %[[H]]
  // CHECK: nn.dispatch @between_1_kernel(%[[N]]
  nn.func private @between(%x: !x, %g: tensor<8xf32>, %a: !w {nn.parameter = @"l.*.a"}, %b: !w {nn.parameter = @"l.*.b"}) -> !x {
    %h = nn.linear %x, %a {nn.place = "device"} : !x, !w
    %n = nn.rms_norm %h, %g {eps = 1.0e-5, nn.place = "host"} : !x, tensor<8xf32>
    %m = nn.linear %n, %b {nn.place = "device"} : !x, !w
    %y = nn.add %m, %n {nn.place = "device"} : !x, !x
    nn.return %y : !x
  }

  // What only the second kernel needs is computed there, and not kept. The
  // first equals one from above, and equal kernels are one.
  // CHECK-LABEL: nn.func private @late_1_kernel(
  // CHECK: nn.silu
  // CHECK-LABEL: nn.func private @late(
  // CHECK: nn.dispatch @between_0_kernel
  // CHECK: nn.dispatch @late_1_kernel
  nn.func private @late(%x: !x, %g: tensor<8xf32>, %a: !w {nn.parameter = @"l.*.a"}, %b: !w {nn.parameter = @"l.*.b"}) -> !x {
    %s = nn.silu %x {nn.place = "device"} : !x
    %h = nn.linear %x, %a {nn.place = "device"} : !x, !w
    %n = nn.rms_norm %h, %g {eps = 1.0e-5, nn.place = "host"} : !x, tensor<8xf32>
    %m = nn.linear %n, %b {nn.place = "device"} : !x, !w
    %y = nn.add %m, %s {nn.place = "device"} : !x, !x
    nn.return %y : !x
  }
}

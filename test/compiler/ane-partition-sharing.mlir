// RUN: anec-opt %s -ane-partition | FileCheck %s

// A kernel whose results another one computes is that one: `loss` runs the kernel
// of the training step and ignores what it does not need. Of what that takes
// besides, activations are undefined, for no used result depends on them, and
// parameters are got. `difference` needs a value that the kernel computes and did
// not return: now it does, since that costs less than a program. Parameters have
// to be the same: `other` has its weight as an argument.
!x = tensor<2x4x8xf32>
!w = tensor<8x8xf32>
nn.model @model {
  nn.parameter @w : !w {count = 1 : i64, init = #nn.init<ones>, trainable = true}
  nn.parameter @v : !w {count = 1 : i64, init = #nn.init<ones>, trainable = true}

  // CHECK: nn.func private @train_step_kernel(
  // CHECK: %[[P:.*]] = nn.softmax
  // CHECK: %[[D:.*]] = nn.sub %[[P]]
  // CHECK: nn.return %{{.*}}, %[[P]], %{{.*}}, %[[D]]
  // CHECK-LABEL: nn.func @train_step(
  // CHECK: %{{.*}}:4 = nn.dispatch @train_step_kernel(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}})
  nn.func @train_step(%x: !x, %t: !x) -> !x {
    %w = nn.get @w : !w
    %v = nn.get @v : !w
    %h = nn.linear %x, %w {nn.place = "device"} : !x, !w
    %p = nn.softmax %h {nn.place = "device"} : !x
    %d = nn.sub %p, %t {nn.place = "device"} : !x, !x
    %dx = nn.matmul %d, %v {nn.place = "device"} : !x, !w
    %a = nn.exp %h {nn.place = "host"} : !x
    %b = nn.exp %p {nn.place = "host"} : !x
    %c = nn.mul %a, %b {nn.place = "host"} : !x, !x
    %e = nn.mul %c, %dx {nn.place = "host"} : !x, !x
    nn.return %e : !x
  }
  // CHECK-NOT: @loss_kernel
  // CHECK-LABEL: nn.func @loss(
  // CHECK-SAME: %[[X:.*]]: tensor<2x4x8xf32>
  // CHECK-DAG: %[[W:.*]] = nn.get @w
  // CHECK-DAG: %[[V:.*]] = nn.get @v
  // CHECK-DAG: %[[U:.*]] = nn.undefined : tensor<2x4x8xf32>
  // CHECK: %[[R:.*]]:4 = nn.dispatch @train_step_kernel(%[[X]], %[[U]], %[[W]], %[[V]])
  // CHECK: nn.exp %[[R]]#1
  nn.func @loss(%x: !x) -> !x {
    %w = nn.get @w : !w
    %h = nn.linear %x, %w {nn.place = "device"} : !x, !w
    %p = nn.softmax %h {nn.place = "device"} : !x
    %b = nn.exp %p {nn.place = "host"} : !x
    nn.return %b : !x
  }
  // CHECK-LABEL: nn.func @difference(
  // CHECK: %[[R:.*]]:4 = nn.dispatch @train_step_kernel(
  // CHECK: nn.exp %[[R]]#3
  nn.func @difference(%x: !x, %t: !x) -> !x {
    %w = nn.get @w : !w
    %h = nn.linear %x, %w {nn.place = "device"} : !x, !w
    %p = nn.softmax %h {nn.place = "device"} : !x
    %d = nn.sub %p, %t {nn.place = "device"} : !x, !x
    %b = nn.exp %d {nn.place = "host"} : !x
    nn.return %b : !x
  }
  // CHECK: nn.func private @other_kernel(
  // CHECK-LABEL: nn.func @other(
  // CHECK: nn.dispatch @other_kernel(
  nn.func @other(%x: !x, %w: !w) -> !x {
    %h = nn.linear %x, %w {nn.place = "device"} : !x, !w
    %p = nn.softmax %h {nn.place = "device"} : !x
    nn.return %p : !x
  }
}

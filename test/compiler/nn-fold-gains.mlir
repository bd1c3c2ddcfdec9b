// RUN: anec-opt %s -split-input-file -nn-fold-gains=target=m4 | FileCheck %s
// RUN: anec-opt %s -split-input-file -nn-fold-gains=target=m1 | FileCheck %s --check-prefix=FLUSH
// RUN: anec-opt %s -split-input-file -nn-fold-gains=target=strict | FileCheck %s --check-prefix=FLUSH

// Two weights read one norm; backward, its gradient is the sum of what both
// give. The host's use of the gain is as before.
!x = tensor<2x4x8xf32>
!w = tensor<8x8xf32>
!g = tensor<8xf32>
// CHECK-LABEL: nn.model @folds
// FLUSH-NOT: nn.column_scale
// FLUSH: nn.rms_norm_grad %{{.*}}, %{{.*}}, %{{.*}} {eps
// FLUSH-NOT: nn.column_scale
nn.model @folds {
  nn.parameter @"l.*.g" : !g {count = 2 : i64, init = #nn.init<ones>, trainable = true}
  nn.parameter @"l.*.w" : !w {count = 2 : i64, init = #nn.init<zeros>, trainable = true}
  nn.parameter @"l.*.v" : !w {count = 2 : i64, init = #nn.init<zeros>, trainable = true}
  // CHECK-LABEL: @fwd_kernel
  // CHECK-SAME: (%[[X:.*]]: tensor<2x4x8xf32>, %[[W:.*]]: tensor<8x8xf32> {nn.column_scale = @"l.*.g", nn.parameter = @"l.*.w"}, %[[V:.*]]: tensor<8x8xf32> {nn.column_scale = @"l.*.g", nn.parameter = @"l.*.v"}) -> (tensor<2x4x8xf32>, tensor<2x4x8xf32>)
  nn.func private @fwd_kernel(%x: !x, %g: !g {nn.parameter = @"l.*.g"}, %w: !w {nn.parameter = @"l.*.w"}, %v: !w {nn.parameter = @"l.*.v"}) -> (!x, !x) attributes {kernel} {
    // CHECK: %[[N:.*]] = nn.rms_norm %[[X]] {eps = 1.000000e-05 : f64} : tensor<2x4x8xf32>{{$}}
    // CHECK: nn.linear %[[N]], %[[W]]
    // CHECK: nn.linear %[[N]], %[[V]]
    %n = nn.rms_norm %x, %g {eps = 1.0e-5} : !x, !g
    %a = nn.linear %n, %w : !x, !w
    %b = nn.linear %n, %v : !x, !w
    nn.return %a, %b : !x, !x
  }
  // CHECK-LABEL: @bwd_kernel
  // CHECK-SAME: (%[[X:.*]]: tensor<2x4x8xf32>, %[[DY:.*]]: tensor<2x4x8xf32>, %[[W:.*]]: tensor<8x8xf32> {nn.column_scale = @"l.*.g", nn.parameter = @"l.*.w"}, %[[V:.*]]: tensor<8x8xf32> {nn.column_scale = @"l.*.g", nn.parameter = @"l.*.v"}) -> tensor<2x4x8xf32>
  nn.func private @bwd_kernel(%x: !x, %dy: !x, %g: !g {nn.parameter = @"l.*.g"}, %w: !w {nn.parameter = @"l.*.w"}, %v: !w {nn.parameter = @"l.*.v"}) -> !x attributes {kernel} {
    // CHECK: %[[DN:.*]] = nn.add
    // CHECK: nn.rms_norm_grad %[[X]], %[[DN]] {eps = 1.000000e-05 : f64} : tensor<2x4x8xf32>{{$}}
    %a = nn.matmul %dy, %w : !x, !w
    %b = nn.matmul %dy, %v : !x, !w
    %dn = nn.add %a, %b : !x, !x
    %dx = nn.rms_norm_grad %x, %g, %dn {eps = 1.0e-5} : !x, !g
    nn.return %dx : !x
  }
  // CHECK-LABEL: func private @layer
  // CHECK: nn.rms_norm_nonzero %{{.*}}, %arg2
  // CHECK: nn.dispatch @fwd_kernel(%arg0, %arg3, %arg4)
  // CHECK: nn.dispatch @bwd_kernel(%arg0, %arg1, %arg3, %arg4)
  nn.func private @layer(%x: !x, %dy: !x, %g: !g, %w: !w, %v: !w) -> (!x, !x, !x, !w) {
    %h = nn.rms_norm_nonzero %x, %g {eps = 1.0e-5, nn.place = "host"} : !x, !g
    %y:2 = nn.dispatch @fwd_kernel(%x, %g, %w, %v) : (!x, !g, !w, !w) -> (!x, !x)
    %dx = nn.dispatch @bwd_kernel(%x, %dy, %g, %w, %v) : (!x, !x, !g, !w, !w) -> !x
    %dw = nn.matmul %dy, %h transpose_a {nn.place = "host"} : !x, !x
    nn.return %y#0, %y#1, %dx, %dw : !x, !x, !x, !w
  }
}

// -----

// A kernel returns the norm: it stays, and in the other kernel as well, since
// both read the same weight.
!x = tensor<2x4x8xf32>
!w = tensor<8x8xf32>
!g = tensor<8xf32>
// CHECK-LABEL: nn.model @tap
// CHECK-NOT: nn.column_scale
// CHECK: nn.rms_norm %{{.*}}, %{{.*}} {eps
// CHECK: nn.rms_norm_grad %{{.*}}, %{{.*}}, %{{.*}} {eps
nn.model @tap {
  nn.parameter @g : !g {count = 1 : i64, init = #nn.init<ones>, trainable = true}
  nn.parameter @w : !w {count = 1 : i64, init = #nn.init<zeros>, trainable = true}
  nn.func private @fwd_kernel(%x: !x, %g: !g {nn.parameter = @g}, %w: !w {nn.parameter = @w}) -> (!x, !x) attributes {kernel} {
    %n = nn.rms_norm %x, %g {eps = 1.0e-5} : !x, !g
    %y = nn.linear %n, %w : !x, !w
    nn.return %y, %n : !x, !x
  }
  nn.func private @bwd_kernel(%x: !x, %dy: !x, %g: !g {nn.parameter = @g}, %w: !w {nn.parameter = @w}) -> !x attributes {kernel} {
    %dn = nn.matmul %dy, %w : !x, !w
    %dx = nn.rms_norm_grad %x, %g, %dn {eps = 1.0e-5} : !x, !g
    nn.return %dx : !x
  }
}

// -----

// The weight gradient is the device's work and needs g * n.
!x = tensor<2x4x8xf32>
!w = tensor<8x8xf32>
!g = tensor<8xf32>
// CHECK-LABEL: nn.model @weight_gradient
// CHECK-NOT: nn.column_scale
nn.model @weight_gradient {
  nn.parameter @g : !g {count = 1 : i64, init = #nn.init<ones>, trainable = true}
  nn.parameter @w : !w {count = 1 : i64, init = #nn.init<zeros>, trainable = true}
  nn.func private @bwd_kernel(%x: !x, %dy: !x, %g: !g {nn.parameter = @g}, %w: !w {nn.parameter = @w}) -> (!x, !w) attributes {kernel} {
    %n = nn.rms_norm %x, %g {eps = 1.0e-5} : !x, !g
    %dw = nn.matmul %dy, %n transpose_a : !x, !x
    %dn = nn.matmul %dy, %w : !x, !w
    %dx = nn.rms_norm_grad %x, %g, %dn {eps = 1.0e-5} : !x, !g
    nn.return %dx, %dw : !x, !w
  }
}

// -----

// The gain's own gradient is the device's work and needs dn without the gain.
!x = tensor<2x4x8xf32>
!w = tensor<8x8xf32>
!g = tensor<8xf32>
// CHECK-LABEL: nn.model @gain_gradient
// CHECK-NOT: nn.column_scale
nn.model @gain_gradient {
  nn.parameter @g : !g {count = 1 : i64, init = #nn.init<ones>, trainable = true}
  nn.parameter @w : !w {count = 1 : i64, init = #nn.init<zeros>, trainable = true}
  nn.func private @bwd_kernel(%x: !x, %dy: !x, %g: !g {nn.parameter = @g}, %w: !w {nn.parameter = @w}) -> (!x, !g) attributes {kernel} {
    %dn = nn.matmul %dy, %w : !x, !w
    %dg = nn.rms_norm_gain_grad %x, %dn {eps = 1.0e-5} : !x
    %dx = nn.rms_norm_grad %x, %g, %dn {eps = 1.0e-5} : !x, !g
    nn.return %dx, %dg : !x, !g
  }
}

// -----

// Something else adds to the norm's gradient, which the gain has to multiply.
!x = tensor<2x4x8xf32>
!w = tensor<8x8xf32>
!g = tensor<8xf32>
// CHECK-LABEL: nn.model @other_source
// CHECK-NOT: nn.column_scale
nn.model @other_source {
  nn.parameter @g : !g {count = 1 : i64, init = #nn.init<ones>, trainable = true}
  nn.parameter @w : !w {count = 1 : i64, init = #nn.init<zeros>, trainable = true}
  nn.func private @bwd_kernel(%x: !x, %dy: !x, %g: !g {nn.parameter = @g}, %w: !w {nn.parameter = @w}) -> !x attributes {kernel} {
    %a = nn.matmul %dy, %w : !x, !w
    %dn = nn.add %a, %dy : !x, !x
    %dx = nn.rms_norm_grad %x, %g, %dn {eps = 1.0e-5} : !x, !g
    nn.return %dx : !x
  }
}

// -----

// The products' result is read by itself, too.
!x = tensor<2x4x8xf32>
!w = tensor<8x8xf32>
!g = tensor<8xf32>
// CHECK-LABEL: nn.model @read_twice
// CHECK-NOT: nn.column_scale
nn.model @read_twice {
  nn.parameter @g : !g {count = 1 : i64, init = #nn.init<ones>, trainable = true}
  nn.parameter @w : !w {count = 1 : i64, init = #nn.init<zeros>, trainable = true}
  nn.func private @bwd_kernel(%x: !x, %dy: !x, %g: !g {nn.parameter = @g}, %w: !w {nn.parameter = @w}) -> (!x, !x) attributes {kernel} {
    %dn = nn.matmul %dy, %w : !x, !w
    %dx = nn.rms_norm_grad %x, %g, %dn {eps = 1.0e-5} : !x, !g
    nn.return %dx, %dn : !x, !x
  }
}

// -----

// One weight, two norms with gains of their own.
!x = tensor<2x4x8xf32>
!w = tensor<8x8xf32>
!g = tensor<8xf32>
// CHECK-LABEL: nn.model @two_gains
// CHECK-NOT: nn.column_scale
nn.model @two_gains {
  nn.parameter @g : !g {count = 1 : i64, init = #nn.init<ones>, trainable = true}
  nn.parameter @h : !g {count = 1 : i64, init = #nn.init<ones>, trainable = true}
  nn.parameter @w : !w {count = 1 : i64, init = #nn.init<zeros>, trainable = true}
  nn.func private @fwd_kernel(%x: !x, %g: !g {nn.parameter = @g}, %h: !g {nn.parameter = @h}, %w: !w {nn.parameter = @w}) -> (!x, !x) attributes {kernel} {
    %n = nn.rms_norm %x, %g {eps = 1.0e-5} : !x, !g
    %m = nn.rms_norm %x, %h {eps = 1.0e-5} : !x, !g
    %a = nn.linear %n, %w : !x, !w
    %b = nn.linear %m, %w : !x, !w
    nn.return %a, %b : !x, !x
  }
}

// -----

// The weight is read without a norm in another kernel.
!x = tensor<2x4x8xf32>
!w = tensor<8x8xf32>
!g = tensor<8xf32>
// CHECK-LABEL: nn.model @tied
// CHECK-NOT: nn.column_scale
nn.model @tied {
  nn.parameter @g : !g {count = 1 : i64, init = #nn.init<ones>, trainable = true}
  nn.parameter @w : !w {count = 1 : i64, init = #nn.init<zeros>, trainable = true}
  nn.func private @one_kernel(%x: !x, %g: !g {nn.parameter = @g}, %w: !w {nn.parameter = @w}) -> !x attributes {kernel} {
    %n = nn.rms_norm %x, %g {eps = 1.0e-5} : !x, !g
    %a = nn.linear %n, %w : !x, !w
    nn.return %a : !x
  }
  nn.func private @other_kernel(%x: !x, %w: !w {nn.parameter = @w}) -> !x attributes {kernel} {
    %a = nn.linear %x, %w : !x, !w
    nn.return %a : !x
  }
}

// -----

// Two blocks share a weight that would have to hold the gains of both.
!x = tensor<2x4x8xf32>
!w = tensor<8x8xf32>
!g = tensor<8xf32>
// CHECK-LABEL: nn.model @shared_weight
// CHECK-NOT: nn.column_scale
nn.model @shared_weight {
  nn.parameter @"l.*.g" : !g {count = 2 : i64, init = #nn.init<ones>, trainable = true}
  nn.parameter @w : !w {count = 1 : i64, init = #nn.init<zeros>, trainable = true}
  nn.func private @fwd_kernel(%x: !x, %g: !g {nn.parameter = @"l.*.g"}, %w: !w {nn.parameter = @w}) -> !x attributes {kernel} {
    %n = nn.rms_norm %x, %g {eps = 1.0e-5} : !x, !g
    %a = nn.linear %n, %w : !x, !w
    nn.return %a : !x
  }
}

// -----

// Only the gain is trained: the weight would be staged after every update for
// its sake. With both frozen nothing is.
!x = tensor<2x4x8xf32>
!w = tensor<8x8xf32>
!g = tensor<8xf32>
// CHECK-LABEL: nn.model @frozen
nn.model @frozen {
  nn.parameter @g : !g {count = 1 : i64, init = #nn.init<ones>, trainable = true}
  nn.parameter @h : !g {count = 1 : i64, init = #nn.init<ones>, trainable = false}
  nn.parameter @w : !w {count = 1 : i64, init = #nn.init<zeros>, trainable = false}
  nn.parameter @v : !w {count = 1 : i64, init = #nn.init<zeros>, trainable = false}
  // CHECK-LABEL: @trained_kernel
  // CHECK-SAME: nn.parameter = @g
  // CHECK-NOT: nn.column_scale
  nn.func private @trained_kernel(%x: !x, %g: !g {nn.parameter = @g}, %w: !w {nn.parameter = @w}) -> !x attributes {kernel} {
    %n = nn.rms_norm %x, %g {eps = 1.0e-5} : !x, !g
    %a = nn.linear %n, %w : !x, !w
    nn.return %a : !x
  }
  // CHECK-LABEL: @frozen_kernel
  // CHECK-SAME: {nn.column_scale = @h, nn.parameter = @v}
  nn.func private @frozen_kernel(%x: !x, %h: !g {nn.parameter = @h}, %v: !w {nn.parameter = @v}) -> !x attributes {kernel} {
    %n = nn.rms_norm %x, %h {eps = 1.0e-5} : !x, !g
    %a = nn.linear %n, %v : !x, !w
    nn.return %a : !x
  }
}

// -----

// What follows layer_norm has a bias in between in every model that is known,
// and mul is no product with a matrix.
!x = tensor<2x4x8xf32>
!w = tensor<8x8xf32>
!g = tensor<8xf32>
// CHECK-LABEL: nn.model @other_readers
// CHECK-NOT: nn.column_scale
nn.model @other_readers {
  nn.parameter @g : !g {count = 1 : i64, init = #nn.init<ones>, trainable = true}
  nn.parameter @h : !g {count = 1 : i64, init = #nn.init<ones>, trainable = true}
  nn.parameter @w : !w {count = 1 : i64, init = #nn.init<zeros>, trainable = true}
  nn.parameter @v : !w {count = 1 : i64, init = #nn.init<zeros>, trainable = true}
  nn.func private @layer_norm_kernel(%x: !x, %g: !g {nn.parameter = @g}, %w: !w {nn.parameter = @w}) -> !x attributes {kernel} {
    %n = nn.layer_norm %x, %g {eps = 1.0e-5} : !x, !g
    %a = nn.linear %n, %w : !x, !w
    nn.return %a : !x
  }
  nn.func private @mul_kernel(%x: !x, %h: !g {nn.parameter = @h}, %v: !w {nn.parameter = @v}) -> !x attributes {kernel} {
    %n = nn.rms_norm %x, %h {eps = 1.0e-5} : !x, !g
    %a = nn.linear %n, %v : !x, !w
    %b = nn.mul %a, %n : !x, !x
    nn.return %b : !x
  }
}

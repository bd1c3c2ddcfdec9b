// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @rms_norm_grad
// CHECK: nn.rms_norm_grad %{{.*}}, %{{.*}}, %{{.*}} {eps = 1.000000e-05 : f64} : tensor<2x4x8xf32>, tensor<8xf32>
// CHECK: nn.rms_norm_gain_grad
func.func @rms_norm_grad(%x: tensor<2x4x8xf32>, %g: tensor<8xf32>) {
  %dx = nn.rms_norm_grad %x, %g, %x {eps = 1.0e-5} : tensor<2x4x8xf32>, tensor<8xf32>
  %dg = nn.rms_norm_gain_grad %x, %x {eps = 1.0e-5} : tensor<2x4x8xf32>
  return
}

nn.model @model {
  // CHECK-LABEL: @without_gain(
  // CHECK-SAME: %[[X:.*]]: tensor<2x4x8xf32>, %[[DY:.*]]: tensor<2x4x8xf32>)
  // CHECK: nn.rms_norm_grad %[[X]], %[[DY]] {eps = 1.000000e-05 : f64} : tensor<2x4x8xf32>{{$}}
  nn.func private @without_gain(%x: tensor<2x4x8xf32>, %dy: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> attributes {kernel} {
    %dx = nn.rms_norm_grad %x, %dy {eps = 1.0e-5} : tensor<2x4x8xf32>
    nn.return %dx : tensor<2x4x8xf32>
  }
}

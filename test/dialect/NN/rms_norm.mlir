// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @rms_norm
// CHECK: nn.rms_norm %{{.*}} {eps = 1.000000e-05 : f64} : tensor<2x4x8xf32>, tensor<8xf32>
func.func @rms_norm(%x: tensor<2x4x8xf32>, %g: tensor<8xf32>) {
  %y = nn.rms_norm %x, %g {eps = 1.0e-5} : tensor<2x4x8xf32>, tensor<8xf32>
  return
}

nn.model @model {
  // CHECK-LABEL: @without_gain
  // CHECK: nn.rms_norm %{{.*}} {eps = 1.000000e-05 : f64} : tensor<2x4x8xf32>{{$}}
  nn.func private @without_gain(%x: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> attributes {kernel} {
    %y = nn.rms_norm %x {eps = 1.0e-5} : tensor<2x4x8xf32>
    nn.return %y : tensor<2x4x8xf32>
  }
}

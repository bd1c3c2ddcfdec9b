// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @rope
// CHECK: nn.rope %{{.*}} {head_dim = 4 : i64, style = #nn.rope<interleaved>, theta = 1.000000e+04 : f64}
// CHECK: nn.rope %{{.*}} {head_dim = 8 : i64, inverse, style = #nn.rope<halves>, theta = 1.000000e+04 : f64}
func.func @rope(%x: tensor<2x4x8xf32>) {
  %y = nn.rope %x {head_dim = 4, theta = 1.0e4, style = #nn.rope<interleaved>} : tensor<2x4x8xf32>
  %z = nn.rope %y {head_dim = 8, theta = 1.0e4, style = #nn.rope<halves>, inverse} : tensor<2x4x8xf32>
  return
}

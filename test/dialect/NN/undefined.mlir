// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @undefined
// CHECK: nn.undefined : tensor<2x4x8xf32>
func.func @undefined() -> tensor<2x4x8xf32> {
  %u = nn.undefined : tensor<2x4x8xf32>
  return %u : tensor<2x4x8xf32>
}

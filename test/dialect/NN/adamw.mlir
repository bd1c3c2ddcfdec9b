// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @adamw(
func.func @adamw(%w: tensor<1x32x64xf32>, %f: tensor<1x32x7xf32>) -> tensor<1x32x64xf32> {
  // CHECK: %{{.*}}, %{{.*}}, %{{.*}}, %[[Y:.*]] = nn.adamw %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : tensor<1x32x64xf32>, tensor<1x32x7xf32>
  %y:4 = nn.adamw %w, %w, %w, %w, %w, %f : tensor<1x32x64xf32>, tensor<1x32x7xf32>
  // CHECK: return %[[Y]]
  return %y#3 : tensor<1x32x64xf32>
}

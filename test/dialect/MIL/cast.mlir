// RUN: anec-opt %s | anec-opt | FileCheck %s

// cast_c2
// CHECK-LABEL: @changes_the_element_type(
func.func @changes_the_element_type(%x: tensor<1x8x1x32xf16>)
    -> (tensor<1x8x1x32xf32>, tensor<1x8x1x32xi1>) {
  // CHECK: mil.cast %{{.*}}, dtype = "fp32" : tensor<1x8x1x32xf16>
  %0 = mil.cast %x, dtype = "fp32" : tensor<1x8x1x32xf16>
  %1 = mil.cast %x, dtype = "bool" : tensor<1x8x1x32xf16>
  return %0, %1 : tensor<1x8x1x32xf32>, tensor<1x8x1x32xi1>
}

// RUN: anec-opt %s -convert-nn-to-mil | FileCheck %s

nn.model @m {
  // Factors are rows of their surface, matrices whole ones: nothing is moved.
  // CHECK-LABEL: mil.program @update_kernel
  // CHECK:         mil.func @main(%[[W:[a-z0-9]+]]: tensor<1x64x1x32xf16>, %[[C:[a-z0-9]+]]: tensor<1x64x1x32xf16>, %[[M:[a-z0-9]+]]: tensor<1x64x1x32xf16>, %[[R:[a-z0-9]+]]: tensor<1x64x1x32xf16>, %[[G:[a-z0-9]+]]: tensor<1x64x1x32xf16>, %[[F:[a-z0-9]+]]: tensor<1x7x1x32xf16>)
  // CHECK-NOT:     mil.reshape
  // CHECK-NOT:     mil.transpose
  // The mean moves towards the gradient.
  // CHECK:         %[[D:.*]] = mil.sub %{{.*}}, %[[M]]
  // CHECK:         %[[E:.*]] = mil.mul %[[D]], %{{.*}}
  // CHECK:         %[[M1:.*]] = mil.add %[[M]], %[[E]]
  // Squares of quotients only.
  // CHECK:         %[[A:.*]] = mil.abs
  // CHECK:         %[[T:.*]] = mil.maximum %[[R]], %[[A]]
  // CHECK:         %[[TOP:.*]] = mil.add %[[T]], %{{.*}}
  // CHECK:         %[[OLD:.*]] = mil.real_div %[[R]], %[[TOP]]
  // CHECK:         %[[NOW:.*]] = mil.real_div %[[A]], %[[TOP]]
  // CHECK:         mil.mul %[[OLD]], %[[OLD]]
  // CHECK:         mil.mul %[[NOW]], %[[NOW]]
  // CHECK:         %[[S:.*]] = mil.sqrt
  // CHECK:         %[[R1:.*]] = mil.mul %[[S]], %[[TOP]]
  // The rest takes the step, and gives the weight what it can hold.
  // CHECK:         mil.real_div %[[M1]]
  // CHECK:         %[[C0:.*]] = mil.sub %[[C]], %{{.*}}
  // CHECK:         mil.const dense<4.882810e-04>
  // CHECK:         %[[W1:.*]] = mil.add %[[W]], %{{.*}}
  // CHECK:         %[[L:.*]] = mil.sub %[[W1]], %[[W]]
  // CHECK:         mil.const dense<2.048000e+03>
  // CHECK:         %[[L1:.*]] = mil.mul %[[L]], %{{.*}}
  // CHECK:         %[[C1:.*]] = mil.sub %[[C0]], %[[L1]]
  // CHECK:         mil.return %[[W1]], %[[C1]], %[[M1]], %[[R1]]
  nn.func private @update_kernel(%w: tensor<1x32x64xf32>, %r: tensor<1x32x64xf32>, %m: tensor<1x32x64xf32>, %v: tensor<1x32x64xf32>, %g: tensor<1x32x64xf32>, %f: tensor<1x32x7xf32>) -> (tensor<1x32x64xf32>, tensor<1x32x64xf32>, tensor<1x32x64xf32>, tensor<1x32x64xf32>) attributes {kernel} {
    %y:4 = nn.adamw %w, %r, %m, %v, %g, %f : tensor<1x32x64xf32>, tensor<1x32x7xf32>
    nn.return %y#0, %y#1, %y#2, %y#3 : tensor<1x32x64xf32>, tensor<1x32x64xf32>, tensor<1x32x64xf32>, tensor<1x32x64xf32>
  }

  // Quotients have operands of one shape, the only form that is known to run.
  // CHECK-LABEL: mil.program @squares_kernel
  // CHECK:         mil.func @main(%[[X:[a-z0-9]+]]: tensor<1x64x1x32xf16>)
  // CHECK:         %[[A:.*]] = mil.abs %[[X]]
  // CHECK:         %[[TOP:.*]] = mil.reduce_max %[[A]], axes = [3]
  // CHECK:         %[[P:.*]] = mil.add %[[TOP]], %{{.*}} : tensor<1x64x1x1xf16>
  // CHECK:         %[[Q:.*]] = mil.real_div %[[X]], %{{.*}} : tensor<1x64x1x32xf16>, tensor<1x64x1x32xf16>
  // CHECK:         %[[SQUARE:.*]] = mil.mul %[[Q]], %[[Q]]
  // CHECK:         %[[S:.*]] = mil.reduce_sum %[[SQUARE]], axes = [3]
  // CHECK:         mil.return %[[P]], %[[S]]
  nn.func private @squares_kernel(%x: tensor<1x32x64xf32>) -> (tensor<1x1x64xf32>, tensor<1x1x64xf32>) attributes {kernel} {
    %p, %s = nn.row_squares %x : tensor<1x32x64xf32> -> tensor<1x1x64xf32>
    nn.return %p, %s : tensor<1x1x64xf32>, tensor<1x1x64xf32>
  }
}

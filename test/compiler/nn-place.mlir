// RUN: anec-opt %s -nn-place | FileCheck %s
// RUN: anec-opt %s -nn-place=offload=classifier | FileCheck %s --check-prefix=CLASSIFIER
// RUN: anec-opt %s -nn-place=offload=final-norm | FileCheck %s --check-prefix=FINAL
// RUN: anec-opt %s -nn-place=offload=extras | FileCheck %s --check-prefix=EXTRAS
// RUN: anec-opt %s -nn-place=offload=extras,-classifier | FileCheck %s --check-prefix=LESS
// RUN: anec-opt %s -nn-place=offload=dw | FileCheck %s --check-prefix=DW
// RUN: anec-opt %s -nn-place=offload=max | FileCheck %s --check-prefix=DW
// RUN: anec-opt %s -nn-place=offload=max | FileCheck %s --check-prefix=KEPT
// RUN: anec-opt %s -nn-place=offload=dw,-dw | FileCheck %s
// RUN: anec-opt %s -nn-place=offload=-silu-bwd | FileCheck %s --check-prefix=NOSILU
// RUN: anec-opt %s -nn-place=offload=max,optimizer | FileCheck %s --check-prefix=OPTIMIZER
// RUN: anec-opt %s -nn-place=offload=max,optimizer,-optimizer | FileCheck %s --check-prefix=DW
// RUN: anec-opt %s -nn-place=offload=-norm | FileCheck %s --check-prefix=NONORM
// A target without powers gets no norms.
// RUN: anec-opt %s -nn-place=target=m1 | FileCheck %s --check-prefix=NONORM

nn.model @model {
  // Weight gradients are host work, and so are cheap ops that only they need,
  // unless they are asked for.
  // CHECK-LABEL: @block
  // NONORM-LABEL: @block
  // DW-LABEL: @block
  nn.func private @block(%x: tensor<2x4x8xf32>, %g: tensor<8xf32>, %w: tensor<8x8xf32>, %dy: tensor<2x4x8xf32>) -> (tensor<2x4x8xf32>, tensor<2x4x8xf32>, tensor<8x8xf32>) {
    // CHECK: nn.rms_norm {{.*}}nn.place = "device"
    // NONORM: nn.rms_norm {{.*}}nn.place = "host"
    %n = nn.rms_norm %x, %g {eps = 1.0e-5} : tensor<2x4x8xf32>, tensor<8xf32>
    // CHECK: nn.linear {{.*}}nn.place = "device"
    %y = nn.linear %n, %w : tensor<2x4x8xf32>, tensor<8x8xf32>
    // CHECK: nn.matmul {{.*}}nn.place = "device"
    %dx = nn.matmul %dy, %w : tensor<2x4x8xf32>, tensor<8x8xf32>
    // CHECK: nn.silu {{.*}}nn.place = "host"
    // DW: nn.silu {{.*}}nn.place = "device"
    %s = nn.silu %n : tensor<2x4x8xf32>
    // CHECK: nn.matmul {{.*}} transpose_a {nn.place = "host"}
    // DW: nn.matmul {{.*}} transpose_a {nn.place = "device"}
    %dw = nn.matmul %dy, %s transpose_a : tensor<2x4x8xf32>, tensor<2x4x8xf32>
    nn.return %y, %dx, %dw : tensor<2x4x8xf32>, tensor<2x4x8xf32>, tensor<8x8xf32>
  }
  // Gradients of vectors are where what they sum is, with the others.
  // CHECK-LABEL: @vectors
  // DW-LABEL: @vectors
  nn.func private @vectors(%x: tensor<2x4x8xf32>, %w: tensor<8x8xf32>, %dy: tensor<2x4x8xf32>) -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) {
    %dn = nn.matmul %dy, %w : tensor<2x4x8xf32>, tensor<8x8xf32>
    // CHECK: nn.rms_norm_gain_grad {{.*}}nn.place = "host"
    // DW: nn.rms_norm_gain_grad {{.*}}nn.place = "device"
    %dg = nn.rms_norm_gain_grad %x, %dn {eps = 1.0e-5} : tensor<2x4x8xf32>
    // CHECK: nn.sum_tokens {{.*}}nn.place = "host"
    // DW: nn.sum_tokens {{.*}}nn.place = "device"
    %db = nn.sum_tokens %dn : tensor<2x4x8xf32>
    // What the device does not have, it need not sum.
    // DW: nn.sum_tokens {{.*}}nn.place = "host"
    %dc = nn.sum_tokens %dy : tensor<2x4x8xf32>
    nn.return %dg, %db, %dc : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
  }
  // The slope of silu by its name: the sum that only resembles it stays.
  // NOSILU-LABEL: @slope
  nn.func private @slope(%x: tensor<2x4x8xf32>, %w: tensor<8x8xf32>, %dy: tensor<2x4x8xf32>) -> (tensor<2x4x8xf32>, tensor<2x4x8xf32>) {
    // NOSILU: nn.linear {{.*}}nn.place = "device"
    %h = nn.linear %x, %w : tensor<2x4x8xf32>, tensor<8x8xf32>
    // NOSILU-NEXT: nn.silu {{.*}}nn.place = "device"
    %y = nn.silu %h : tensor<2x4x8xf32>
    // NOSILU-NEXT: nn.sigmoid {{.*}}nn.place = "device"
    %s = nn.sigmoid %h : tensor<2x4x8xf32>
    // NOSILU-NEXT: nn.add {{.*}}nn.place = "host"
    %sum = nn.add %s, %y : tensor<2x4x8xf32>, tensor<2x4x8xf32>
    // NOSILU-NEXT: nn.mul {{.*}}nn.place = "host"
    %product = nn.mul %y, %s : tensor<2x4x8xf32>, tensor<2x4x8xf32>
    // NOSILU-NEXT: nn.sub {{.*}}nn.place = "host"
    %slope = nn.sub %sum, %product : tensor<2x4x8xf32>, tensor<2x4x8xf32>
    // NOSILU-NEXT: nn.mul {{.*}}nn.place = "host"
    %dh = nn.mul %dy, %slope : tensor<2x4x8xf32>, tensor<2x4x8xf32>
    // NOSILU-NEXT: nn.matmul {{.*}}nn.place = "device"
    %dx = nn.matmul %dh, %w : tensor<2x4x8xf32>, tensor<8x8xf32>
    // NOSILU-NEXT: nn.add {{.*}}nn.place = "device"
    %other = nn.add %dx, %y : tensor<2x4x8xf32>, tensor<2x4x8xf32>
    nn.return %other, %s : tensor<2x4x8xf32>, tensor<2x4x8xf32>
  }
  // The embedding, the classifier and the loss stay on the host; a norm alone
  // is not worth a dispatch.
  // CHECK-LABEL: @top
  // CLASSIFIER-LABEL: @top
  nn.func @top(%t: tensor<2x4xi32>, %e: tensor<16x8xf32>, %g: tensor<8xf32>) -> tensor<f32> {
    // CHECK: nn.embedding {{.*}}nn.place = "host"
    // CLASSIFIER: nn.embedding {{.*}}nn.place = "host"
    %x = nn.embedding %t, %e : tensor<2x4xi32>, tensor<16x8xf32>
    // CHECK: nn.rms_norm {{.*}}nn.place = "host"
    // CLASSIFIER: nn.rms_norm {{.*}}nn.place = "device"
    // Unless it is asked for, alone or not.
    // FINAL: nn.embedding
    // FINAL-NEXT: nn.rms_norm {{.*}}nn.place = "device"
    // FINAL-NEXT: nn.linear {{.*}}nn.place = "host"
    %n = nn.rms_norm %x, %g {eps = 1.0e-5} : tensor<2x4x8xf32>, tensor<8xf32>
    // CHECK: nn.linear {{.*}}nn.place = "host"
    // CLASSIFIER: nn.linear {{.*}}nn.place = "device"
    // The softmax of the loss is split off when it is asked for.
    // EXTRAS-LABEL: @top
    // EXTRAS: nn.rms_norm {{.*}}nn.place = "device"
    // EXTRAS-NEXT: %[[LOGITS:.*]] = nn.linear {{.*}}nn.place = "device"
    // EXTRAS-NEXT: %[[P:.*]] = nn.softmax %[[LOGITS]] {nn.place = "device"}
    // EXTRAS-NEXT: nn.log_loss %[[P]], %{{.*}} {nn.place = "host"}
    // LESS-LABEL: @top
    // LESS: nn.rms_norm {{.*}}nn.place = "device"
    // LESS-NEXT: nn.linear {{.*}}nn.place = "host"
    // LESS-NEXT: nn.softmax {{.*}}nn.place = "device"
    %l = nn.linear %n, %e : tensor<2x4x8xf32>, tensor<16x8xf32>
    // CHECK: nn.cross_entropy {{.*}}nn.place = "host"
    // CLASSIFIER: nn.cross_entropy {{.*}}nn.place = "host"
    %loss = nn.cross_entropy %l, %t : tensor<2x4x16xf32>, tensor<2x4xi32>
    nn.return %loss : tensor<f32>
  }
  // The gradient of a loss whose softmax the device makes needs nothing of the
  // host but what it knows before: one product takes it on the device. The
  // weight's gradient is host work and has it there.
  // EXTRAS-LABEL: @gradient
  // EXTRAS: %[[LOGITS:.*]] = nn.linear
  // EXTRAS-NEXT: %[[P:.*]] = nn.softmax %[[LOGITS]]
  // EXTRAS-NEXT: %[[W:.*]] = nn.target_weights %{{.*}}, %{{.*}} {nn.place = "host"}
  // EXTRAS-NEXT: %[[D:.*]] = nn.weighted_log_loss_grad %[[P]], %[[W]] {nn.place = "device"}
  // EXTRAS-NEXT: %[[H:.*]] = nn.log_loss_logits_grad %[[P]], {{.*}} {nn.place = "host"}
  // EXTRAS-NEXT: nn.matmul %[[D]], %{{.*}} {nn.place = "device"}
  // EXTRAS-NEXT: nn.matmul %[[H]], %{{.*}} transpose_a {nn.place = "host"}
  // LESS-LABEL: @gradient
  // LESS: %[[H:.*]] = nn.log_loss_logits_grad
  // LESS-NEXT: nn.matmul %[[H]]
  nn.func @gradient(%x: tensor<2x4x8xf32>, %t: tensor<2x4xi32>, %e: tensor<16x8xf32>, %dl: tensor<f32>) -> (tensor<2x4x8xf32>, tensor<16x8xf32>) {
    %l = nn.linear %x, %e : tensor<2x4x8xf32>, tensor<16x8xf32>
    %d = nn.cross_entropy_grad %l, %t, %dl : tensor<2x4x16xf32>, tensor<2x4xi32>, tensor<f32>
    %dx = nn.matmul %d, %e : tensor<2x4x16xf32>, tensor<16x8xf32>
    %de = nn.matmul %d, %x transpose_a : tensor<2x4x16xf32>, tensor<2x4x8xf32>
    nn.return %dx, %de : tensor<2x4x8xf32>, tensor<16x8xf32>
  }
  // Logits that the device makes are logarithms of its probabilities.
  // CHECK-LABEL: @logits
  // CHECK: nn.linear {{.*}}nn.place = "host"
  // EXTRAS-LABEL: @logits
  // EXTRAS: %[[LOGITS:.*]] = nn.linear
  // EXTRAS-NEXT: %[[P:.*]] = nn.softmax %[[LOGITS]] {nn.place = "device"}
  // EXTRAS-NEXT: %[[L:.*]] = nn.log_probability %[[P]] {nn.place = "host"}
  // EXTRAS-NEXT: nn.return %[[L]]
  nn.func @logits(%x: tensor<2x4x8xf32>, %e: tensor<16x8xf32>) -> tensor<2x4x16xf32> {
    %l = nn.linear %x, %e : tensor<2x4x8xf32>, tensor<16x8xf32>
    nn.return %l : tensor<2x4x16xf32>
  }
  // With classifier, softmax and weight gradients on the device, logits and
  // probabilities stay there: gradients are products with p on the device, less
  // rows of the weight, and on the host products with the targets.
  // KEPT-LABEL: @loss
  nn.func @loss(%x: tensor<2x4x8xf32>, %e: tensor<16x8xf32>, %t: tensor<2x4xi32>) -> (tensor<f32>, tensor<2x4x8xf32>) {
    // KEPT:      %[[L:.*]] = nn.linear %[[X:.*]], %[[W:.*]] {nn.place = "device"}
    // KEPT-NEXT: %[[P:.*]] = nn.softmax %[[L]] {nn.place = "device"}
    // KEPT-NEXT: %[[TOP:.*]] = nn.peak %[[L]] {nn.place = "device"}
    // KEPT-NEXT: %[[PEAK:.*]] = nn.peak %[[P]] {nn.place = "device"}
    // KEPT-NEXT: nn.peak_log_loss %[[X]], %[[W]], %[[T:.*]], %[[TOP]], %[[PEAK]] {nn.place = "host"}
    // KEPT:      %[[C:.*]] = nn.token_weights %{{.*}} {nn.place = "host"}
    // KEPT-NEXT: %[[D:.*]] = nn.scale_tokens %[[P]], %[[C]] {nn.place = "device"}
    // KEPT-NEXT: %[[R:.*]] = nn.embedding %[[T]], %[[W]] {nn.place = "host"}
    // KEPT-NEXT: %[[DR:.*]] = nn.scale_tokens %[[R]], %[[C]] {nn.place = "device"}
    // KEPT-NEXT: %[[DX:.*]] = nn.matmul %[[D]], %[[W]] {nn.place = "device"}
    // KEPT-NEXT: %[[DIFF:.*]] = nn.sub %[[DX]], %[[DR]] {nn.place = "device"}
    // KEPT-NEXT: %[[GRAD:.*]] = nn.matmul %[[D]], %[[X]] transpose_a {nn.place = "device"}
    // KEPT-NEXT: %[[H:.*]] = nn.scale_tokens %[[X]], %[[C]] {nn.place = "host"}
    // KEPT-NEXT: %[[M:.*]] = nn.scale %[[H]] {factor = -1.000000e+00 : f64, nn.place = "host"}
    // KEPT-NEXT: %[[DT:.*]] = nn.embedding_grad %[[T]], %[[M]] {nn.place = "host"}
    // KEPT-NEXT: nn.accumulate @table, %[[DT]] : tensor<16x8xf32>
    // KEPT-NEXT: nn.accumulate @table, %[[GRAD]] : tensor<16x8xf32>
    // KEPT-NEXT: nn.return %{{.*}}, %[[DIFF]]
    // Without one of the three the loss needs the probabilities.
    // EXTRAS-LABEL: @loss
    // LESS-LABEL: @loss
    // LESS: nn.log_loss_logits_grad {{.*}}nn.place = "host"
    %l = nn.linear %x, %e : tensor<2x4x8xf32>, tensor<16x8xf32>
    %loss = nn.cross_entropy %l, %t : tensor<2x4x16xf32>, tensor<2x4xi32>
    %scale = nn.loss_scale : tensor<f32>
    %dl = nn.cross_entropy_grad %l, %t, %scale : tensor<2x4x16xf32>, tensor<2x4xi32>, tensor<f32>
    %dx = nn.matmul %dl, %e : tensor<2x4x16xf32>, tensor<16x8xf32>
    %dw = nn.matmul %dl, %x transpose_a : tensor<2x4x16xf32>, tensor<2x4x8xf32>
    nn.accumulate @table, %dw : tensor<16x8xf32>
    nn.return %loss, %dx : tensor<f32>, tensor<2x4x8xf32>
  }
}
// OPTIMIZER: nn.model @{{.*}} attributes {optimizer_on_device}

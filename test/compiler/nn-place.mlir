// RUN: anec-opt %s -nn-place | FileCheck %s
// RUN: anec-opt %s -nn-place=offload=classifier | FileCheck %s --check-prefix=CLASSIFIER
// RUN: anec-opt %s -nn-place=offload=final-norm | FileCheck %s --check-prefix=FINAL
// RUN: anec-opt %s -nn-place=offload=extras | FileCheck %s --check-prefix=EXTRAS
// RUN: anec-opt %s -nn-place=offload=extras,-classifier | FileCheck %s --check-prefix=LESS
// RUN: not anec-opt %s -nn-place=offload=dw 2>&1 | FileCheck %s --check-prefix=DW
// RUN: anec-opt %s -nn-place=offload=-norm | FileCheck %s --check-prefix=NONORM
// A target without powers gets no norms.
// RUN: anec-opt %s -nn-place=target=m1 | FileCheck %s --check-prefix=NONORM

nn.model @model {
  // Weight gradients are host work, and so are cheap ops that only they need.
  // CHECK-LABEL: @block
  // NONORM-LABEL: @block
  nn.func private @block(%x: tensor<2x4x8xf32>, %g: tensor<8xf32>, %w: tensor<8x8xf32>, %dy: tensor<2x4x8xf32>) -> (tensor<2x4x8xf32>, tensor<2x4x8xf32>, tensor<8x8xf32>) {
    // CHECK: nn.rms_norm {{.*}}nn.place = "device"
    // NONORM: nn.rms_norm {{.*}}nn.place = "host"
    %n = nn.rms_norm %x, %g {eps = 1.0e-5} : tensor<2x4x8xf32>, tensor<8xf32>
    // CHECK: nn.linear {{.*}}nn.place = "device"
    %y = nn.linear %n, %w : tensor<2x4x8xf32>, tensor<8x8xf32>
    // CHECK: nn.matmul {{.*}}nn.place = "device"
    %dx = nn.matmul %dy, %w : tensor<2x4x8xf32>, tensor<8x8xf32>
    // CHECK: nn.silu {{.*}}nn.place = "host"
    %s = nn.silu %n : tensor<2x4x8xf32>
    // CHECK: nn.matmul {{.*}} transpose_a {nn.place = "host"}
    %dw = nn.matmul %dy, %s transpose_a : tensor<2x4x8xf32>, tensor<2x4x8xf32>
    nn.return %y, %dx, %dw : tensor<2x4x8xf32>, tensor<2x4x8xf32>, tensor<8x8xf32>
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
}
// DW: error: offload 'dw' has no device form in this compiler

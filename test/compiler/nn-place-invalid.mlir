// RUN: anec-opt %s -nn-place=offload=everything -verify-diagnostics

// expected-error @below {{expects offload to name auto, none, extras, max, classifier, classifier-softmax, norm, final-norm, norm-bwd, rope-bwd, silu-bwd, residual, dw or optimizer, but got 'everything'}}
nn.model @model {
  nn.func @top(%x: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> {
    nn.return %x : tensor<2x4x8xf32>
  }
}

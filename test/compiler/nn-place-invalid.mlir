// RUN: anec-opt %s -nn-place=offload=everything -verify-diagnostics

// expected-error @below {{expects offload to name auto, none, classifier, norm, norm-bwd or rope-bwd, but got 'everything'}}
nn.model @model {
  nn.func @top(%x: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> {
    nn.return %x : tensor<2x4x8xf32>
  }
}

// RUN: anec-opt %s -nn-split-joint=recompute=some -verify-diagnostics

// expected-error @below {{expects recompute to be auto, cheap or full, but got 'some'}}
nn.model @model {
  nn.func @top(%x: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> {
    nn.return %x : tensor<2x4x8xf32>
  }
}

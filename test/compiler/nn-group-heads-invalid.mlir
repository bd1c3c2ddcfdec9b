// RUN: anec-opt %s -split-input-file -nn-group-heads -verify-diagnostics

!x = tensor<1x2x4xf32>
nn.model @model {
  nn.func private @between(%x: !x) -> !x attributes {kernel} {
    %s = nn.silu %x : !x
    // expected-error @below {{cannot be moved into the order of a weight, an input or an output of 'between'}}
    %p = nn.permute_features %s {order = array<i64: 1, 2, 0, 3>} : !x
    %y = nn.silu %p : !x
    nn.return %y : !x
  }
}

// RUN: not anec-opt %s -ane-partition=weights=frozen 2>&1 | FileCheck %s --check-prefix=STRATEGY
// RUN: not anec-opt %s -ane-partition=weights-for=a=b 2>&1 | FileCheck %s --check-prefix=RULE
// RUN: not anec-opt %s -ane-partition=weights-for=[=baked 2>&1 | FileCheck %s --check-prefix=GLOB

// STRATEGY: :[[@LINE+3]]:1: error: expects weights to be packed, param, baked or delta, but got 'frozen'
// RULE: :[[@LINE+2]]:1: error: expects weights to be packed, param, baked or delta, but got 'b'
// GLOB: :[[@LINE+1]]:1: error: expects weights-for to be GLOB=STRATEGY, but got '[=baked'
nn.model @model {
  nn.func @top(%x: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> {
    nn.return %x : tensor<2x4x8xf32>
  }
}

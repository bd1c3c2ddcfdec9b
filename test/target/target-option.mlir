// RUN: anec-opt %s -split-input-file -verify-diagnostics -pass-pipeline='builtin.module(mil.program(verify-ane-target{target=m4}))'
// RUN: not anec-opt %s -pass-pipeline='builtin.module(mil.program(verify-ane-target{target=m9}))' 2>&1 | FileCheck %s
//
// A profile relaxes rules; an unknown one is an error that lists the others.

// CHECK: error: unknown target 'm9', expected one of strict, m1, m4, m5
mil.program @wide_on_m4 {
  mil.func @main(%x: tensor<1x32x1x20480xf16>) -> tensor<1x32x1x20480xf16> {
    %y = mil.sigmoid %x : tensor<1x32x1x20480xf16>
    mil.return %y : tensor<1x32x1x20480xf16>
  }
}

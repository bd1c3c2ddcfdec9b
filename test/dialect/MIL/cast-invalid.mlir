// RUN: anec-opt %s -split-input-file -verify-diagnostics

// cast_c1
func.func @no_such_type(%x: tensor<4xf16>) {
  // expected-error @below {{expects dtype to be fp16, fp32, int32 or bool, but got 'f32'}}
  %0 = mil.cast %x, dtype = "f32" : tensor<4xf16>
  return
}

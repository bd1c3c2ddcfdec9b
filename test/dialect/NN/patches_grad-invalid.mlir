// RUN: anec-opt %s -split-input-file -verify-diagnostics

// patches_grad_c1
func.func @features(%x: tensor<2x24x26xf32>) {
  // expected-error @below {{expects features of dy to be a multiple of 9, but got 26}}
  %y = nn.patches_grad %x, height = 4, width = 6, kernel = 3, stride = 1 : tensor<2x24x26xf32>
  return
}

// -----

// patches_grad_c1
func.func @pixels(%x: tensor<2x24x27xf32>) {
  // expected-error @below {{expects dy to have 6 pixels, but got 24}}
  %y = nn.patches_grad %x, height = 4, width = 6, kernel = 3, stride = 2 : tensor<2x24x27xf32>
  return
}

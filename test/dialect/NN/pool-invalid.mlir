// RUN: anec-opt %s -split-input-file -verify-diagnostics

// pool_c1
func.func @pixels(%x: tensor<2x24x3xf32>) {
  // expected-error @below {{expects x to have 16 pixels, but got 24}}
  %y = nn.pool max %x, height = 4, width = 4, window = 2 : tensor<2x24x3xf32>
  return
}

// -----

// pool_c2
func.func @window(%x: tensor<2x24x3xf32>) {
  // expected-error @below {{expects window to divide height 4 and width 6, but got 4}}
  %y = nn.pool max %x, height = 4, width = 6, window = 4 : tensor<2x24x3xf32>
  return
}

// RUN: anec-opt %s -split-input-file -verify-diagnostics

// conv2d_c1
func.func @pixels(%x: tensor<2x24x3xf32>, %w: tensor<5x27xf32>) {
  // expected-error @below {{expects x to have 20 pixels, but got 24}}
  %y = nn.conv2d %x, %w, height = 4, width = 5, kernel = 3, stride = 1 : tensor<2x24x3xf32>, tensor<5x27xf32>
  return
}

// -----

// conv2d_c2
func.func @stride(%x: tensor<2x24x3xf32>, %w: tensor<5x27xf32>) {
  // expected-error @below {{expects stride to divide height 4 and width 6, but got 3}}
  %y = nn.conv2d %x, %w, height = 4, width = 6, kernel = 3, stride = 3 : tensor<2x24x3xf32>, tensor<5x27xf32>
  return
}

// -----

// conv2d_c2
func.func @no_stride(%x: tensor<2x24x3xf32>, %w: tensor<5x27xf32>) {
  // expected-error @below {{expects stride to divide height 4 and width 6, but got 0}}
  %y = nn.conv2d %x, %w, height = 4, width = 6, kernel = 3, stride = 0 : tensor<2x24x3xf32>, tensor<5x27xf32>
  return
}

// -----

// conv2d_c2
func.func @kernel(%x: tensor<2x24x3xf32>, %w: tensor<5x27xf32>) {
  // expected-error @below {{expects a kernel from 1 to 8, twice the image, but got 9}}
  %y = nn.conv2d %x, %w, height = 4, width = 6, kernel = 9, stride = 1 : tensor<2x24x3xf32>, tensor<5x27xf32>
  return
}

// -----

// conv2d_c2
func.func @no_height(%x: tensor<2x24x3xf32>, %w: tensor<5x27xf32>) {
  // expected-error @below {{expects height and width from 1 to 1048576, but got 0 and 6}}
  %y = nn.conv2d %x, %w, height = 0, width = 6, kernel = 3, stride = 1 : tensor<2x24x3xf32>, tensor<5x27xf32>
  return
}

// -----

// conv2d_c3
func.func @weight(%x: tensor<2x24x3xf32>, %w: tensor<5x9xf32>) {
  // expected-error @below {{expects a weight [output channels, 27], but got 'tensor<5x9xf32>'}}
  %y = nn.conv2d %x, %w, height = 4, width = 6, kernel = 3, stride = 1 : tensor<2x24x3xf32>, tensor<5x9xf32>
  return
}

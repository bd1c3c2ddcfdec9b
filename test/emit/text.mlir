// RUN: anec-translate %s --ir-to-mil | FileCheck %s
// RUN: anec-translate %s --ir-to-mil > %t.1
// RUN: anec-translate %s --ir-to-mil | cmp - %t.1
//
// Names, shared constants, and the forms of every kind of parameter.

// CHECK:      program(1.3)
// CHECK-NEXT: [buildInfo = dict<string, string>({{[{][{]}}"coremlc-component-MIL", "3510.2.1"}, {"coremlc-version", "3505.4.1"}, {"coremltools-component-milinternal", ""}, {"coremltools-version", "9.0"}})]
// CHECK:      func main<ios18>(tensor<fp16, [1, 8, 1, 64]> a00_in) {

// A constant is declared before its first use, once for equal values: 0.5 is
// one const, [0, 0, 0, 0] serves a begin and a pad.
// CHECK-NEXT:   tensor<int32, [4]> [[ZERO:c[0-9]+]] = const()[name = string("[[ZERO]]"), val = tensor<int32, [4]>([0, 0, 0, 0])];
// CHECK-NEXT:   tensor<int32, [4]> [[SIZE:c[0-9]+]] = const()[name = string("[[SIZE]]"), val = tensor<int32, [4]>([1, 8, 1, 32])];
// CHECK-NEXT:   tensor<fp16, [1, 8, 1, 32]> [[X:t[0-9]+_slice_by_size]] = slice_by_size(x = a00_in, begin = [[ZERO]], size = [[SIZE]])[name = string("[[X]]")];
// CHECK-NEXT:   fp16 [[HALF:c[0-9]+]] = const()[name = string("[[HALF]]"), val = fp16(0x1p-1)];
// CHECK-NEXT:   tensor<fp16, [1, 8, 1, 32]> [[M:t[0-9]+_mul]] = mul(x = [[X]], y = [[HALF]])[name = string("[[M]]")];
// CHECK-NEXT:   tensor<fp16, [1, 8, 1, 32]> [[N:t[0-9]+_mul]] = mul(x = [[M]], y = [[HALF]])[name = string("[[N]]")];

// A weight is a file with its metadata record at 64; strings, bools, scalars.
// CHECK-NEXT:   tensor<fp16, [8, 8, 1, 1]> [[W:c[0-9]+]] = const()[name = string("[[W]]"), val = tensor<fp16, [8, 8, 1, 1]>(BLOBFILE(path = string("@model_path/weights/wq.bin"), offset = uint64(64)))];
// CHECK-NEXT:   tensor<int32, [2]> [[ONES:c[0-9]+]] = const(){{.*}} val = tensor<int32, [2]>([1, 1])];
// CHECK-NEXT:   string [[VALID:c[0-9]+]] = const(){{.*}} val = string("valid")];
// CHECK-NEXT:   int32 [[ONE:c[0-9]+]] = const(){{.*}} val = int32(1)];
// CHECK-NEXT:   tensor<fp16, [1, 8, 1, 32]> [[C:t[0-9]+_conv]] = conv(x = [[N]], weight = [[W]], strides = [[ONES]], pad_type = [[VALID]], pad = [[ZERO]], dilations = [[ONES]], groups = [[ONE]])[name = string("[[C]]")];

// A short vector stands in the text; a list is in parentheses; axis 1 is the
// const that groups used.
// CHECK-NEXT:   tensor<fp16, [2]> [[V:c[0-9]+]] = const(){{.*}} val = tensor<fp16, [2]>([-0x1p+0, 0x1.8p+1])];
// CHECK-NEXT:   tensor<fp16, [2]> [[A:t[0-9]+_abs]] = abs(x = [[V]])
// CHECK-NEXT:   bool [[FALSE:c[0-9]+]] = const(){{.*}} val = bool(false)];
// CHECK-NEXT:   tensor<fp16, [1, 16, 1, 32]> z00_out = concat(values = ([[C]], [[C]]), axis = [[ONE]], interleave = [[FALSE]])[name = string("z00_out")];
// CHECK-NEXT: } -> (z00_out);
mil.program @forms {
  mil.func @main(%in: tensor<1x8x1x64xf16>) -> tensor<1x16x1x32xf16> {
    %x = mil.slice_by_size %in, begin = [0, 0, 0, 0], size = [1, 8, 1, 32] : tensor<1x8x1x64xf16>
    %half = mil.const dense<0.5> : tensor<f16>
    %m = mil.mul %x, %half : tensor<1x8x1x32xf16>, tensor<f16>
    %again = mil.const dense<0.5> : tensor<f16>
    %n = mil.mul %m, %again : tensor<1x8x1x32xf16>, tensor<f16>
    %w = mil.const in "weights/wq.bin" : tensor<8x8x1x1xf16>
    %c = mil.conv %n, %w, strides = [1, 1], pad_type = "valid", pad = [0, 0, 0, 0], dilations = [1, 1], groups = 1
      : tensor<1x8x1x32xf16>, tensor<8x8x1x1xf16>
    %v = mil.const dense<[-1.0, 3.0]> : tensor<2xf16>
    %a = mil.abs %v : tensor<2xf16>
    %y = mil.concat (%c, %c), axis = 1, interleave = false : tensor<1x8x1x32xf16>, tensor<1x8x1x32xf16>
    mil.return %y : tensor<1x16x1x32xf16>
  }
}

// Alphabetical order of names is order of slots.
// CHECK:      func main<ios18>(tensor<fp16, [4]> a00_in, tensor<fp16, [4]> a01_in) {
// CHECK:        z01_out = add(x = a00_in, y = a01_in)
// CHECK:        z00_out = sub(x = a00_in, y = a01_in)
// CHECK:      } -> (z00_out, z01_out);
mil.program @order {
  mil.func @main(%x: tensor<4xf16>, %y: tensor<4xf16>) -> (tensor<4xf16>, tensor<4xf16>) {
    %a = mil.add %x, %y : tensor<4xf16>, tensor<4xf16>
    %s = mil.sub %x, %y : tensor<4xf16>, tensor<4xf16>
    mil.return %s, %a : tensor<4xf16>, tensor<4xf16>
  }
}

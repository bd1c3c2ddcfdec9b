//===- OperatorTypesTest.cpp - Type rules of rarer operators --------------===//
//
// One good statement and the interesting bad ones per rule; the good ones of
// other operators are among the recorded cases.
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/Reader.h"
#include "runtime/mil/TypeCheck.h"

#include <gtest/gtest.h>

using namespace anec::rt;
using namespace anec::rt::mil;

namespace {

std::string errorOf(const std::string &type, const std::string &op) {
  auto program = read("program(1.3){\nfunc main<ios18>(tensor<fp16, [1, 4, 2, "
                      "8]> x, tensor<int32, [3]> i, tensor<fp16, [?, 4]> o, "
                      "tensor<fp16, [4, 0, 8]> none) "
                      "{\n" +
                          type + " y = " + op + ";} -> (y);}",
                      "t.mil");
  EXPECT_TRUE(program) << program.error().message;
  if (!program)
    return "";
  auto error = check(*program, "t.mil", nullptr);
  return error ? error->message : "none";
}

void accept(const std::string &type, const std::string &op) {
  EXPECT_EQ(errorOf(type, op), "none") << op;
}

void refuse(const std::string &op, const std::string &message) {
  const std::string error = errorOf("fp16", op);
  EXPECT_NE(error.find(message), std::string::npos)
      << error << "\nexpected: " << message;
}

TEST(OperatorTypes, Scatter) {
  refuse("scatter(data = x, indices = x, updates = x)",
         "expected integers as 'indices'");
  refuse("scatter(data = x, indices = i, updates = x)",
         "expected 'updates' of type tensor<fp16, [3, 4, 2, 8]>, found "
         "tensor<fp16, [1, 4, 2, 8]>");
  refuse("scatter(data = x, indices = i, updates = x, mode = "
         "string(\"xor\"))",
         "expected 'mode' update, add, sub, mul, div, max or min, found 'xor'");
  refuse("scatter_along_axis(data = x, indices = i, updates = x)",
         "expected 'indices' like [1, 4, 2, 8] except for axis 0, found [3]");
  refuse("gather_nd(x = x, indices = i, batch_dims = int32(1))",
         "expected 'indices' with 1 equal first sizes");
  refuse("scatter_nd(data = x, indices = tensor<int32, [5]>([0,0,0,0,0]), "
         "updates = x)",
         "a last size of at most 4, to index [1, 4, 2, 8], found [5]");
}

TEST(OperatorTypes, Tile) {
  accept("tensor<fp16, [?, 12]>",
         "tile(x = o, reps = tensor<int32, [2]>([2, 3]))");
  accept("tensor<fp16, [8, 0, 8]>",
         "tile(x = none, reps = tensor<int32, [3]>([2, 3, 1]))");
  // Sizes that multiply beyond 64 bits, though there are no elements.
  refuse("tile(x = none, reps = tensor<int32, [3]>([2147483647, 2147483647, "
         "2147483647]))",
         "expected 3 positive 'reps' and at most 2^48 elements, found "
         "[2147483647, 2147483647, "
         "2147483647]");
}

TEST(OperatorTypes, OneHot) {
  accept("tensor<fp16, [5, 3]>",
         "one_hot(indices = i, one_hot_vector_size = int32(5), axis = "
         "int32(0), on_value = fp16(1), off_value = fp16(0))");
  refuse("one_hot(indices = i, one_hot_vector_size = int32(0))",
         "expected a positive 'one_hot_vector_size', found 0");
  refuse("one_hot(indices = i, one_hot_vector_size = int32(2), on_value = "
         "fp16(1), off_value = fp32(0))",
         "to be numbers of one type");
}

TEST(OperatorTypes, BlocksAndWindows) {
  accept("tensor<fp16, [1, 1, 4, 16]>",
         "pixel_shuffle(x = x, upscale_factor = int32(2))");
  accept("tensor<fp16, [1, 16, 1, 4]>",
         "space_to_depth(x = x, block_size = int32(2))");
  refuse("depth_to_space(x = x, block_size = int32(3))",
         "expected a multiple of 9 channels, found 4");
  refuse("space_to_depth(x = x, block_size = int32(4))",
         "expected height and width to be multiples of 4, found 2 and 8");
  refuse("sliding_windows(x = x, axis = int32(2), size = int32(3))",
         "expected a 'size' from 1 to 2");
  refuse("reshape_like(x = x, ref_tensors = (x, i), begins = (int32(0)), ends "
         "= (int32(1)), end_masks = (bool(false)))",
         "expected 2 'begins', 'ends' and 'end_masks'");
  refuse("reshape_like(x = x, ref_tensors = (x), begins = (int32(0)), ends = "
         "(int32(2)), end_masks = (bool(false)))",
         "expected a shape of 64 elements like [1, 4, 2, 8], found [1, 4]");
  accept("tensor<fp16, [?, 4]>", "flatten2d(x = o)");
  refuse("flatten2d(x = x, axis = int32(5))",
         "expected 'axis' from -4 to 4, found 5");
}

TEST(OperatorTypes, Images) {
  accept("tensor<fp16, [1, 4, 3, 4]>",
         "upsample_bilinear(x = x, scale_factor_height = fp32(1.5), "
         "scale_factor_width = fp32(0.5))");
  refuse("upsample_bilinear(x = i)", "expected 'x' of rank 3 or more");
  refuse("upsample_nearest_neighbor(x = x, scale_factor_width = fp32(-1))",
         "expected a positive 'scale_factor_width'");
  refuse("resize_bilinear(x = x, target_size_width = int32(0))",
         "expected positive target sizes");
  refuse("conv_transpose(x = x, weight = tensor<fp16, [2, 1, 1, 1]>([1, 2]))",
         "expected 4 input channels in 1 groups to match the weight [2, 1, 1, "
         "1]");
  refuse("conv_transpose(x = x, weight = tensor<fp16, [4, 1, 1, 1]>([1, 2, 3, "
         "4]), output_shape = tensor<int32, [4]>([1, 2, 2, 8]))",
         "expected 'output_shape' [1, 1, 2, 8], found [1, 2, 2, 8]");
  refuse("conv_transpose(x = x, weight = tensor<fp16, [4, 1, 1, 1]>([1, 2, 3, "
         "4]), pad_type = string(\"custom\"), pad = tensor<int32, [4]>([1, 1, "
         "0, 0]))",
         "expected pads that leave something of 2 elements, found 1 and 1");
  refuse("max_pool(x = x, kernel_sizes = tensor<int32, [2]>([1, 1]), pad_type "
         "= string(\"custom\"), pad = tensor<int32, [4]>([0, 1, 0, 0]), "
         "ceil_mode = bool(true))",
         "expected equal pads on both sides and not 'same' with 'ceil_mode'");
}

TEST(OperatorTypes, EquationsAreChecked) {
  refuse("einsum(values = (x, x), equation = string(\"nchw,nwhu->nchw\"))",
         "up to other letters, found 2 values and 'nchw,nwhu->nchw'");
  refuse("einsum(values = (x, x), equation = string(\"aaaa,aaaa->aaaa\"))",
         "up to other letters");
  refuse("einsum(values = (x, x), equation = string(\"nchw,nwhu->nchu\"))",
         "expected equal inner sizes, found 8 and 4");
}

TEST(OperatorTypes, Compressed) {
  refuse("constexpr_lut_to_dense(indices = tensor<uint2, [2]>([0, 3]), lut = "
         "tensor<fp16, [1, 2, 1]>([1, 2]))",
         "2 to the power of their bits");
  refuse("constexpr_lut_to_dense(indices = tensor<uint1, [2]>([0, 1]), lut = "
         "tensor<fp16, [1, 2, 2]>([1, 2, 3, 4]))",
         "expected argument 'vector_axis'");
  refuse(
      "constexpr_sparse_to_dense(nonzero_data = fp16(1), mask = tensor<uint1, "
      "[2]>([0, 1]))",
      "expected a vector as 'nonzero_data' and a mask of uint1");
  refuse(
      "constexpr_cast(source_val = int32(1), output_dtype = string(\"fp32\"))",
      "expected a float type as 'output_dtype' and floats to cast");
  refuse("cast(x = x, dtype = string(\"int64\"))",
         "expected 'dtype' fp16, fp32, int8, int16, int32, uint8, uint16 or "
         "bool, found 'int64'");
}

TEST(OperatorTypes, SomeParametersMustBeConstants) {
  refuse("softmax(x = x, axis = i)",
         "t.mil:3:1: 'softmax': expected 'axis' to be a constant, found the "
         "computed value 'i'");
  refuse("layer_norm(x = x, gamma = x)", "expected 'gamma' to be a constant");
  refuse("conv(x = x, weight = o, bias = i)", "'weight' of the same rank");
  refuse("conv(x = x, weight = x, groups = int32(1), dilations = "
         "tensor<int32, [2]>([1, 2]), pad_type = string(\"same\"))",
         "expected a constant 'weight' with dilations, found the computed "
         "value 'x'");
  // What follows from constants is one.
  accept("tensor<fp16, [1, 4, 2, 8]>",
         "softmax(x = x, axis = int32(1)); tensor<fp16, [8]> g = "
         "exp(x = tensor<fp16, [8]>([1, 1, 1, 1, 1, 1, 1, 1])); tensor<fp16, "
         "[1, 4, 2, 8]> z = layer_norm(x = x, axes = tensor<int32, [1]>([-1]), "
         "gamma = g)");
}

TEST(OperatorTypes, Lstm) {
  const std::string begin =
      "lstm(x = tensor<fp16, [1, 1, 1]>([[[1]]]), initial_h = tensor<fp16, "
      "[1, 1]>([[0]]), initial_c = tensor<fp16, [1, 1]>([[0]]), weight_hh = "
      "tensor<fp16, [4, 1]>([1, 1, 1, 1]), ";
  refuse(begin + "weight_ih = tensor<fp16, [3, 1]>([1, 1, 1]))",
         "expected 'weight_ih' of shape [4, 1], found [3, 1]");
  refuse(begin + "weight_ih = tensor<fp16, [4, 1]>([1, 1, 1, 1]), direction = "
                 "string(\"sideways\"))",
         "expected 'direction' forward, reverse or bidirectional");
  refuse(begin + "weight_ih = tensor<fp16, [4, 1]>([1, 1, 1, 1]), direction = "
                 "string(\"bidirectional\"))",
         "expected argument 'weight_ih_back'");
}

} // namespace

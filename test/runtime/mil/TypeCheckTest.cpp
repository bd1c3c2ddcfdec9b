//===- TypeCheckTest.cpp - Names and types of a MIL program ---------------===//
//
// One good statement and the interesting bad ones per rule.
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/TypeCheck.h"

#include "runtime/mil/Reader.h"

#include <gtest/gtest.h>

using namespace anec::rt;
using namespace anec::rt::mil;

namespace {

/// The error of a program with an input x of shape [1, 4, 2, 8].
std::string errorOf(const std::string &statements,
                    std::vector<std::string> *warnings = nullptr) {
  auto program =
      read("program(1.3){\nfunc main<ios18>(tensor<fp16, [1, 4, 2, 8]> x, "
           "tensor<bool, [1]> b, tensor<int32, [3]> i) {\n" +
               statements + "} -> (x);}",
           "t.mil");
  EXPECT_TRUE(program) << program.error().message;
  if (!program)
    return "";
  auto error = check(*program, "t.mil", warnings);
  return error ? error->message : "none";
}

void accept(const std::string &type, const std::string &op) {
  EXPECT_EQ(errorOf(type + " y = " + op + ";"), "none") << op;
}

void refuse(const std::string &op, const std::string &message) {
  std::string error = errorOf("fp16 y = " + op + ";");
  EXPECT_NE(error.find(message), std::string::npos)
      << error << "\nexpected: " << message;
}

TEST(TypeCheck, NamesAndParameters) {
  refuse("relu(x = z)", "t.mil:3:19: no value is called 'z' here");
  refuse("relu()", "t.mil:3:1: 'relu': expected argument 'x'");
  refuse("relu(x = x, y = x)", "there is no parameter 'y'");
  refuse("relu(x = x, x = x)", "argument 'x' occurs twice");
  refuse("relu(x = (x, x))", "expected one value as 'x', found 2");
  refuse("teleport(x = x)", "operator 'teleport' is not supported");
  refuse("relu(x = x)", "expected the result type tensor<fp16, [1, 4, 2, 8]>, "
                        "found fp16");
  std::vector<std::string> warnings;
  EXPECT_EQ(errorOf("fp16 c = const()[val = fp16(1)];\n"
                    "fp16 c = const()[val = fp16(1)];\n",
                    &warnings),
            "none");
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_NE(warnings[0].find("'c' is defined again"), std::string::npos);
}

TEST(TypeCheck, ScalarsAndRankZeroTensorsAreEqual) {
  accept("tensor<fp16, []>", "const()[val = fp16(1)]");
  accept("fp16", "const()[val = tensor<fp16, []>(1)]");
  refuse("const()[val = fp32(1)]", "found fp16");
}

TEST(TypeCheck, Elementwise) {
  accept("tensor<fp16, [1, 4, 2, 8]>", "mul(x = x, y = fp16(2))");
  accept("tensor<fp16, [3, 4, 2, 8]>",
         "add(x = x, y = tensor<fp16, [3,1,1,1]>([1,2,3]))");
  accept("tensor<bool, [1, 4, 2, 8]>", "greater(x = x, y = fp16(0))");
  accept("tensor<fp16, [1, 4, 2, 8]>", "select(cond = b, a = x, b = fp16(0))");
  accept("tensor<fp32, [1, 4, 2, 8]>", "cast(x = x, dtype = string(\"fp32\"))");
  refuse("mul(x = x, y = fp32(2))", "equal element types, found fp16 and fp32");
  refuse("mul(x = x, y = tensor<fp16, [3]>([1,2,3]))",
         "expected shapes that broadcast, found [1, 4, 2, 8] and [3]");
  refuse("add(x = b, y = b)", "expected numbers, found bool");
  refuse("clip(x = x, alpha = fp16(2), beta = fp16(1))", "'alpha'");
  refuse("cast(x = x, dtype = string(\"fp17\"))", "'fp17'");
}

TEST(TypeCheck, Reductions) {
  accept("tensor<fp16, [1, 1, 2, 8]>",
         "reduce_sum(x = x, axes = tensor<int32,[1]>([-3]), keep_dims = "
         "bool(true))");
  accept("tensor<fp16, [1, 2]>",
         "reduce_max(x = x, axes = tensor<int32,[2]>([1, 3]))");
  accept("fp16", "reduce_mean(x = x)");
  accept("tensor<int32, [1, 4, 2]>", "reduce_argmax(x = x)");
  accept("tensor<fp16, [1, 4, 2, 8]>", "softmax(x = x, axis = int32(1))");
  refuse("reduce_sum(x = x, axes = tensor<int32,[1]>([4]))",
         "expected an axis from -4 to 3, found 4");
  refuse("reduce_sum(x = x, axes = tensor<int32,[2]>([1, -3]))",
         "axis 1 occurs twice");
}

TEST(TypeCheck, TypesThatFollowFromComputedValuesAreBelieved) {
  accept("tensor<fp16, [7]>", "reshape(x = x, shape = i)");
  auto program = read("program(1.3){ func main<ios18>(tensor<fp16, [4]> x, "
                      "tensor<int32, [1]> i) { tensor<fp16, [7]> y = "
                      "reshape(x = x, shape = i); } -> (y); }",
                      "t.mil");
  ASSERT_TRUE(program);
  Scope scope("t.mil", RuntimeTypes::Refuse);
  scope.enter(program->functions[0]);
  auto operands = scope.add(program->functions[0].statements[0]);
  ASSERT_FALSE(operands);
  EXPECT_NE(operands.error().message.find("expected 'shape' to be a constant, "
                                          "found the computed value 'i'"),
            std::string::npos);
}

TEST(TypeCheck, Products) {
  accept("tensor<fp16, [1, 4, 8, 8]>",
         "matmul(x = x, y = x, transpose_x = bool(true))");
  accept("tensor<fp16, [1, 4, 2, 2]>",
         "matmul(x = x, y = x, transpose_y = bool(true))");
  refuse("matmul(x = x, y = x)", "expected equal inner sizes, found 8 and 2");
  accept("tensor<fp16, [1, 3, 2, 8]>",
         "conv(x = x, weight = tensor<fp16,[3,4,1,1]>"
         "([1,2,3,4,5,6,7,8,9,10,11,12]))");
  accept("tensor<fp16, [1, 1, 1, 4]>",
         "conv(x = x, weight = tensor<fp16,[1,4,2,1]>([1,2,3,4,5,6,7,8]), "
         "strides = tensor<int32,[2]>([1, 2]))");
  refuse("conv(x = x, weight = tensor<fp16,[1,3,1,1]>([1,2,3]))",
         "expected 4 input channels in 1 groups");
  refuse("conv(x = x, weight = tensor<fp16,[1,1,3,1]>([1,2,3]), groups = "
         "int32(0))",
         "in 0 groups");
}

TEST(TypeCheck, ShapesAndSlices) {
  accept("tensor<fp16, [4, 16]>",
         "reshape(x = x, shape = tensor<int32,[2]>([4, -1]))");
  accept("tensor<fp16, [1, 8, 4, 2]>",
         "transpose(x = x, perm = tensor<int32,[4]>([0, 3, 1, 2]))");
  accept("tensor<fp16, [1, 4, 1, 2, 8]>",
         "expand_dims(x = x, axes = tensor<int32,[1]>([2]))");
  accept("tensor<fp16, [4, 2, 8]>",
         "squeeze(x = x, axes = tensor<int32,[1]>([0]))");
  accept("tensor<fp16, [1, 8, 2, 8]>", "concat(values = (x, x), axis = "
                                       "int32(1), interleave = bool(false))");
  accept("tensor<fp16, [1, 2, 2, 3]>",
         "slice_by_size(x = x, begin = tensor<int32,[4]>([0,1,0,-3]), size = "
         "tensor<int32,[4]>([1,2,-1,3]))");
  accept(
      "tensor<fp16, [1, 4, 2, 4]>",
      "slice_by_index(x = x, begin = tensor<int32,[4]>([0,0,0,0]), end = "
      "tensor<int32,[4]>([1,4,2,8]), stride = tensor<int32,[4]>([1,1,1,2]))");
  refuse("reshape(x = x, shape = tensor<int32,[2]>([5, -1]))",
         "expected a shape of 64 elements");
  refuse("transpose(x = x, perm = tensor<int32,[3]>([0, 3, 1]))",
         "expected 'perm' of 4 axes, found 3");
  refuse("concat(values = (x, b), axis = int32(1))",
         "expected values like the first");
  refuse("slice_by_size(x = x, begin = tensor<int32,[4]>([0,3,0,0]), size = "
         "tensor<int32,[4]>([1,2,2,8]))",
         "expected a slice inside dimension 1 of size 4");
  EXPECT_EQ(errorOf("tensor<fp16,[1,1,2,8]> p, tensor<fp16,[1,3,2,8]> q = "
                    "split(x = x, axis = int32(1), split_sizes = "
                    "tensor<int32,[2]>([1,3]));"),
            "none");
}

} // namespace

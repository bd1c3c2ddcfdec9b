//===- FusionTest.cpp - Operators that go through rows together -----------===//
//
// Fused steps against the same operators one by one, which OperatorTest
// compares with NumPy, and which operators may not be fused.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/CpuProgram.h"
#include "runtime/support/ThreadPool.h"

#include <gtest/gtest.h>

#include <random>

using namespace anec::rt;
using namespace anec::rt::cpu;

namespace {

struct Case {
  const char *name;
  /// Parameters, statements and outputs of main.
  const char *inputs, *statements, *outputs;
  /// Steps that remain.
  size_t steps;
};

constexpr const char *x = "tensor<fp16,[1,37,1,67]> x";

// The shapes are odd so that no row fills vectors, tasks or pieces evenly.
const Case cases[] = {
    {"Chain", x,
     "tensor<fp16,[1,37,1,67]> a = mul(x = x, y = fp16(0.3));"
     "tensor<fp16,[1,37,1,67]> b = sigmoid(x = a);"
     "tensor<fp16,[1,37,1,67]> y = sub(x = b, y = x);",
     "y", 1},
    {"ValuesThatOthersReadAreWritten", x,
     "tensor<fp16,[1,37,1,67]> a = mul(x = x, y = x);"
     "tensor<fp16,[1,37,1,67]> b = pow(x = a, y = fp16(1.5));"
     "tensor<fp16,[1,37,1,67]> y = add(x = a, y = b);",
     "y, a", 1},
    {"Stretched",
     "tensor<fp16,[1,37,1,67]> x, tensor<fp16,[1,37,1,1]> g, "
     "tensor<fp16,[1,1,1,67]> r",
     "tensor<fp16,[1,37,1,67]> a = mul(x = x, y = r);"
     "tensor<fp16,[1,37,1,67]> y = mul(x = a, y = g);",
     "y", 1},
    {"LongRows", "tensor<fp16,[3,10007]> x, tensor<fp16,[3,1]> g",
     "tensor<fp16,[3,10007]> a = exp(x = x);"
     "tensor<fp16,[3,10007]> y = mul(x = a, y = g);",
     "y", 1},
    {"OtherShapes", "tensor<fp16,[1,36,1,66]> x, tensor<fp16,[1,18,1,66]> r",
     "tensor<fp16,[1,36,1,66]> a = mul(x = x, y = x);"
     "tensor<fp16,[1,18,2,66]> b = reshape(x = a, shape = "
     "tensor<int32,[4]>([1,18,2,66]));"
     "tensor<fp16,[1,18,2,66]> c = mul(x = b, y = r);"
     "tensor<fp16,[1,9,4,66]> d = reshape(x = c, shape = "
     "tensor<int32,[4]>([1,9,4,66]));"
     "tensor<fp16,[1,9,4,66]> y = add(x = d, y = d);",
     "y", 1},
    {"SlicesAndConcat", "tensor<fp16,[1,8,1,300]> x",
     "tensor<fp16,[1,8,1,100]> a = slice_by_size(x = x, begin = "
     "tensor<int32,[4]>([0,0,0,50]), size = tensor<int32,[4]>([1,8,1,100]));"
     "tensor<fp16,[1,8,1,100]> b = slice_by_size(x = x, begin = "
     "tensor<int32,[4]>([0,0,0,150]), size = tensor<int32,[4]>([1,8,1,100]));"
     "tensor<fp16,[1,8,1,100]> c = mul(x = a, y = b);"
     "tensor<fp16,[1,8,1,100]> d = sub(x = c, y = b);"
     "tensor<fp16,[1,24,1,100]> y = concat(values = (d, c, d), axis = "
     "int32(1), interleave = bool(false));",
     "y", 1},
    {"SoftmaxAndItsGradient",
     "tensor<fp16,[1,3,70,70]> x, tensor<fp16,[1,1,70,70]> m, "
     "tensor<fp16,[1,3,70,70]> dy",
     "tensor<fp16,[1,3,70,70]> s = add(x = x, y = m);"
     "tensor<fp16,[1,3,70,70]> p = softmax(x = s, axis = int32(-1));"
     "tensor<fp16,[1,3,70,70]> a = mul(x = p, y = dy);"
     "tensor<fp16,[1,3,70,1]> r = reduce_sum(x = a, axes = "
     "tensor<int32,[1]>([3]), keep_dims = bool(true));"
     "tensor<fp16,[1,3,70,70]> b = sub(x = dy, y = r);"
     "tensor<fp16,[1,3,70,70]> y = mul(x = p, y = b);",
     "y, p, r", 1},
    {"MaximaAcrossRows", x,
     "tensor<fp16,[1,37,1,67]> a = abs(x = x);"
     "tensor<fp16,[1,1,1,67]> b = reduce_max(x = a, axes = "
     "tensor<int32,[1]>([1]), keep_dims = bool(true));"
     "tensor<fp16,[1,37,1,67]> y = sub(x = a, y = b);",
     "y, b", 2},
    // Several tasks; nobody else reads a and c, but d is read twice.
    {"LargestMagnitudes", "tensor<fp16,[1,200,1,512]> x",
     "tensor<fp16,[1,200,1,512]> a = abs(x = x);"
     "tensor<fp16,[1,1,1,512]> y = reduce_max(x = a, axes = "
     "tensor<int32,[1]>([1]), keep_dims = bool(true));"
     "tensor<fp16,[1,200,1,512]> b = mul(x = x, y = x);"
     "tensor<fp16,[1,200,1,512]> c = abs(x = b);"
     "tensor<fp16,[1,1,1,512]> z = reduce_max(x = c, axes = "
     "tensor<int32,[1]>([1]), keep_dims = bool(true));"
     "tensor<fp16,[1,200,1,512]> d = abs(x = x);"
     "tensor<fp16,[1,1,1,512]> u = reduce_max(x = d, axes = "
     "tensor<int32,[1]>([1]), keep_dims = bool(true));"
     "tensor<fp16,[1,1,1,512]> v = reduce_min(x = d, axes = "
     "tensor<int32,[1]>([1]), keep_dims = bool(true));",
     "y, z, u, v", 1},
    // 64 rows a part, and 10: f32 sums show every other order.
    {"SumsInParts", "tensor<fp16,[1,200,1,512]> x",
     "tensor<fp16,[1,200,1,512]> a = mul(x = x, y = x);"
     "tensor<fp16,[1,1,1,512]> b = reduce_sum(x = a, axes = "
     "tensor<int32,[1]>([1]), keep_dims = bool(true));"
     "tensor<fp16,[1,200,1,512]> y = sub(x = a, y = b);",
     "y, b", 2},
    {"SoftmaxOfColumns", "tensor<fp16,[1,3,70,300]> x",
     "tensor<fp16,[1,3,300,70]> t = transpose(x = x, perm = "
     "tensor<int32,[4]>([0,1,3,2]));"
     "tensor<fp16,[1,3,300,70]> p = softmax(x = t, axis = int32(-1));"
     "tensor<fp16,[1,3,70,300]> q = softmax(x = x, axis = int32(2));"
     "tensor<fp16,[1,3,300,70]> u = transpose(x = q, perm = "
     "tensor<int32,[4]>([0,1,3,2]));"
     "tensor<fp16,[1,3,300,70]> y = sub(x = p, y = u);",
     "p, q, y", 2},
    {"SumsInPartsOfWholeRows", "tensor<fp16,[1,45,1,3000]> x",
     "tensor<fp16,[1,45,1,3000]> a = softmax(x = x, axis = int32(-1));"
     "tensor<fp16,[1,1,1,3000]> b = reduce_mean(x = a, axes = "
     "tensor<int32,[1]>([1]), keep_dims = bool(true));",
     "a, b", 1},
    {"ShortRowsStayAlone", x,
     "tensor<fp16,[1,67,1,37]> y = transpose(x = x, perm = "
     "tensor<int32,[4]>([0,3,2,1]));"
     "tensor<fp16,[1,67,1,37]> z = add(x = y, y = y);",
     "z, y", 2},
    // The product waits for a, and c for the product.
    {"WhatAProductSeparates", "tensor<fp16,[64,64]> x",
     "tensor<fp16,[64,64]> a = mul(x = x, y = fp16(0.1));"
     "tensor<fp16,[64,64]> b = matmul(x = a, y = x);"
     "tensor<fp16,[64,64]> c = add(x = b, y = a);"
     "tensor<fp16,[64,64]> y = mul(x = c, y = x);",
     "y", 3},
    // d reads what c writes, in another order.
    {"OtherOrder", "tensor<fp16,[64,64]> x",
     "tensor<fp16,[64,64]> c = mul(x = x, y = x);"
     "tensor<fp16,[64,64]> t = transpose(x = c, perm = "
     "tensor<int32,[2]>([1,0]));"
     "tensor<fp16,[64,64]> y = add(x = t, y = x);",
     "y", 2},
};

std::unique_ptr<CpuProgram> compile(const Case &test, const std::string &type,
                                    bool fuse) {
  ProgramFiles files;
  files.name = test.name;
  files.text = std::string("program(1.3) {\nfunc main<ios18>(") + test.inputs +
               ") {\n" + test.statements + "\n} -> (" + test.outputs +
               ");\n}\n";
  for (size_t at = 0; (at = files.text.find("fp16", at)) != std::string::npos;
       at += type.size())
    files.text.replace(at, 4, type);
  CompileOptions options;
  options.numerics = type == "fp16" ? Numerics::Ane : Numerics::F32;
  options.fuseRows = fuse;
  ThreadPool pool(1);
  auto program = CpuProgram::compile(files, options, pool);
  EXPECT_TRUE(program) << program.error().message;
  return program ? std::move(*program) : nullptr;
}

/// Bytes of all outputs for inputs drawn from a normal distribution.
template <typename T>
std::vector<std::vector<T>> run(const CpuProgram &program, int threads) {
  std::mt19937 generator(1);
  std::normal_distribution<float> normal;
  std::vector<std::vector<T>> inputs, outputs;
  std::vector<const void *> inputPointers;
  std::vector<void *> outputPointers;
  for (const Port &port : program.inputs()) {
    inputs.emplace_back(static_cast<size_t>(elementCount(port.layout.dims)));
    for (T &element : inputs.back())
      element = static_cast<T>(normal(generator));
  }
  for (const Port &port : program.outputs())
    outputs.emplace_back(static_cast<size_t>(elementCount(port.layout.dims)));
  for (auto &input : inputs)
    inputPointers.push_back(input.data());
  for (auto &output : outputs)
    outputPointers.push_back(output.data());
  AlignedBuffer<uint8_t> arena;
  ThreadPool pool(threads);
  EXPECT_FALSE(program.run(inputPointers, outputPointers, arena, pool));
  return outputs;
}

template <typename T> void expectSameBits(const Case &test, const char *type) {
  auto fused = compile(test, type, true), single = compile(test, type, false);
  ASSERT_TRUE(fused && single);
  EXPECT_EQ(fused->stepCount(), test.steps);
  const auto expected = run<T>(*single, 1);
  for (int threads : {1, 3})
    EXPECT_TRUE(run<T>(*fused, threads) == expected) << threads << " threads";
}

class Fusion : public testing::TestWithParam<Case> {};

TEST_P(Fusion, GivesTheSameBits) {
  expectSameBits<half>(GetParam(), "fp16");
  expectSameBits<float>(GetParam(), "fp32");
}

INSTANTIATE_TEST_SUITE_P(Rows, Fusion, testing::ValuesIn(cases),
                         [](const auto &info) {
                           return std::string(info.param.name);
                         });

/// 5,000 rows are several tasks; their ones add up to the exact number, which
/// halves cannot count to one by one.
TEST(Fusion, SumsAcrossRowsAreCutIntoTasks) {
  const Case test = {"Sums", "tensor<fp16,[1,5000,1,64]> x",
                     "tensor<fp16,[1,5000,1,64]> a = mul(x = x, y = fp16(0));"
                     "tensor<fp16,[1,5000,1,64]> b = cos(x = a);"
                     "tensor<fp16,[1,1,1,64]> y = reduce_sum(x = b, axes = "
                     "tensor<int32,[1]>([1]), keep_dims = bool(true));"
                     "tensor<fp16,[1,1,1,64]> z = reduce_mean(x = b, axes = "
                     "tensor<int32,[1]>([1]), keep_dims = bool(true));",
                     "y, z", 1};
  auto program = compile(test, "fp16", true);
  ASSERT_TRUE(program);
  EXPECT_EQ(program->stepCount(), test.steps);
  const auto outputs = run<half>(*program, 2);
  EXPECT_EQ(static_cast<float>(outputs[0][63]), 5000);
  EXPECT_EQ(static_cast<float>(outputs[1][0]), 1);
}

} // namespace

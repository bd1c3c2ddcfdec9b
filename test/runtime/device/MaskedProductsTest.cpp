//===- MaskedProductsTest.cpp - Scores that a causal mask covers ----------===//
//
// Attention whose scores need not be complete against the same program that
// returns them too, so that they must be.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/CpuProgram.h"
#include "runtime/support/ThreadPool.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

using namespace anec::rt;
using namespace anec::rt::cpu;

namespace {

constexpr int64_t size = 70, heads = 2, depth = 16;

/// The elements of a mask, by row and column.
template <typename At> std::string maskOf(const At &at) {
  std::string text = "tensor<fp16,[1,1,70,70]> m = const()[val = "
                     "tensor<fp16,[1,1,70,70]>([";
  for (int64_t i = 0; i < size; ++i)
    for (int64_t j = 0; j < size; ++j)
      text += (i + j > 0 ? ", " : "") + std::to_string(at(i, j));
  return text + "])];";
}

std::string causalMask(int covering) {
  return maskOf([=](int64_t i, int64_t j) { return j > i ? covering : 0; });
}

constexpr const char *attention =
    "tensor<fp16,[1,2,70,70]> z = matmul(x = q, y = k, transpose_x = "
    "bool(true), transpose_y = bool(false));"
    "tensor<fp16,[1,2,70,70]> s = add(x = z, y = m);"
    "tensor<fp16,[1,2,70,70]> p = softmax(x = s, axis = int32(-1));";

std::unique_ptr<CpuProgram> compile(const std::string &statements,
                                    const std::string &outputs) {
  ProgramFiles files;
  files.name = "attention.mil";
  files.text = "program(1.3) {\nfunc main<ios18>(tensor<fp16,[1,2,16,70]> q, "
               "tensor<fp16,[1,2,16,70]> k) {\n" +
               statements + "\n} -> (" + outputs + ");\n}\n";
  ThreadPool pool(1);
  auto program = CpuProgram::compile(files, CompileOptions(), pool);
  EXPECT_TRUE(program) << program.error().message;
  return program ? std::move(*program) : nullptr;
}

/// p for queries and keys of a normal distribution, times `scale`, one key of
/// which is `special`.
std::vector<half> run(const CpuProgram &program, float scale, float special) {
  std::mt19937 generator(1);
  std::normal_distribution<float> normal;
  std::vector<half> q(heads * depth * size), k(q.size());
  for (half &number : q)
    number = static_cast<half>(normal(generator) * scale);
  for (half &number : k)
    number = static_cast<half>(normal(generator));
  k[size - 1] = static_cast<half>(special);
  std::vector<std::vector<half>> outputs(program.outputs().size());
  std::vector<void *> pointers;
  for (auto &output : outputs) {
    output.resize(heads * size * size);
    pointers.push_back(output.data());
  }
  AlignedBuffer<uint8_t> arena;
  ThreadPool pool(2);
  EXPECT_FALSE(program.run({q.data(), k.data()}, pointers, arena, pool));
  return outputs[0];
}

void expectSame(const std::vector<half> &a, const std::vector<half> &b) {
  for (size_t i = 0; i < a.size(); ++i)
    ASSERT_TRUE(a[i] == b[i] || (std::isnan(static_cast<float>(a[i])) &&
                                 std::isnan(static_cast<float>(b[i]))))
        << i;
}

/// Scores of every size, also where the largest is masked, and numbers that no
/// mask hides.
TEST(MaskedProducts, SameProbabilities) {
  const float infinity = std::numeric_limits<float>::infinity();
  for (int covering : {-30000, -65504}) {
    const std::string statements = causalMask(covering) + attention;
    auto masked = compile(statements, "p"), whole = compile(statements, "p, z");
    ASSERT_TRUE(masked && whole);
    EXPECT_EQ(masked->maskedProductCount(), 1U);
    EXPECT_EQ(whole->maskedProductCount(), 0U);
    for (float scale : {1e-3F, 1.0F, 10.0F, 1000.0F, 20000.0F})
      for (float special : {1.0F, 60000.0F, infinity, std::nanf("")})
        expectSame(run(*masked, scale, special), run(*whole, scale, special));
  }
}

TEST(MaskedProducts, OtherShapesAreWhole) {
  const std::string causal = causalMask(-65504);
  struct Case {
    std::string statements, outputs;
  };
  const std::string late =
      maskOf([](int64_t i, int64_t j) { return j > i + 1 ? -65504 : 0; });
  const std::string shifted =
      maskOf([](int64_t i, int64_t j) { return j > i ? -65504 : -2000; });
  for (const Case &test : {
           Case{causalMask(-29000) + attention, "p"},
           Case{late + attention, "p"},
           Case{shifted + attention, "p"},
           Case{causal + attention, "p, s"},
           // Somebody else reads the scores.
           Case{causal + attention +
                    "tensor<fp16,[1,2,70,70]> r = relu(x = z);",
                "p, r"},
           // Softmax of the columns.
           Case{causal + "tensor<fp16,[1,2,70,70]> z = matmul(x = q, y = k, "
                         "transpose_x = bool(true), transpose_y = bool(false));"
                         "tensor<fp16,[1,2,70,70]> s = add(x = z, y = m);"
                         "tensor<fp16,[1,2,70,70]> p = softmax(x = s, axis = "
                         "int32(2));",
                "p"},
       }) {
    auto program = compile(test.statements, test.outputs);
    ASSERT_TRUE(program);
    EXPECT_EQ(program->maskedProductCount(), 0U) << test.outputs;
  }
}

} // namespace

//===- OperatorErrorsTest.cpp - What operators refuse ---------------------===//
//
// Before a program runs where the text shows it, while it runs where only the
// elements do.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/CpuProgram.h"
#include "runtime/support/ThreadPool.h"

#include <gtest/gtest.h>

using namespace anec::rt;
using namespace anec::rt::cpu;

namespace {

/// The first error of a program, or "none"; x is 1 to 6 as [2, 3], i is
/// `index` twice.
std::string errorOf(const std::string &statement, float index = 0,
                    const std::string &opset = "ios18",
                    std::vector<std::string> *warnings = nullptr) {
  ProgramFiles files;
  files.name = "t.mil";
  files.text = "program(1.3) { func main<" + opset +
               ">(tensor<fp32, [2, 3]> x, tensor<int32, [2]> i) {\n" +
               statement + "; } -> (y); }";
  ThreadPool pool(1);
  auto program = CpuProgram::compile(files, CompileOptions(), pool, warnings);
  if (!program)
    return program.error().message;
  const std::vector<float> x = {1, 2, 3, 4, 5, 6};
  const std::vector<int32_t> i(2, static_cast<int32_t>(index));
  std::vector<float> y(1000);
  AlignedBuffer<uint8_t> arena;
  auto error = (*program)->run({x.data(), i.data()}, {y.data()}, arena, pool);
  return error ? error->message : "none";
}

TEST(OperatorErrors, IndicesOutsideAreFoundWhileRunning) {
  const std::string gather =
      "tensor<fp32, [2, 2]> y = gather(x = x, indices = i, axis = int32(1))";
  EXPECT_EQ(errorOf(gather, 2), "none");
  EXPECT_EQ(errorOf(gather, -3), "none");
  EXPECT_EQ(errorOf(gather, 3),
            "t.mil:2:1: 'gather': expected indices from -3 to 2, found 3");
  EXPECT_EQ(errorOf(gather, -4),
            "t.mil:2:1: 'gather': expected indices from -3 to 2, found -4");
  for (const char *statement :
       {"tensor<fp32, [2]> y = gather_nd(x = x, indices = tensor<int32, [2, "
        "2]>([0, 0, 0, 3]))",
        "tensor<fp32, [2, 3]> y = scatter(data = x, indices = i, updates = x)",
        "fp32 y = gather_nd(x = x, indices = i)",
        "tensor<fp32, [2, 3]> y = scatter_nd(data = x, indices = i, updates = "
        "fp32(1))"})
    EXPECT_NE(errorOf(statement, 7).find("expected indices from"),
              std::string::npos)
        << errorOf(statement, 7);
}

TEST(OperatorErrors, ConstantsAreCheckedBeforeRunning) {
  ProgramFiles files;
  files.name = "t.mil";
  files.text = "program(1.3) { func main<ios18>(tensor<fp16, [1]> x) {\n"
               "fp16 y = gather(x = tensor<fp16, [2]>([1, 2]), indices = "
               "int32(2)); } -> (y); }";
  ThreadPool pool(1);
  auto program = CpuProgram::compile(files, CompileOptions(), pool);
  ASSERT_FALSE(program);
  EXPECT_EQ(program.error().message,
            "t.mil:2:1: 'gather': expected indices from -2 to 1, found 2");
}

TEST(OperatorErrors, MasksHaveOneBitPerElement) {
  EXPECT_NE(errorOf("tensor<fp32, [3]> y = constexpr_sparse_to_dense("
                    "nonzero_data = tensor<fp32, [1]>([1]), mask = "
                    "tensor<uint1, [3]>([1, 1, 0]))")
                .find("expected 1 ones in 'mask', one per element of "
                      "'nonzero_data', found 2"),
            std::string::npos);
  // The fourth bit belongs to no element.
  EXPECT_NE(errorOf("tensor<fp32, [3]> y = constexpr_sparse_to_dense()["
                    "nonzero_data = tensor<fp32, [1]>([1]), mask = "
                    "tensor<uint8, [1]>([9]), shape = tensor<uint32, "
                    "[1]>([3])]")
                .find("expected 1 ones in 'mask'"),
            std::string::npos);
}

TEST(OperatorErrors, SizesThatElementsDecideNeedConstants) {
  EXPECT_NE(errorOf("tensor<int32, [?, 2]> y = non_zero(x = x)")
                .find("the number of rows depends on the elements of 'x'"),
            std::string::npos);
}

TEST(OperatorErrors, UnclearAttributesAreRefused) {
  EXPECT_NE(
      errorOf(
          "tensor<fp32, [1, 1, 1]> y, tensor<fp32, [1, 1]> h, tensor<fp32, "
          "[1, 1]> c = lstm(x = tensor<fp32, [1, 1, 1]>([[[1]]]), initial_h = "
          "tensor<fp32, [1, 1]>([[0]]), initial_c = tensor<fp32, [1, "
          "1]>([[0]]), weight_ih = tensor<fp32, [4, 1]>([1, 1, 1, 1]), "
          "weight_hh = tensor<fp32, [4, 1]>([1, 1, 1, 1]), clip = fp32(1))")
          .find("'clip' is not supported"),
      std::string::npos);
}

TEST(OperatorErrors, WideIntegersMustFit) {
  EXPECT_NE(errorOf("tensor<int64, [1]> y = const()[val = tensor<int64, "
                    "[1]>([4294967296])]")
                .find("expected constants of int64 from -2147483648 to "
                      "2147483647, found 4294967296"),
            std::string::npos);
}

TEST(OperatorErrors, OpsetsDecideWhatIsAllowed) {
  const std::string clip = "tensor<fp32, [2, 3]> y = clip(x = x, alpha = "
                           "fp32(1), beta = fp32(1))";
  EXPECT_EQ(errorOf(clip, 0, "ios16"), "none");
  EXPECT_NE(errorOf(clip, 0, "ios17").find("'alpha' to be less than 'beta'"),
            std::string::npos);
  const std::string all =
      "tensor<fp32, [2, 3]> y, tensor<int32, [2, 3]> z = topk(x = x, k = "
      "int32(-1))";
  EXPECT_EQ(errorOf(all, 0, "CoreML7"), "none");
  EXPECT_NE(errorOf(all, 0, "ios16").find("expected 'k' from 1 to 3, found -1"),
            std::string::npos);
}

TEST(OperatorErrors, NewerOperatorsAreReportedOnce) {
  std::vector<std::string> warnings;
  EXPECT_EQ(errorOf("tensor<fp32, [2, 3]> a = gather(x = x, indices = i, "
                    "validate_indices = bool(true));\n"
                    "tensor<fp32, [2, 3]> y = gather(x = a, indices = i, "
                    "validate_indices = bool(true))",
                    0, "ios15", &warnings),
            "none");
  EXPECT_EQ(warnings, std::vector<std::string>{
                          "t.mil:2:1: 'validate_indices' of 'gather' exists "
                          "from ios17 on, but the function's opset is ios15"});
}

} // namespace

//===- ArrayRunnerTest.cpp - Any MIL file on arrays -----------------------===//
//
// A file with a weight beside it, run on arrays of another type.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/ArrayRunner.h"
#include "runtime/device/cpu/ProgramReader.h"
#include "runtime/support/AtomicFile.h"
#include "runtime/support/ThreadPool.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>

using namespace anec::rt;
using namespace anec::rt::cpu;

namespace {

/// y = x * w with w = 1, 2, 3 in weights/w.bin.
std::string writeModel(const std::string &path) {
  const std::string folder = testing::TempDir() + "/array-runner";
  std::filesystem::create_directories(folder + "/weights");
  std::vector<half> weights = {half(1), half(2), half(3)};
  mil::BlobWriter writer;
  writer.append(mil::ScalarType::FP16, 3,
                Span<const uint8_t>(
                    reinterpret_cast<const uint8_t *>(weights.data()), 6));
  EXPECT_FALSE(writeFileAtomically(folder + "/weights/w.bin",
                                   Span<const uint8_t>(writer.bytes())));
  EXPECT_FALSE(writeFileAtomically(
      folder + "/model.mil",
      "program(1.3) { func main<ios18>(tensor<fp16, [3]> x) {\n"
      "tensor<fp16, [3]> w = const()[val = tensor<fp16, [3]>(BLOBFILE(path = "
      "string(\"" +
          path +
          "\"), offset = uint64(64)))];\n"
          "tensor<fp16, [3]> y = mul(x = x, y = w);\n"
          "tensor<bool, [3]> z = greater(x = y, y = fp16(5)); } -> (y, z); }"));
  return folder + "/model.mil";
}

NpyArray floats(std::vector<int64_t> shape, const std::vector<float> &numbers) {
  NpyArray array{DataType::F32, std::move(shape), {}};
  array.bytes.resize(numbers.size() * 4);
  std::memcpy(array.bytes.data(), numbers.data(), array.bytes.size());
  return array;
}

TEST(ArrayRunner, RunsAFileWithWeights) {
  auto files = readProgram(writeModel("@model_path/weights/w.bin"));
  ASSERT_TRUE(files) << files.error().message;
  ThreadPool pool(1);
  auto program = CpuProgram::compile(files->files, CompileOptions(), pool);
  ASSERT_TRUE(program) << program.error().message;
  auto outputs = runOnArrays(**program, {{"x", floats({3}, {1, 2, 3})}}, pool);
  ASSERT_TRUE(outputs) << outputs.error().message;
  ASSERT_EQ(outputs->size(), 2u);
  EXPECT_EQ((*outputs)[0].name, "y");
  EXPECT_EQ((*outputs)[0].array.type, DataType::F16);
  half last;
  std::memcpy(&last, &(*outputs)[0].array.bytes[4], 2);
  EXPECT_EQ(static_cast<float>(last), 9);
  EXPECT_EQ((*outputs)[1].array.type, DataType::Bool);
  EXPECT_EQ((*outputs)[1].array.bytes, (std::vector<uint8_t>{0, 0, 1}));
}

TEST(ArrayRunner, WrongInputsAreErrors) {
  auto source = readProgram(writeModel("@model_path/weights/w.bin"));
  ASSERT_TRUE(source);
  auto messageOf = [&](const NamedArrays &inputs) {
    auto error = checkInputs(source->function, inputs);
    return error ? error->message : "none";
  };
  EXPECT_EQ(messageOf({{"x", floats({3}, {1, 2, 3})}}), "none");
  EXPECT_EQ(messageOf({}),
            "expected input 'x' of type tensor<fp16, [3]>, found none");
  EXPECT_EQ(messageOf({{"x", floats({2}, {1, 2})}}),
            "input 'x': expected tensor<fp16, [3]>, found float32 [2]");
  EXPECT_EQ(
      messageOf({{"x", floats({3}, {1, 2, 3})}, {"y", floats({3}, {1, 2, 3})}}),
      "there is no input 'y', function 'main' has x");
}

TEST(ArrayRunner, PathsStayInTheFolder) {
  for (const char *path : {"/etc/passwd", "@model_path/../w.bin", "w.bin"}) {
    auto files = readProgram(writeModel(path));
    ASSERT_FALSE(files);
    EXPECT_NE(files.error().message.find("expected a path below"),
              std::string::npos);
  }
}

/// One program on one array of floats and, as `i`, one of integers.
Result<std::vector<NamedArray>> runText(const std::string &body,
                                        const std::vector<float> &x,
                                        const std::vector<int32_t> &i,
                                        std::vector<std::string> &warnings) {
  ProgramFiles files;
  files.name = "t.mil";
  files.text = "program(1.3) { func main<ios18>(tensor<fp32, [4]> x, "
               "tensor<int32, [1]> i) {\n" +
               body + "} -> (y); }";
  NpyArray whole{DataType::I32, {1}, std::vector<uint8_t>(4)};
  std::memcpy(whole.bytes.data(), i.data(), 4);
  const NamedArrays inputs = {{"x", floats({4}, x)}, {"i", whole}};
  ThreadPool pool(1);
  ANEC_ASSIGN(std::unique_ptr<CpuProgram> program,
              compileFor(files, CompileOptions(), inputs, pool, &warnings));
  return runOnArrays(*program, inputs, pool);
}

std::vector<float> floatsOf(const NpyArray &array) {
  std::vector<float> numbers(array.bytes.size() / 4);
  std::memcpy(numbers.data(), array.bytes.data(), array.bytes.size());
  return numbers;
}

TEST(ArrayRunner, SizesMayDependOnElements) {
  // The elements that are greater than 1, by their places.
  std::vector<std::string> warnings;
  auto outputs =
      runText("tensor<bool, [4]> large = greater(x = x, y = fp32(1));\n"
              "tensor<int32, [?, 1]> places = non_zero(x = large);\n"
              "tensor<fp32, [?]> y = gather_nd(x = x, indices = places);\n",
              {0.5, 2, 1, 3}, {0}, warnings);
  ASSERT_TRUE(outputs) << outputs.error().message;
  EXPECT_EQ((*outputs)[0].array.shape, std::vector<int64_t>{2});
  EXPECT_EQ(floatsOf((*outputs)[0].array), (std::vector<float>{2, 3}));
  EXPECT_EQ(warnings, std::vector<std::string>{
                          "sizes depend on elements: what follows from "
                          "'i', 'x' alone was computed while loading"});
}

TEST(ArrayRunner, IntegersDecideAboutSlicesFirst) {
  const std::string slice =
      "tensor<int32, [1]> end = add(x = i, y = int32(2));\n"
      "tensor<fp32, [2]> y = slice_by_index(x = x, begin = i, end = end);\n";
  std::vector<std::string> warnings;
  auto outputs = runText(slice, {5, 6, 7, 8}, {1}, warnings);
  ASSERT_TRUE(outputs) << outputs.error().message;
  EXPECT_EQ(floatsOf((*outputs)[0].array), (std::vector<float>{6, 7}));
  EXPECT_EQ(warnings, std::vector<std::string>{
                          "sizes depend on elements: what follows from 'i' "
                          "alone was computed while loading"});
  // The written size is the slice's at no other place.
  outputs = runText(slice, {5, 6, 7, 8}, {3}, warnings);
  ASSERT_FALSE(outputs);
  EXPECT_NE(outputs.error().message.find("expected the result type "
                                         "tensor<fp32, [1]>"),
            std::string::npos)
      << outputs.error().message;
}

TEST(ArrayRunner, ConstantsThatMustBeWrittenStayErrors) {
  std::vector<std::string> warnings;
  auto outputs = runText("tensor<int32, [?, 1]> places = non_zero(x = x);\n"
                         "tensor<fp32, [4]> y = softmax(x = x, axis = i);\n",
                         {1, 2, 3, 4}, {0}, warnings);
  ASSERT_FALSE(outputs);
  EXPECT_EQ(outputs.error().message,
            "t.mil:3:1: 'softmax': expected 'axis' to be a constant, found "
            "the computed value 'i'");
}

} // namespace

//===- CpuProgramTest.cpp - Planning and errors of the CPU device ---------===//
//
// What is a view, what is computed in place, and what is refused at load.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/CpuProgram.h"
#include "runtime/support/ThreadPool.h"

#include <gtest/gtest.h>

using namespace anec::rt;
using namespace anec::rt::cpu;

namespace {

ProgramFiles inMain(const std::string &statements, const std::string &outputs) {
  ProgramFiles files;
  files.name = "test.mil";
  files.text = "program(1.3) {\nfunc main<ios18>(tensor<fp16, [1, 4, 1, 6]> x) "
               "{\n" +
               statements + "\n} -> (" + outputs + ");\n}\n";
  return files;
}

std::unique_ptr<CpuProgram> compile(const ProgramFiles &files,
                                    bool fuseRows = true) {
  CompileOptions options;
  options.fuseRows = fuseRows;
  ThreadPool pool(1);
  auto program = CpuProgram::compile(files, options, pool);
  EXPECT_TRUE(program) << program.error().message;
  return program ? std::move(*program) : nullptr;
}

std::string errorOf(const ProgramFiles &files) {
  ThreadPool pool(1);
  auto program = CpuProgram::compile(files, CompileOptions(), pool);
  return program ? "none" : program.error().message;
}

/// Runs on x = 0, 1, 2, ... and returns the first output.
std::vector<float> runOnCounting(const CpuProgram &program) {
  std::vector<half> x(24);
  for (int i = 0; i < 24; ++i)
    x[static_cast<size_t>(i)] = static_cast<half>(i);
  std::vector<std::vector<half>> outputs;
  std::vector<void *> pointers;
  for (const Port &port : program.outputs())
    outputs.emplace_back(static_cast<size_t>(elementCount(port.layout.dims)));
  for (auto &output : outputs)
    pointers.push_back(output.data());
  AlignedBuffer<uint8_t> arena;
  ThreadPool pool(1);
  program.run({x.data()}, pointers, arena, pool);
  return std::vector<float>(outputs[0].begin(), outputs[0].end());
}

const char *const halfOfX =
    "tensor<fp16,[1,2,1,6]> a = slice_by_size(x = x, begin = "
    "tensor<int32,[4]>([0,0,0,0]), size = tensor<int32,[4]>([1,2,1,6]));\n"
    "tensor<fp16,[1,2,1,6]> b = slice_by_size(x = x, begin = "
    "tensor<int32,[4]>([0,2,0,0]), size = tensor<int32,[4]>([1,2,1,6]));\n";

TEST(CpuProgram, SlicesAreViewsAndConcatIsFree) {
  auto program = compile(
      inMain(halfOfX + std::string(
                           "tensor<fp16,[1,2,1,6]> c = add(x = a, y = b);\n"
                           "tensor<fp16,[1,2,1,6]> d = sub(x = b, y = a);\n"
                           "tensor<fp16,[1,4,1,6]> y = concat(values = (c, d), "
                           "axis = int32(1));\n"),
             "y"),
      false);
  ASSERT_TRUE(program);
  // Only add and sub: both write straight into the output.
  EXPECT_EQ(program->stepCount(), 2u);
  EXPECT_EQ(program->arenaBytes(), 0);
  std::vector<float> y = runOnCounting(*program);
  EXPECT_EQ(y[0], 12);
  EXPECT_EQ(y[11], 34);
  EXPECT_EQ(y[12], 12);
  EXPECT_EQ(y[23], 12);
}

TEST(CpuProgram, OneValueInTwoPlacesIsCopied) {
  auto program = compile(
      inMain("tensor<fp16,[1,4,1,6]> c = add(x = x, y = x);\n"
             "tensor<fp16,[1,8,1,6]> y = concat(values = (c, c), axis = "
             "int32(1));\n",
             "y, c"),
      false);
  ASSERT_TRUE(program);
  EXPECT_EQ(program->stepCount(), 3u);
  std::vector<float> y = runOnCounting(*program);
  EXPECT_EQ(y[5], 10);
  EXPECT_EQ(y[24 + 5], 10);
}

/// What one step reads and writes element by element needs memory once.
TEST(CpuProgram, OnlySumsAndProductsAreUpdatedInPlace) {
  const std::string type = "tensor<fp16,[1,4,1,6]> ";
  auto sharedOf = [&](const std::string &statements) {
    auto program = compile(inMain(statements, "y"));
    return program ? program->sharedPorts().size() : size_t(99);
  };
  EXPECT_EQ(sharedOf(type + "y = add(x = x, y = fp16(1));\n"), 1U);
  // Read twice, by two steps, or from another place than it is written to.
  EXPECT_EQ(sharedOf(type + "y = mul(x = x, y = x);\n"), 0U);
  EXPECT_EQ(
      sharedOf(type + "c = exp(x = x);\n" + type + "y = add(x = x, y = c);\n"),
      0U);
  EXPECT_EQ(sharedOf(halfOfX + std::string("tensor<fp16,[1,2,1,6]> y = add(x = "
                                           "b, y = fp16(1));\n")),
            0U);
  EXPECT_EQ(sharedOf("tensor<fp16,[1,6,1,4]> c = transpose(x = x, perm = "
                     "tensor<int32,[4]>([0,3,2,1]));\n"
                     "tensor<fp16,[1,6,1,4]> y = add(x = c, y = fp16(1));\n"),
            0U);
}

TEST(CpuProgram, InputsAndViewsCanBeReturned) {
  auto program =
      compile(inMain("tensor<fp16,[1,6,1,4]> y = transpose(x = x, perm = "
                     "tensor<int32,[4]>([0,3,2,1]));\n",
                     "y, x"));
  ASSERT_TRUE(program);
  std::vector<float> y = runOnCounting(*program);
  EXPECT_EQ(y[1], 6);
  EXPECT_EQ(y[4], 1);
}

TEST(CpuProgram, ConstantsAreFoldedAndDeadCodeIsRemoved) {
  auto program =
      compile(inMain("fp16 c = const()[val = fp16(3)];\n"
                     "fp16 d = add(x = c, y = fp16(1));\n"
                     "tensor<fp16,[1,4,1,6]> dead = exp(x = x);\n"
                     "tensor<fp16,[1,4,1,6]> y = mul(x = x, y = d);\n",
                     "y"));
  ASSERT_TRUE(program);
  EXPECT_EQ(program->stepCount(), 1u);
  EXPECT_EQ(runOnCounting(*program)[2], 8);
}

TEST(CpuProgram, TemporariesShareMemory) {
  std::string statements;
  std::string last = "x";
  for (int i = 0; i < 10; ++i) {
    std::string name = "t" + std::to_string(i);
    statements += "tensor<fp16,[1,4,1,6]> " + name + " = add(x = " + last +
                  ", y = fp16(1));\n";
    last = name;
  }
  auto program = compile(inMain(statements, last), false);
  ASSERT_TRUE(program);
  // Two alternate; each takes one line of 128 bytes.
  EXPECT_EQ(program->arenaBytes(), 256);
  EXPECT_EQ(runOnCounting(*program)[3], 13);
}

TEST(CpuProgram, EveryResultIsRoundedToHalf) {
  // 2049 is no half; in f32 the difference would be 1.
  auto program =
      compile(inMain("tensor<fp16,[1,4,1,6]> a = add(x = x, y = fp16(2048));\n"
                     "tensor<fp16,[1,4,1,6]> y = sub(x = a, y = fp16(2048));\n",
                     "y"));
  ASSERT_TRUE(program);
  EXPECT_EQ(runOnCounting(*program)[1], 0);
  EXPECT_EQ(runOnCounting(*program)[3], 4);
}

/// IEEE 754: NaN differs from everything, itself included.
TEST(CpuProgram, NotANumberIsNotEqualToItself) {
  auto program = compile(inMain(
      "tensor<fp16,[1,4,1,6]> a = sub(x = x, y = fp16(3));\n"
      "tensor<fp16,[1,4,1,6]> b = sqrt(x = a);\n"
      "tensor<bool,[1,4,1,6]> c = not_equal(x = b, y = b);\n"
      "tensor<fp16,[1,4,1,6]> y = cast(x = c, dtype = string(\"fp16\"));\n",
      "y"));
  ASSERT_TRUE(program);
  const std::vector<float> y = runOnCounting(*program);
  for (size_t i = 0; i < y.size(); ++i)
    EXPECT_EQ(y[i], i < 3 ? 1 : 0) << i;
}

TEST(CpuProgram, WeightsComeFromFilesAndBakedParameters) {
  const std::string text =
      "tensor<fp16,[1,4,1,6]> w = const()[val = tensor<fp16,[1,4,1,6]>("
      "BLOBFILE(path = string(\"@model_path/weights/w.bin\"), offset = "
      "uint64(64)))];\n"
      "tensor<fp16,[1,4,1,6]> y = mul(x = x, y = w);\n";
  std::vector<half> two(24, half(2));
  std::vector<uint8_t> bytes(
      reinterpret_cast<uint8_t *>(two.data()),
      reinterpret_cast<uint8_t *>(two.data() + two.size()));
  mil::BlobWriter writer;
  writer.append(mil::ScalarType::FP16, 24, bytes);

  ProgramFiles files = inMain(text, "y");
  EXPECT_NE(errorOf(files).find("there is no file '@model_path/weights/w.bin'"),
            std::string::npos);
  files.blobs["@model_path/weights/w.bin"] = writer.bytes();
  auto program = compile(files);
  ASSERT_TRUE(program);
  EXPECT_EQ(runOnCounting(*program)[7], 14);

  files.blobs.clear();
  files.baked["@model_path/weights/w.bin"] =
      BakedWeight{ElementType::F16, bytes};
  program = compile(files);
  ASSERT_TRUE(program);
  EXPECT_EQ(runOnCounting(*program)[7], 14);
  files.baked["@model_path/weights/w.bin"].bytes.pop_back();
  EXPECT_NE(errorOf(files).find("expected 48 bytes of baked weight"),
            std::string::npos);
}

/// x times a third in the text and a tenth in a file, both rounded to fp16, for
/// x = 1; `exact` gives their f32 values beside.
std::vector<double> timesConstants(Numerics numerics, bool exact) {
  ProgramFiles files = inMain(
      "tensor<fp16,[]> third = const()[val = tensor<fp16,[]>(0x1.554p-2)];\n"
      "tensor<fp16,[1]> tenth = const()[val = tensor<fp16,[1]>(BLOBFILE(path = "
      "string(\"@model_path/tenth.bin\"), offset = uint64(64)))];\n"
      "tensor<fp16,[1,4,1,6]> y = mul(x = x, y = third);\n"
      "tensor<fp16,[1,4,1,6]> z = mul(x = x, y = tenth);\n",
      "y, z");
  auto blobOf = [](mil::ScalarType type, auto number) {
    mil::BlobWriter writer;
    const auto *bytes = reinterpret_cast<const uint8_t *>(&number);
    writer.append(type, 1, std::vector<uint8_t>(bytes, bytes + sizeof(number)));
    return writer.bytes();
  };
  files.blobs["@model_path/tenth.bin"] =
      blobOf(mil::ScalarType::FP16, half(0.1F));
  if (exact) {
    files.exactBlobs["@model_path/tenth.bin"] =
        blobOf(mil::ScalarType::FP32, 0.1F);
    files.exactValues["third"] = {double(1 / 3.0F)};
  }
  ThreadPool pool(1);
  CompileOptions options;
  options.numerics = numerics;
  auto program = CpuProgram::compile(files, options, pool);
  EXPECT_TRUE(program) << program.error().message;
  if (!program)
    return {};
  std::vector<half> halves(24, half(1));
  std::vector<float> floats(24, 1);
  std::vector<float> y(24), z(24);
  bool narrow = numerics == Numerics::Ane;
  const void *x = narrow ? static_cast<const void *>(halves.data())
                         : static_cast<const void *>(floats.data());
  AlignedBuffer<uint8_t> arena;
  (*program)->run({x}, {y.data(), z.data()}, arena, pool);
  auto first = [&](const std::vector<float> &values) {
    return narrow ? double(*reinterpret_cast<const half *>(values.data()))
                  : double(values[0]);
  };
  return {first(y), first(z)};
}

TEST(CpuProgram, ExactConstantsAreForF32Only) {
  const std::vector<double> rounded = {double(half(1 / 3.0F)),
                                       double(half(0.1F))};
  const std::vector<double> exact = {double(1 / 3.0F), double(0.1F)};
  EXPECT_EQ(timesConstants(Numerics::Ane, true), rounded);
  EXPECT_EQ(timesConstants(Numerics::F32, false), rounded);
  EXPECT_EQ(timesConstants(Numerics::F32, true), exact);
}

TEST(CpuProgram, ExactValuesMustFitTheText) {
  ProgramFiles files = inMain(
      "tensor<fp16,[]> third = const()[val = tensor<fp16,[]>(0x1.554p-2)];\n"
      "tensor<fp16,[1,4,1,6]> y = mul(x = x, y = third);\n",
      "y");
  ThreadPool pool(1);
  CompileOptions options;
  options.numerics = Numerics::F32;
  auto complaint = [&] {
    auto program = CpuProgram::compile(files, options, pool);
    return program ? "none" : program.error().message;
  };
  files.exactValues["third"] = {1, 2};
  EXPECT_NE(complaint().find("expected 1 exact values for constant 'third', "
                             "found 2"),
            std::string::npos)
      << complaint();
  files.exactValues = {{"fourth", {1}}};
  EXPECT_NE(complaint().find("1 of 1 name none"), std::string::npos);
}

TEST(CpuProgram, ErrorsNameTheOperatorAndTheLine) {
  EXPECT_NE(errorOf(inMain("fp16 y = teleport(x = x);", "y"))
                .find("test.mil:3:1: operator 'teleport' is not supported"),
            std::string::npos);
  EXPECT_NE(
      errorOf(inMain("tensor<int32,[1,4,1,6]> i = cast(x = x, dtype = "
                     "string(\"int32\"));\n"
                     "tensor<int32,[1,4,1,1]> y = matmul(x = i, y = i, "
                     "transpose_y = bool(true));",
                     "y"))
          .find("test.mil:4:1: 'matmul': 'x' of type int32 is not supported"),
      std::string::npos);
  EXPECT_NE(errorOf(inMain("", "y")).find("no value is called 'y'"),
            std::string::npos);
  ProgramFiles none = inMain("", "x");
  none.text = "program(1.3) {}";
  EXPECT_NE(errorOf(none).find("expected a function, found none"),
            std::string::npos);
}

TEST(CpuProgram, CompressedConstantsInAttributes) {
  // 0.5 * (8 - 2) = 3 for every element, in four packed bits each.
  mil::BlobWriter writer;
  std::vector<uint8_t> eights(12, 0x88);
  writer.append(mil::ScalarType::UInt4, 24, eights);
  ProgramFiles files = inMain(
      "tensor<fp16,[1,4,1,6]> w = constexpr_affine_dequantize()[axis = "
      "int32(1), name = string(\"w\"), quantized_data = "
      "tensor<uint4,[1,4,1,6]>(BLOBFILE(path = string(\"@model_path/w.bin\"), "
      "offset = uint64(64))), scale = tensor<fp16, [4]>([0.5, 0.5, 0.5, 0.5]), "
      "zero_point = tensor<uint4, []>(2)];\n"
      "tensor<fp16,[1,4,1,6]> y = mul(x = x, y = w);\n",
      "y");
  files.blobs["@model_path/w.bin"] = writer.bytes();
  auto program = compile(files);
  ASSERT_TRUE(program);
  EXPECT_EQ(program->stepCount(), 1u);
  EXPECT_EQ(runOnCounting(*program)[5], 15);
}

TEST(CpuProgram, OpenSizesAreFilledInAndShapesFollow) {
  ProgramFiles files;
  files.name = "open";
  files.text =
      "program(1.0) { func main<ios17>(tensor<fp16, [1, ?]> x) {\n"
      "tensor<int32, [2]> s = shape(x = x);\n"
      "int32 n = gather(x = s, indices = int32(1), axis = int32(0));\n"
      "tensor<int32, [1]> v = expand_dims(x = n, axes = "
      "tensor<int32,[1]>([0]));\n"
      "tensor<int32, [2]> t = concat(values = (v, tensor<int32,[1]>([1])), "
      "axis = int32(0));\n"
      "tensor<fp16, [?, 1]> y = reshape(x = x, shape = t);\n"
      "} -> (y); }";
  ThreadPool pool(1);
  CompileOptions options;
  EXPECT_FALSE(CpuProgram::compile(files, options, pool));
  options.inputDims["x"] = {1, 5};
  auto program = CpuProgram::compile(files, options, pool);
  ASSERT_TRUE(program) << program.error().message;
  EXPECT_EQ((*program)->outputs()[0].layout.dims, (Dims{5, 1}));
  options.inputDims["x"] = {2, 5};
  EXPECT_FALSE(CpuProgram::compile(files, options, pool));
}

TEST(CpuProgram, InnerValuesCanBeReturned) {
  CompileOptions options;
  options.extraOutputs = {"a"};
  ThreadPool pool(1);
  auto program = CpuProgram::compile(
      inMain("tensor<fp16,[1,4,1,6]> a = add(x = x, y = fp16(1));\n"
             "tensor<fp16,[1,4,1,6]> y = add(x = a, y = fp16(1));\n",
             "y"),
      options, pool);
  ASSERT_TRUE(program);
  ASSERT_EQ((*program)->outputs().size(), 2u);
  EXPECT_EQ((*program)->outputs()[1].name, "a");
}

} // namespace

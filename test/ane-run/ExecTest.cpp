//===- ExecTest.cpp - ane-run exec on programs of every kind --------------===//
//
// Expected values are worked out by hand; fp16 ones with exact arithmetic.
//
//===----------------------------------------------------------------------===//
#include "test/ane-run/CommandLine.h"
#include "test/ane-run/ExecFiles.h"

#include <gmock/gmock.h>

#include <filesystem>

using namespace anec::rt;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

namespace {

class Exec : public testing::Test {
protected:
  /// Runs a text with `arguments` and expects it to work.
  std::string execute(const std::string &text, const std::string &arguments) {
    writeText(folder / "p.mil", text);
    return execute(arguments);
  }
  std::string execute(const std::string &arguments) {
    Outcome outcome =
        run("exec " + (folder / "p.mil") + " --output " + output + arguments);
    EXPECT_EQ(outcome.status, 0) << outcome.text;
    return outcome.text;
  }
  std::string input(const std::string &name) const {
    return " --input " + name + "=" + (folder / (name + ".npy"));
  }

  TemporaryFolder folder;
  std::string output = folder / "new/out";
};

TEST_F(Exec, NormalisesWithTheProgramOfTheReadme) {
  // Columns of 3 and of +-4: rms 3 and 4, so 1 and +-1. fp16 has 1/32 and the
  // squares exactly; 1e-5 vanishes beside 9 and 16.
  std::vector<float> x(32 * 768, 3);
  for (size_t channel = 0; channel < 32; ++channel)
    x[channel * 768 + 5] = channel % 2 == 0 ? 4.0F : -4.0F;
  writeFloats(folder / "x.npy", {1, 32, 1, 768}, x);
  Outcome outcome = run("exec " ANEC_MODELS_DIR "/rms-norm.mil --output " +
                        output + input("x") + " --dump mean --time 3");
  ASSERT_EQ(outcome.status, 0) << outcome.text;
  EXPECT_THAT(outcome.text,
              AllOf(HasSubstr("/y.npy  float16 [1, 32, 1, 768]\n"),
                    HasSubstr("/mean.npy  float16 [1, 1, 1, 768]\n"),
                    HasSubstr("median "), HasSubstr(" ms of 3 runs\n")));
  std::vector<float> y = readHalves(output + "/y.npy", {1, 32, 1, 768});
  // 3 * fp16(9 ** -0.5) = 3 * 0.33325 = 0.99976.
  EXPECT_NEAR(y[0], 1, 0.001);
  EXPECT_EQ(y[5], 1);
  EXPECT_EQ(y[768 + 5], -1);
  std::vector<float> mean = readHalves(output + "/mean.npy", {1, 1, 1, 768});
  EXPECT_EQ(mean[0], 9);
  EXPECT_EQ(mean[5], 16);
}

TEST_F(Exec, RoundsEachResultUnlessNumericsIsF32) {
  const std::string text =
      mainOf("tensor<fp16, [1]> x",
             "tensor<fp16, [1]> y = mul(x = x, y = x);\n"
             "tensor<fp32, [1]> z = cast(x = y, dtype = string(\"fp32\"));",
             "y, z");
  writeFloats(folder / "x.npy", {1}, {0.1F});
  execute(text, input("x"));
  // fp16(0.1) = 0x1.998p-4; its square is 0x1.477852p-7..., fp16 0x1.478p-7.
  EXPECT_THAT(readHalves(output + "/y.npy", {1}), ElementsAre(0x1.478p-7F));
  EXPECT_THAT(readArray<float>(output + "/z.npy", DataType::F32, {1}),
              ElementsAre(0x1.478p-7F));
  execute(text, input("x") + " --numerics f32");
  EXPECT_THAT(readArray<float>(output + "/y.npy", DataType::F32, {1}),
              ElementsAre(0.1F * 0.1F));
}

TEST_F(Exec, TakesSizesFromTheInputs) {
  const std::string text = mainOf(
      "tensor<fp16, [1, ?]> x) [FlexibleShapeInformation = "
      "tuple<tuple<string, dict<string, tensor<int32, [?]>>>, tuple<string, "
      "dict<string, list<tensor<int32, [2]>, ?>>>>(((\"DefaultShapes\", "
      "{{\"x\", [1, 32]}}), (\"RangeDims\", {{\"x\", [[1, 1], [1, "
      "2048]]}})))] {\n"
      "tensor<fp16, [1, ?]> y = add(x = x, y = fp16(0x1p+0));\n"
      "} -> (y);\nfunc unused<ios17>(fp16 x",
      "", "x");
  for (int64_t size : {3, 5}) {
    writeFloats(folder / "x.npy", {1, size},
                std::vector<float>(static_cast<size_t>(size), 2));
    execute(text, input("x"));
    EXPECT_THAT(readHalves(output + "/y.npy", {1, size}), testing::Each(3));
  }
}

TEST_F(Exec, ReadsAndWritesEveryKindOfElement) {
  const std::string text = mainOf(
      "tensor<int32, [2]> i, tensor<bool, [2]> b, tensor<fp32, [2]> f, fp16 s",
      "tensor<int32, [2]> j = mul(x = i, y = int32(-2));\n"
      "tensor<bool, [2]> c = logical_not(x = b);\n"
      "tensor<fp32, [2]> g = mul(x = f, y = fp32(0x1p-1));\n"
      "fp16 t = add(x = s, y = s);",
      "t, j, c, g");
  writeArray<int32_t>(folder / "i.npy", DataType::I32, {2}, {7, -100000});
  writeArray<uint8_t>(folder / "b.npy", DataType::Bool, {2}, {0, 1});
  writeFloats(folder / "f.npy", {2}, {1.0F, 0x1.000002p+0F});
  writeArray<half>(folder / "s.npy", DataType::F16, {}, {half(1.5F)});
  const std::string all = input("i") + input("b") + input("f") + input("s");
  execute(text, all);
  EXPECT_THAT(readArray<int32_t>(output + "/j.npy", DataType::I32, {2}),
              ElementsAre(-14, 200000));
  EXPECT_THAT(readArray<uint8_t>(output + "/c.npy", DataType::Bool, {2}),
              ElementsAre(1, 0));
  EXPECT_THAT(readArray<float>(output + "/g.npy", DataType::F32, {2}),
              ElementsAre(0.5F, 0x1.000002p-1F));
  EXPECT_THAT(readHalves(output + "/t.npy", {}), ElementsAre(3));

  // Wider integers whose values fit, and 0 and 1 for bool.
  writeArray<int64_t>(folder / "i.npy", DataType::I64, {2}, {8, -1});
  writeArray<int8_t>(folder / "b.npy", DataType::I8, {2}, {1, 1});
  execute(all);
  EXPECT_THAT(readArray<int32_t>(output + "/j.npy", DataType::I32, {2}),
              ElementsAre(-16, 2));
  EXPECT_THAT(readArray<uint8_t>(output + "/c.npy", DataType::Bool, {2}),
              ElementsAre(0, 0));
}

TEST_F(Exec, NarrowIntegersKeepTheirType) {
  writeText(folder / "p.mil",
            mainOf("tensor<uint8, [3]> x",
                   "tensor<uint8, [3]> y = reverse(x = x, axes = tensor<int32, "
                   "[1]>([0]));",
                   "y"));
  writeArray<uint8_t>(folder / "x.npy", DataType::U8, {3}, {1, 200, 255});
  execute(input("x"));
  EXPECT_THAT(readArray<uint8_t>(output + "/y.npy", DataType::U8, {3}),
              ElementsAre(255, 200, 1));
}

TEST_F(Exec, BringsFortranOrderIntoRowOrder) {
  // [[1, 2, 3], [4, 5, 6]] in columns.
  std::string file("\x93NUMPY\x01\0\x46\0", 10);
  std::string header =
      "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }";
  header.resize(0x45, ' ');
  file += header + "\n";
  for (float number : {1.0F, 4.0F, 2.0F, 5.0F, 3.0F, 6.0F})
    file.append(reinterpret_cast<const char *>(&number), sizeof number);
  writeText(folder / "x.npy", file);
  execute(mainOf("tensor<fp32, [2, 3]> x",
                 "tensor<fp32, [2, 3]> y = mul(x = x, y = fp32(1));", "y"),
          input("x"));
  EXPECT_THAT(readArray<float>(output + "/y.npy", DataType::F32, {2, 3}),
              ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST_F(Exec, ChoosesTheFunction) {
  auto function = [](const std::string &name, const std::string &factor) {
    return "func " + name + "<ios18>(fp16 x) { fp16 y = mul(x = x, y = fp16(" +
           factor + ")); } -> (y);\n";
  };
  writeFloats(folder / "x.npy", {}, {3});
  execute(programOf(function("first", "2") + function("second", "5")),
          input("x") + " --function second");
  EXPECT_THAT(readHalves(output + "/y.npy", {}), ElementsAre(15));
  execute(programOf(function("only", "7")), input("x"));
  EXPECT_THAT(readHalves(output + "/y.npy", {}), ElementsAre(21));
  execute(programOf(function("a", "2") + function("main", "9")), input("x"));
  EXPECT_THAT(readHalves(output + "/y.npy", {}), ElementsAre(27));
}

TEST_F(Exec, FindsWeightsBesideTheProgram) {
  const std::string text =
      mainOf("tensor<fp16, [3]> x",
             weightStatement("@model_path/weights/w.bin") +
                 "tensor<fp16, [3]> y = mul(x = x, y = w);",
             "y");
  writeFloats(folder / "x.npy", {3}, {1, 2, 3});
  std::filesystem::create_directories(folder / "weights");
  writeText(folder / "weights/w.bin", weightFile({10, 20, 30}));
  EXPECT_THAT(execute(text, input("x") + " --strict-blobs"),
              Not(HasSubstr("warning")));
  EXPECT_THAT(readHalves(output + "/y.npy", {3}), ElementsAre(10, 40, 90));

  std::filesystem::create_directories(folder / "other/weights");
  writeText(folder / "other/weights/w.bin", weightFile({-1, -1, -1}));
  execute(input("x") + " --weights " + (folder / "other"));
  EXPECT_THAT(readHalves(output + "/y.npy", {3}), ElementsAre(-1, -2, -3));

  // A link inside the folder is a name like any other.
  std::filesystem::rename(folder / "weights/w.bin", folder / "weights/v.bin");
  std::filesystem::create_symlink("v.bin", folder / "weights/w.bin");
  execute(input("x"));
  EXPECT_THAT(readHalves(output + "/y.npy", {3}), ElementsAre(10, 40, 90));

  // The folder of a compiled Core ML model.
  std::filesystem::rename(folder / "p.mil", folder / "model.mil");
  Outcome outcome =
      run("exec " + folder.string() + " --output " + output + input("x"));
  EXPECT_EQ(outcome.status, 0) << outcome.text;
}

TEST_F(Exec, SaysWhatItForgaveInWeightFiles) {
  // As benchmark generators write: sizes without meaning, data offset 0.
  std::string weights = weightFile({1, 2, 4});
  weights.replace(64 + 8, 16, 16, '\0');
  weights[64 + 10] = 8; // 524288 bytes
  std::filesystem::create_directories(folder / "weights");
  writeText(folder / "weights/w.bin", weights);
  writeFloats(folder / "x.npy", {3}, {1, 1, 1});
  const std::string text =
      mainOf("tensor<fp16, [3]> x",
             weightStatement("@model_path/weights/w.bin") +
                 "tensor<fp16, [3]> y = add(x = x, y = w);",
             "y");
  EXPECT_THAT(
      execute(text, input("x")),
      AllOf(HasSubstr("ane-run: warning: @model_path/weights/w.bin, entry at "
                      "64: expected a stored size of 6, found 524288\n"),
            HasSubstr("expected a data offset, found 0\n")));
  EXPECT_THAT(readHalves(output + "/y.npy", {3}), ElementsAre(2, 3, 5));
  expectError("exec " + (folder / "p.mil") + " --strict-blobs --output " +
                  output + input("x"),
              2, "expected a stored size of 6, found 524288");
}

TEST_F(Exec, LastDefinitionOfANameCounts) {
  writeFloats(folder / "x.npy", {}, {1});
  EXPECT_THAT(execute(mainOf("fp16 x",
                             "fp16 c = const()[val = fp16(1)];\n"
                             "fp16 c = const()[val = fp16(2)];\n"
                             "fp16 y = add(x = x, y = c);",
                             "y"),
                      input("x")),
              HasSubstr("p.mil:5:6: 'c' is defined again; the last definition "
                        "counts\n"));
  EXPECT_THAT(readHalves(output + "/y.npy", {}), ElementsAre(3));
}

TEST_F(Exec, WarnsOfInputsBeyondHalf) {
  writeFloats(folder / "x.npy", {3}, {65519, 65520, -1e9F});
  EXPECT_THAT(execute(mainOf("tensor<fp16, [3]> x",
                             "tensor<fp16, [3]> y = identity(x = x);", "y"),
                      input("x")),
              HasSubstr("input 'x': 2 values beyond fp16 became infinite"));
  EXPECT_THAT(readHalves(output + "/y.npy", {3}),
              ElementsAre(65504, INFINITY, -INFINITY));
}

TEST_F(Exec, ReturnsParametersConstantsAndValuesTwice) {
  writeFloats(folder / "x.npy", {}, {4});
  execute(mainOf("fp16 x",
                 "fp16 c = const()[val = fp16(2)];\n"
                 "fp16 y = mul(x = x, y = c);",
                 "x, c, y, y"),
          input("x") + " --dump c --dump y");
  EXPECT_THAT(readHalves(output + "/x.npy", {}), ElementsAre(4));
  EXPECT_THAT(readHalves(output + "/c.npy", {}), ElementsAre(2));
  EXPECT_THAT(readHalves(output + "/y.npy", {}), ElementsAre(8));
}

TEST_F(Exec, TakesSeveralInputsAfterOneFlag) {
  writeFloats(folder / "x.npy", {}, {4});
  writeFloats(folder / "y.npy", {}, {5});
  writeText(folder / "p.mil",
            mainOf("fp16 x, fp16 y", "fp16 z = mul(x = x, y = y);", "z"));
  Outcome outcome =
      run("exec --output " + output + " --input x=" + (folder / "x.npy") +
          " y=" + (folder / "y.npy") + " " + (folder / "p.mil"));
  EXPECT_EQ(outcome.status, 0) << outcome.text;
  EXPECT_THAT(readHalves(output + "/z.npy", {}), ElementsAre(20));
}

} // namespace

//===- ExecErrorsTest.cpp - What ane-run exec refuses ---------------------===//
//
// A wrong program or input never gives numbers: one line that says what was
// expected and what was found, and no output folder.
//
//===----------------------------------------------------------------------===//
#include "test/ane-run/CommandLine.h"
#include "test/ane-run/ExecFiles.h"

#include <filesystem>

using namespace anec::rt;

namespace {

class ExecErrors : public testing::Test {
protected:
  ExecErrors() {
    writeFloats(folder / "x.npy", {3}, {1, 2, 3});
    writeText(folder / "good.mil", good);
  }
  ~ExecErrors() override {
    EXPECT_FALSE(std::filesystem::exists(folder / "out"));
  }

  void refuses(const std::string &arguments, const std::string &part,
               int status = 2) {
    expectError("exec --output " + (folder / "out") + " " + arguments, status,
                part);
  }
  /// The good program with another input file.
  void refusesInput(const std::string &file, const std::string &part) {
    refuses((folder / "good.mil") + " --input x=" + (folder / file), part);
  }
  void refusesProgram(const std::string &text, const std::string &part,
                      int status = 2) {
    writeText(folder / "bad.mil", text);
    refuses((folder / "bad.mil") + x, part, status);
  }

  TemporaryFolder folder;
  const std::string good = mainOf(
      "tensor<fp16, [3]> x", "tensor<fp16, [3]> y = add(x = x, y = x);", "y");
  const std::string x = " --input x=" + (folder / "x.npy");
};

TEST_F(ExecErrors, Usage) {
  expectError("exec " + (folder / "good.mil"), 2, "--output");
  refuses("", "FILE.mil or a package");
  refuses(folder / "none.mil", "none.mil': No such file");
  refuses(folder.string(), "a folder with 'model.mil'");
  refuses((folder / "good.mil") + x + " --time 0", "--time");
  refuses((folder / "good.mil") + x + " --numerics f64", "--numerics");
  refuses((folder / "good.mil") + x + " --device npu",
          "--device cpu, ane, sim:");
  refuses((folder / "good.mil") + x + " --device sim:m9", "m9");
  refuses((folder / "good.mil") + x + " --device sim:m4 --numerics f32",
          "--numerics ane");
  refuses((folder / "good.mil") + x + " --device sim:m4 --dump y", "--dump");
  refuses((folder / "good.mil") + x + " --device sim:m4 --fault fire",
          "--fault fire: expects one of");
  refuses((folder / "good.mil") + x + " --fault poisoned",
          "with --device sim:PROFILE only");
  refuses((folder / "good.mil") + x + " --device sim:m4 --faults " +
              (folder / "none.json"),
          "none.json");
  refuses((folder / "good.mil") + x + " --bogus", "--bogus");
  refuses((folder / "good.mil") + x + " --weights /nowhere --dump z",
          "no value 'z' to dump");
  expectError("exec --output " + (folder / "good.mil") + " " +
                  (folder / "good.mil") + x,
              2, "expects a folder as --output");
}

TEST_F(ExecErrors, NamesOfInputs) {
  refuses(folder / "good.mil",
          "expected input 'x' of type tensor<fp16, [3]>, found none");
  refuses((folder / "good.mil") + x + " --input y=" + (folder / "x.npy"),
          "there is no input 'y', function 'main' has x");
  refuses((folder / "good.mil") + x + x, "--input gives 'x' twice");
  refuses((folder / "good.mil") + x + " --input x",
          "expects --input NAME=FILE.npy, but got 'x'");
  refusesInput("none.npy", "none.npy': No such file");
}

TEST_F(ExecErrors, ShapesAndTypesOfInputs) {
  writeFloats(folder / "a.npy", {4}, {1, 2, 3, 4});
  refusesInput("a.npy",
               "input 'x': expected tensor<fp16, [3]>, found float32 [4]");
  writeFloats(folder / "a.npy", {1, 3}, {1, 2, 3});
  refusesInput("a.npy",
               "input 'x': expected tensor<fp16, [3]>, found float32 [1, 3]");
  writeArray<int32_t>(folder / "a.npy", DataType::I32, {3}, {1, 2, 3});
  refusesInput("a.npy",
               "input 'x': expected tensor<fp16, [3]>, found int32 [3]");

  const std::string type = "tensor<int32, [3]>";
  writeText(folder / "good.mil",
            mainOf(type + " x", type + " y = add(x = x, y = x);", "y"));
  refusesInput("x.npy", "expected tensor<int32, [3]>, found float32 [3]");
  writeArray<int64_t>(folder / "a.npy", DataType::I64, {3},
                      {1, 2, int64_t(1) << 31});
  refusesInput("a.npy", "expected values from -2147483648 to 2147483647 for "
                        "int32, found 2147483648 at element 2");

  writeText(folder / "good.mil",
            mainOf("tensor<fp16, [?, 3]> x",
                   "tensor<fp16, [?, 3]> y = add(x = x, y = x);", "y"));
  refusesInput("x.npy", "expected tensor<fp16, [?, 3]>, found float32 [3]");
}

TEST_F(ExecErrors, ArrayFiles) {
  writeText(folder / "a.npy", "P5 3 1 255 abc and more");
  refusesInput("a.npy", "a.npy: not a .npy file");
  auto withHeader = [](const std::string &dictionary) {
    std::string header = dictionary;
    header.resize(0x75, ' ');
    return std::string("\x93NUMPY\x01\0\x76\0", 10) + header + "\n";
  };
  writeText(folder / "a.npy",
            withHeader("{'descr': '>f4', 'fortran_order': False, 'shape': "
                       "(3,), }") +
                std::string(12, '\0'));
  refusesInput("a.npy", "expected a little-endian number type, found '>f4'");
  writeText(folder / "a.npy",
            withHeader("{'descr': '<f4', 'fortran_order': False, 'shape': "
                       "(3,), }") +
                std::string(8, '\0'));
  refusesInput("a.npy", "expected 12 bytes of elements, found 8");
  writeText(folder / "a.npy",
            std::string("\x93NUMPY\x09\0", 8) + std::string(100, ' '));
  refusesInput("a.npy", "expected .npy version 1 to 3, found 9");
}

TEST_F(ExecErrors, Functions) {
  const std::string two = programOf("func a<ios18>(fp16 x) {} -> (x);\n"
                                    "func b<ios18>(fp16 x) {} -> (x);");
  refusesProgram(two, "expected a choice (--function) of: a, b");
  refuses((folder / "bad.mil") + x + " --function c",
          "no function is called 'c', expected one of: a, b");
  refusesProgram(programOf(""), "expected a function, found none");
}

TEST_F(ExecErrors, ProgramsSayWhere) {
  const std::string place = "bad.mil:4:";
  auto refusesStatement = [&](const std::string &statement,
                              const std::string &part, int status = 2) {
    refusesProgram(mainOf("tensor<fp16, [3]> x", statement, "y"), part, status);
  };
  refusesStatement("tensor<fp16, [3]> y = add(x = x, y = x)",
                   "bad.mil:5:1: expected ';', found '}'");
  refusesStatement("tensor<fp16, [4]> y = add(x = x, y = x);",
                   place + "19: 'add': expected the result type tensor<fp16, "
                           "[3]>, found tensor<fp16, [4]>");
  refusesStatement("tensor<fp16, [3]> y = teleport(x = x);",
                   place + "1: operator 'teleport' is not supported", 1);
  refusesStatement("tensor<fp16, [3]> y = add(x = x);",
                   place + "1: 'add': expected argument 'y'");
  refusesStatement("tensor<fp16, [3]> y = add(x = x, y = x, z = x);",
                   "'add': there is no parameter 'z'");
  refusesStatement("tensor<fp16, [3]> y = softmax(x = x, axis = x);",
                   "expected 'axis' to be a constant, found the computed value "
                   "'x'");
}

TEST_F(ExecErrors, States) {
  refusesProgram(mainOf("tensor<fp16, [3]> x, state<tensor<fp16, [3]>> s",
                        "tensor<fp16, [3]> y = read_state(input = s);", "y"),
                 "values of type state<tensor<fp16, [3]>> are not supported",
                 1);
}

TEST_F(ExecErrors, WeightFiles) {
  auto refusesWeight = [&](const std::string &statement,
                           const std::string &part) {
    refusesProgram(
        mainOf("tensor<fp16, [3]> x",
               statement + "tensor<fp16, [3]> y = add(x = x, y = w);", "y"),
        part);
  };
  std::filesystem::create_directories(folder / "weights");
  const std::string path = "@model_path/weights/w.bin";
  refusesWeight(weightStatement(path), "w.bin': No such file");
  for (const char *outside :
       {"/etc/hostname", "w.bin", "@model_path/../w.bin",
        "@model_path/weights/../../w.bin", "@model_path", ""})
    refusesWeight(weightStatement(outside),
                  "bad.mil:4:57: expected a path below '@model_path', found '" +
                      std::string(outside) + "'");
  std::string weights = weightFile({1, 2, 3});
  writeText(folder / "weights/w.bin", weights);
  refusesWeight(weightStatement(path, 128), "but the file ends at 134");
  writeText(folder / "weights/w.bin", weights.substr(0, 132));
  refusesWeight(weightStatement(path),
                "expected 6 bytes at 128, but the file ends at 132");

  // A link must not lead out of the folder either.
  TemporaryFolder elsewhere;
  writeText(elsewhere / "w.bin", weights);
  std::filesystem::remove(folder / "weights/w.bin");
  std::filesystem::create_symlink(elsewhere / "w.bin",
                                  folder / "weights/w.bin");
  refusesWeight(weightStatement(path), "found a link to '");
  std::filesystem::remove(folder / "weights/w.bin");
  std::filesystem::create_directory(folder / "weights/w.bin");
  refusesWeight(weightStatement(path), "is not a regular file");
}

TEST_F(ExecErrors, OutputFolderThatCannotBeMade) {
  expectError("exec " + (folder / "good.mil") + x + " --output " +
                  (folder / "good.mil/out"),
              1, "cannot create folder");
}

} // namespace

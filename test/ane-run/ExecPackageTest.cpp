//===- ExecPackageTest.cpp - ane-run exec on Core ML packages -------------===//
//
// coremltools wrote the packages, numpy the expected arrays: see
// test/runtime/package/make_packages.py.
//
//===----------------------------------------------------------------------===//
#include "test/ane-run/CommandLine.h"
#include "test/ane-run/ExecFiles.h"

#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>

using namespace anec::rt;
namespace fs = std::filesystem;

namespace {

const std::string packages = ANEC_TEST_DIR "/runtime/package/";

std::string packageOf(const std::string &name) {
  return packages + name + "/" + name + ".mlpackage";
}

/// f32 keeps 24 bits through sums of 24 products; fp16 has 11 bits, and results
/// stay below 16, so that a rounding is off by at most 1/256.
double toleranceOf(const std::string &numerics) {
  return numerics == "f32" ? 1e-4 : 1e-2;
}

std::vector<double> numbersOf(const NpyArray &array) {
  std::vector<double> numbers;
  auto append = [&](auto element) {
    for (size_t at = 0; at < array.bytes.size(); at += sizeof(element)) {
      std::memcpy(&element, &array.bytes[at], sizeof(element));
      numbers.push_back(static_cast<double>(element));
    }
  };
  if (array.type == DataType::F16)
    append(half());
  else if (array.type == DataType::I32)
    append(int32_t());
  else
    append(float());
  return numbers;
}

void expectNear(const std::string &found, const std::string &expected,
                double tolerance) {
  auto a = readNpy(found), b = readNpy(expected);
  ASSERT_TRUE(a) << a.error().message;
  ASSERT_TRUE(b) << b.error().message;
  EXPECT_EQ(a->shape, b->shape) << found;
  const std::vector<double> left = numbersOf(*a), right = numbersOf(*b);
  ASSERT_EQ(left.size(), right.size()) << found;
  ASSERT_FALSE(left.empty());
  for (size_t i = 0; i < left.size(); ++i)
    EXPECT_NEAR(left[i], right[i], tolerance) << found << " at " << i;
}

class ExecPackage : public testing::TestWithParam<const char *> {
protected:
  /// Runs a package on its inputs; results are in `output`.
  void execute(const std::string &name, const std::string &flags = "") {
    std::string arguments = "exec " + packageOf(name) + " --output " + output +
                            " --numerics " + GetParam() + flags;
    for (const auto &entry : fs::directory_iterator(packages + name + "/in"))
      arguments += " --input " + entry.path().stem().string() + "=" +
                   entry.path().string();
    Outcome outcome = run(arguments);
    ASSERT_EQ(outcome.status, 0) << outcome.text;
  }
  void expectResult(const std::string &name, const std::string &expected) {
    expectNear(output + "/" + name + ".npy", packages + expected + ".npy",
               toleranceOf(GetParam()));
  }

  TemporaryFolder folder;
  const std::string output = folder / "out";
};

TEST_P(ExecPackage, ProductsWithWeightsOfIos15) {
  execute("perceptron", " --strict-blobs");
  expectResult("y", "perceptron/expected/y");
}

TEST_P(ExecPackage, SeveralOutputsAndImmediatesOfIos18) {
  execute("several", " --time 2");
  for (const char *name : {"rows", "mean", "doubled", "soft"})
    expectResult(name, std::string("several/expected/") + name);
}

TEST_P(ExecPackage, ChosenAndDefaultFunctions) {
  execute("functions", " --function up");
  expectResult("y", "functions/expected/up");
  execute("functions");
  expectResult("y", "functions/expected/down");
}

INSTANTIATE_TEST_SUITE_P(Numerics, ExecPackage, testing::Values("ane", "f32"),
                         [](const auto &info) {
                           return std::string(info.param);
                         });

TEST(ExecPackageErrors, OneLineEach) {
  TemporaryFolder folder;
  const std::string rest = " --output " + (folder / "out") +
                           " --input x=" + packages + "functions/in/x.npy";
  expectError("exec " + packageOf("functions") + rest + " --function none", 2,
              "expected one of: ");
  expectError("exec " + packageOf("functions") + rest + " --weights " +
                  folder.string(),
              2, "weight.bin': No such file");
  const std::string path = folder / "p.mlpackage";
  fs::create_directories(path);
  expectError("exec " + path + rest, 2, "Manifest.json': No such file");
  fs::copy(packageOf("functions"), path, fs::copy_options::recursive);
  writeText(path + "/Data/com.apple.CoreML/model.mlmodel", "garbage");
  expectError("exec " + path + rest, 2,
              "model.mlmodel: expected a Core ML model of 7 bytes");
  EXPECT_FALSE(fs::exists(folder / "out"));
}

} // namespace

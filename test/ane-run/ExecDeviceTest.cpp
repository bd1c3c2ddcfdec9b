//===- ExecDeviceTest.cpp - ane-run exec on simulated devices -------------===//
#include "test/ane-run/CommandLine.h"
#include "test/ane-run/ExecFiles.h"
#include "test/conformance/Programs.h"

#include <gmock/gmock.h>

using namespace anec::rt;
using testing::HasSubstr;

namespace {

constexpr int64_t channels = conformance::channels, width = conformance::width;

class ExecDevice : public testing::Test {
protected:
  ExecDevice() {
    writeText(folder / "p.mil", conformance::elementwise());
    std::vector<float> x;
    for (int64_t i = 0; i < channels * width; ++i)
      x.push_back(static_cast<float>(i % 7));
    writeFloats(folder / "in.npy", {1, channels, 1, width}, x);
  }

  std::string exec(const std::string &arguments) const {
    return "exec " + (folder / "p.mil") + " --output " + (folder / "out") +
           " --input in=" + (folder / "in.npy") + " " + arguments;
  }

  TemporaryFolder folder;
};

TEST_F(ExecDevice, ComputesWhatTheTextSays) {
  for (const std::string device : {"cpu", "sim:strict", "sim:m4"}) {
    Outcome outcome = run(exec("--device " + device));
    ASSERT_EQ(outcome.status, 0) << outcome.text;
    EXPECT_EQ(outcome.text.find("estimated, not measured") != std::string::npos,
              device != "cpu");
    std::vector<float> y =
        readHalves(folder / "out/out.npy", {1, channels, 1, width});
    ASSERT_EQ(y.size(), static_cast<size_t>(channels * width));
    for (size_t i = 0; i < y.size(); ++i)
      ASSERT_EQ(y[i], static_cast<float>((i % 7) * (i % 7) + i % 7)) << i;
  }
}

/// Arrays have the shape that the text says, also where a surface has none.
TEST_F(ExecDevice, KeepsTheShapeOfMatrices) {
  writeText(folder / "p.mil", conformance::matrices());
  writeFloats(folder / "in.npy", {1, 2, channels / 2, width},
              std::vector<float>(channels * width, 2));
  for (const std::string device : {"cpu", "sim:m4"}) {
    Outcome outcome = run(exec("--device " + device));
    ASSERT_EQ(outcome.status, 0) << outcome.text;
    for (float y :
         readHalves(folder / "out/out.npy", {1, 2, channels / 2, width}))
      ASSERT_EQ(y, 6); // 2 + (2 + 2)
  }
}

TEST_F(ExecDevice, ImitatesAsAsked) {
  writeText(folder / "p.mil",
            "program(1.3)\n[buildInfo = dict<string, string>({{\"coremlc-"
            "version\", \"3505.4.1\"}})]\n{\nfunc main<ios18>(tensor<fp16, "
            "[1, 64, 1, 512]> in) {\ntensor<fp16, [1, 64, 1, 512]> out = "
            "sigmoid(x = in)[name = string(\"out\")];\n} -> (out);\n}\n");
  auto first = [&](const std::string &flags) {
    Outcome outcome = run(exec("--device sim:m4" + flags));
    EXPECT_EQ(outcome.status, 0) << outcome.text;
    return readHalves(folder / "out/out.npy", {1, channels, 1, width}).at(1);
  };
  // sigmoid(1) is 0.73106; the table of 33 knots is up to 0.0034 off.
  const float exact = first(""), imitated = first(" --imitate tables");
  EXPECT_NEAR(exact, 0.73106, 2.5e-4);
  EXPECT_NEAR(imitated, 0.73106, 0.0034);
  EXPECT_NE(exact, imitated);
  expectError(exec("--device sim:m4 --imitate denormals"), 2,
              "num-denormals, but in 'm4' it is off");
  expectError(exec("--device sim:m4 --imitate tables,sums"), 2,
              "but got 'sums'");
  expectError(exec("--imitate tables"), 2, "with --device sim:PROFILE only");
}

TEST_F(ExecDevice, FailsAsAsked) {
  expectError(exec("--device sim:m4 --fault eval-error"), 1, "status=0x1d");
  expectError(exec("--device sim:m4 --fault silent-zeros"), 1, "only zeros");
  EXPECT_FALSE(std::filesystem::exists(folder / "out"));
}

TEST_F(ExecDevice, RefusesWhatTheChipRefuses) {
  std::string text = conformance::elementwise();
  const std::string sum = "add(x = square, y = in)";
  writeText(folder / "p.mil",
            text.replace(text.find(sum), sum.size(), "neg(x = square)"));
  expectError(exec("--device sim:m4"), 1, "[op-neg]");
}

} // namespace

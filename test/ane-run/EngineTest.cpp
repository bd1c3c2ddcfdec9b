//===- EngineTest.cpp - ane-run on a Neural Engine that is none -----------===//
//
// What people see on the ane device, over the stand-in of test/standin, and of
// the self-test and the probes on any device.
//
//===----------------------------------------------------------------------===//
#include "test/ane-run/CommandLine.h"
#include "test/runtime/bundle/TestBundle.h"
#include "test/standin/StandIn.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

using namespace anec::rt;
using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

namespace {

class Engine : public testing::Test {
protected:
  Engine() {
    setenv("ANEC_ANE_LIBRARY", StandIn::library().c_str(), 1);
    setenv("TMPDIR", (folder / "").c_str(), 1);
  }
  ~Engine() override {
    unsetenv("ANEC_ANE_LIBRARY");
    unsetenv("ANEC_STANDIN");
    unsetenv("TMPDIR");
  }

  /// The file of a self-test that ended with `status`.
  json selfTest(const std::string &device, int status,
                const std::string &faults = "{}") {
    setenv("ANEC_STANDIN", faults.c_str(), 1);
    const std::string file =
        folder / (device + std::to_string(++files) + ".json");
    const Outcome outcome =
        run("info --self-test --device " + device + " --out " + file);
    EXPECT_EQ(outcome.status, status) << outcome.text;
    return json::parse(readText(file), nullptr, false);
  }

  TemporaryFolder folder;
  int files = 0;
};

/// A form by its name.
json form(const json &report, const std::string &name) {
  for (const json &entry : report.at("forms"))
    if (entry.at("name") == name)
      return entry;
  ADD_FAILURE() << "there is no form " << name;
  return {};
}

TEST_F(Engine, SelfTestWritesWhichRulesHeld) {
  const json report = selfTest("ane", 0);
  EXPECT_EQ(report["failures"], 0);
  EXPECT_EQ(report["machine"]["device"], "ane");
  EXPECT_EQ(report["machine"]["engine"]["architecture"], "h16g");
  EXPECT_EQ(form(report, "dynamic linear")["status"], "good");
  EXPECT_EQ(report["rules"]["matmul-forms"]["held"], true);
  // The CPU behind the stand-in runs what engines are reported to refuse.
  EXPECT_EQ(form(report, "reduce_mean")["keeps_rule"], false);
  EXPECT_EQ(report["rules"]["op-reduce-mean"]["held"], false);
  EXPECT_GE(report["forms"].size(), 45u);
}

TEST_F(Engine, SelfTestTellsRefusedFromWrong) {
  json report = selfTest("ane", 1, R"({"attributes": "stride"})");
  EXPECT_EQ(form(report, "add")["status"], "refused");
  EXPECT_THAT(form(report, "add")["message"], HasSubstr("bytes per row"));
  EXPECT_EQ(report["rules"]["matmul-forms"]["held"], false);
  EXPECT_EQ(report["rules"]["op-reduce-mean"]["held"], true);
  report = selfTest("ane", 1, R"({"uniformSizes": true, "zerosAfter": 3})");
  EXPECT_EQ(form(report, "add")["status"], "good");
  EXPECT_THAT(form(report, "tanh")["message"], HasSubstr("only zeros"));
}

TEST_F(Engine, SelfTestRunsOnTheCpuAndKeepsFiles) {
  const json report = selfTest("cpu", 0);
  for (const json &entry : report["forms"])
    EXPECT_EQ(entry["status"], "good") << entry;
  expectError("info --self-test --out " + (folder / "cpu1.json"), 2, "exists");
  expectError("info --bundle x", 2, "--self-test");
}

/// What keeps the rules runs; what breaks one is refused for that one.
TEST_F(Engine, SelfTestRunsOnSimulatedDevices) {
  for (const std::string device : {"sim:m4", "sim:strict"}) {
    const json report = selfTest(device, 0);
    EXPECT_EQ(report["failures"], 0);
    for (const char *rule : {"op-gelu", "op-rsqrt-after-reduce",
                             "io-row-stride", "matmul-forms", "num-mask-const"})
      EXPECT_EQ(report["rules"][rule]["held"], true) << device << rule;
    EXPECT_THAT(form(report, "gelu")["message"], HasSubstr("[op-gelu]"));
    EXPECT_THAT(report.dump(), Not(HasSubstr("io-min-bytes")));
  }
}

TEST_F(Engine, ProbesRunOneByOne) {
  for (const std::string device : {"cpu", "ane", "sim:m4"}) {
    const Outcome outcome = run("probe --quick --device " + device);
    EXPECT_EQ(outcome.status, 0) << outcome.text;
    EXPECT_THAT(outcome.text,
                AllOf(HasSubstr("result changed: yes; compiles 1, loaded "
                                "without compiling 1"),
                      HasSubstr("[1, 32, 1, 1024]"), HasSubstr("TFLOPS"),
                      HasSubstr("[1, 768, 1, 32]  runs"),
                      HasSubstr("declared c_in, b_in, a_in: result 321"),
                      Not(HasSubstr("failed"))));
  }
  // One input at most, and the smallest surface.
  const Outcome strict = run("probe --quick --device sim:strict");
  EXPECT_EQ(strict.status, 0) << strict.text;
  EXPECT_THAT(strict.text,
              AllOf(HasSubstr("result changed: yes"),
                    HasSubstr("[1, 32, 1, 1024]  0."), HasSubstr("TFLOPS"),
                    HasSubstr("input has 20480 bytes, at least 49152"),
                    HasSubstr("[1, 768, 1, 32]  runs"),
                    HasSubstr("[multi-in-order]"), Not(HasSubstr("failed"))));
  setenv("ANEC_STANDIN", R"({"stalePatches": true})", 1);
  EXPECT_THAT(run("probe weight-reload --device ane").text,
              HasSubstr("computed with old weights"));
  EXPECT_THAT(run("probe multi-input-order --device ane").text,
              HasSubstr("declared c_in, a_in, b_in: result 321, expected 321; "
                        "slots a_in, b_in, c_in"));
  expectError("probe nothing", 2, "expects one of the probes weight-reload");
}

/// models/rms-norm.mil on [1, 32, 1, 768]: the same bytes from both devices.
TEST_F(Engine, ExecRunsAProgramOnSurfaces) {
  std::string values(size_t(32 * 768) * 2, '\0');
  for (size_t i = 0; i < values.size(); i += 2) {
    values[i] = static_cast<char>(i / 2); // fp16 between 0.5 and 2
    values[i + 1] = static_cast<char>(0x38 + i % 7);
  }
  std::string header = "{'descr': '<f2', 'fortran_order': False, 'shape': "
                       "(1, 32, 1, 768), }";
  header.resize(117, ' ');
  writeText(folder / "x.npy", std::string("\x93NUMPY\x01\x00\x76\x00", 10) +
                                  header + "\n" + values);
  for (const std::string device : {"cpu", "ane"}) {
    const Outcome outcome =
        run("exec " ANEC_MODELS_DIR "/rms-norm.mil --input x=" +
            (folder / "x.npy") + " --output " + (folder / device) +
            " --time 2 --device " + device);
    EXPECT_EQ(outcome.status, 0) << outcome.text;
    EXPECT_THAT(outcome.text, HasSubstr("y.npy"));
  }
  // Not EXPECT_EQ, which would print both.
  EXPECT_TRUE(readText(folder / "ane/y.npy") == readText(folder / "cpu/y.npy"));
  expectError(
      "exec " ANEC_MODELS_DIR "/rms-norm.mil --input x=" + (folder / "x.npy") +
          " --output " + (folder / "more") + " --dump mean --device ane",
      2, "with --device cpu only");
}

TEST_F(Engine, InfoNamesTheEngine) {
  EXPECT_THAT(run("info").text, HasSubstr("engine        h16g, 16 cores"));
  setenv("ANEC_ANE_LIBRARY", "/nowhere", 1);
  EXPECT_THAT(run("info").text, Not(HasSubstr("engine ")));
  expectError("probe dispatch-latency --device ane", 1,
              "device 'ane' expects a Mac with Apple silicon");
  expectError("info --self-test --device ane --out " + (folder / "a.json"), 1,
              "expects a Mac");
}

} // namespace

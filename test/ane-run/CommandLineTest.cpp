//===- CommandLineTest.cpp - ane-run as people call it --------------------===//
//
// Exit status and the one line of each error, and a whole round of train, eval,
// generate and resume on a tiny model.
//
//===----------------------------------------------------------------------===//
#include "test/ane-run/CommandLine.h"
#include "test/runtime/bundle/TestBundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

using namespace anec::rt;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

namespace {

class CommandLine : public testing::Test {
protected:
  CommandLine() {
    TestBundle::language().write(folder / "bundle");
    TestBundle wide = TestBundle::language(); // room for the byte tokenizer
    std::string &parameters = wide.files["params.json"];
    nlohmann::json families = nlohmann::json::parse(parameters);
    families["parameters"][0]["shape"][0] = 288;
    parameters = families.dump();
    wide.plan["vocabulary"] = 288;
    wide.write(folder / "wide");
    std::string text;
    for (int i = 0; i < 50; ++i)
      text += "abab ";
    writeText(folder / "text.txt", text);
  }

  std::string bundle() const { return folder / "bundle"; }
  std::string wide() const { return folder / "wide"; }

  TemporaryFolder folder;
};

TEST_F(CommandLine, helpsEverywhere) {
  for (const char *command : {"", "train ", "generate ", "eval ", "exec ",
                              "gradcheck ", "tokenize ", "info "}) {
    Outcome outcome = run(std::string(command) + "--help");
    EXPECT_EQ(outcome.status, 0) << command;
    EXPECT_THAT(outcome.text, HasSubstr("Usage: "));
  }
}

TEST_F(CommandLine, refusesWrongUsage) {
  std::string train = "train " + bundle() + " --out " + (folder / "run");
  std::string good = train + " --data synthetic:9 --steps 2 ";
  expectError("", 2, "subcommand");
  expectError("fly", 2, "subcommand");
  expectError(train + " --steps 2", 2, "--data");
  expectError(good + "--bogus 3", 2, "--bogus");
  expectError(train + " --data synthetic:9 --steps 0", 2, "--steps");
  expectError(good + "--lr x", 2, "--lr");
  expectError(good + "--accum 0", 2, "--accum");
  expectError(good + "--numerics bf16", 2, "--numerics");
  expectError(good + "--device gpu", 2, "--device cpu");
  expectError(good + "--loss-scale 0", 2, "--loss-scale");
  expectError(good + "--host-precision f16", 2, "--host-precision");
  expectError("gradcheck " + bundle() + " --host-precision bf16", 2,
              "--host-precision");
  EXPECT_FALSE(std::filesystem::exists(folder / "run"));
}

TEST_F(CommandLine, refusesBadInput) {
  std::string rest = " --steps 2 --out " + (folder / "run") + " --data ";
  expectError("train /nowhere" + rest + "synthetic:9", 2, "/nowhere");
  expectError("train " + bundle() + rest + (folder / "no.bin"), 2, "no.bin");
  expectError("train " + bundle() + rest + "synthetic:x", 2, "synthetic:x");
  writeText(folder / "short.bin", "abcd");
  expectError("train " + bundle() + rest + (folder / "short.bin"), 2,
              "at least 5 tokens");
  writeText(folder / "large.bin", std::string(20, 'z'));
  expectError("train " + bundle() + rest + (folder / "large.bin"), 2,
              "token 0 is 31354"); // "zz"
  expectError("train " + bundle() + rest + (folder / "text.txt"), 2,
              "tokenizer of at most 16 tokens");
  writeText(folder / "file", "");
  expectError("train " + bundle() + " --steps 2 --data synthetic:9 --out " +
                  (folder / "file/run"),
              1, "cannot create run folder");
  expectError("eval " + bundle() + " --checkpoint /nowhere --data synthetic:9",
              2, "/nowhere");
  writeText(folder / "bundle/plan.json", "{\"format\": 1, \"min");
  expectError("train " + bundle() + rest + "synthetic:9", 2, "cut off");
  EXPECT_FALSE(std::filesystem::exists(folder / "run"));
}

TEST_F(CommandLine, trainsEvaluatesGeneratesAndResumes) {
  std::string out = folder / "run";
  std::string train = "train " + wide() + " --data " + (folder / "text.txt") +
                      " --val " + (folder / "text.txt") +
                      " --steps 150 --lr 0.1 --out " + out;
  Outcome trained = run(train);
  ASSERT_EQ(trained.status, 0) << trained.text;
  EXPECT_THAT(trained.text,
              AllOf(HasSubstr("update 150/150"), HasSubstr("tokens active"),
                    HasSubstr("ms per micro-step")));
  EXPECT_TRUE(std::filesystem::exists(out + "/checkpoints/150/state.json"));
  expectError(train, 2, "--resume");
  Outcome resumed = run(train + " --resume --quiet");
  EXPECT_EQ(resumed.status, 0);
  EXPECT_EQ(resumed.text, "");

  std::string trainedModel = wide() + " --checkpoint " + out;
  Outcome evaluated =
      run("eval " + trainedModel + " --data " + (folder / "text.txt"));
  EXPECT_EQ(evaluated.status, 0) << evaluated.text;
  EXPECT_THAT(evaluated.text,
              AllOf(HasSubstr("loss "), HasSubstr("perplexity "),
                    HasSubstr("bits_per_byte ")));
  Outcome generated = run("generate " + trainedModel +
                          " --prompt ab --tokens 8 --temperature 0");
  EXPECT_EQ(generated.status, 0) << generated.text;
  EXPECT_THAT(generated.text, StartsWith("abab"));
}

TEST_F(CommandLine, resumesWithTheSameHostPrecisionOnly) {
  for (const char *precision : {"f32", "bf16"}) {
    const std::string out = folder / precision,
                      other = precision == std::string("f32") ? "bf16" : "f32";
    const std::string train = "train " + bundle() +
                              " --data synthetic:9 --steps 2 --quiet --out " +
                              out + " --host-precision ";
    Outcome trained = run(train + precision);
    ASSERT_EQ(trained.status, 0) << trained.text;
    expectError(train + other + " --resume", 2,
                "'host_precision' to stay \"" + std::string(precision));
    EXPECT_EQ(run(train + precision + " --resume").status, 0);
  }
}

TEST_F(CommandLine, checksGradients) {
  Outcome checked = run("gradcheck " + bundle());
  EXPECT_EQ(checked.status, 0) << checked.text;
  EXPECT_THAT(checked.text, AllOf(HasSubstr("embedding"), HasSubstr("gain"),
                                  Not(HasSubstr("MISS"))));
  TestBundle broken = TestBundle::language();
  broken.plan["programs"]["train_step"]["steps"].erase(10);
  broken.write(folder / "broken");
  checked = run("gradcheck " + (folder / "broken"));
  EXPECT_EQ(checked.status, 1);
  EXPECT_THAT(checked.text, HasSubstr("MISS"));
  expectError("gradcheck " + bundle() + " --numerics f32", 2, "--dump");
}

TEST_F(CommandLine, timesTraining) {
  Outcome timed = run("bench " + bundle() + " --steps 2 --accum 2");
  EXPECT_EQ(timed.status, 0) << timed.text;
  EXPECT_THAT(timed.text,
              AllOf(HasSubstr("ms per micro-step"), HasSubstr("optimizer")));
  timed = run("bench " + bundle() +
              " --steps 1 --no-optimizer --active-vocab 5 --json");
  nlohmann::json result = nlohmann::json::parse(timed.text);
  for (const char *key : {"ms_per_micro_step", "phases", "rows", "tokens_per_s",
                          "gflops", "peak_gflops", "peak_rss_bytes"})
    EXPECT_TRUE(result.contains(key)) << key;
  EXPECT_EQ(result["rows"], 5);
  expectError("bench " + bundle() + " --active-vocab 99", 2, "99");
}

TEST_F(CommandLine, takesThreadsFromTheEnvironment) {
  const std::string bench = "bench " + bundle() + " --steps 1";
  setenv("ANEC_THREADS", "3", 1);
  EXPECT_THAT(run(bench).text, HasSubstr(" 3 threads"));
  EXPECT_THAT(run(bench + " --threads 2").text, HasSubstr(" 2 threads"));
  setenv("ANEC_THREADS", "none", 1);
  expectError(bench, 2, "--threads");
  unsetenv("ANEC_THREADS");
}

TEST_F(CommandLine, tokenizes) {
  std::string command =
      "tokenize " + (folder / "text.txt") + " -o " + (folder / "text.bin");
  Outcome done = run(command);
  EXPECT_EQ(done.status, 0) << done.text;
  std::string ids = readText(folder / "text.bin");
  // Begin-of-text and "abab ", 50 times without the last space.
  ASSERT_EQ(ids.size(), 2u * (1 + 249));
  EXPECT_EQ(ids.substr(0, 6), std::string("\0\1a\0b\0", 6));
  expectError(command, 2, "does not exist");
  std::string rest = " --steps 3 --data " + (folder / "text.bin") + " --out " +
                     (folder / "run");
  Outcome trained = run("train " + wide() + rest);
  EXPECT_EQ(trained.status, 0) << trained.text;
  EXPECT_THAT(readText(folder / "run/checkpoints/3/state.json"),
              HasSubstr("\"tokenizer\":\"bytes\""));
}

TEST_F(CommandLine, knowsItsMachine) {
  Outcome outcome = run("info --self-test --out " + (folder / "cpu.json") +
                        " --placement " + bundle());
  EXPECT_EQ(outcome.status, 0) << outcome.text;
  EXPECT_THAT(outcome.text,
              AllOf(HasSubstr("devices"), HasSubstr("good"),
                    ContainsRegex("matrix unit +(amx|none)"),
                    ContainsRegex("bf16 +(multiply-adds|dot|tiles)"),
                    HasSubstr("cross_entropy")));
  EXPECT_THAT(run("info --matrix-unit none").text,
              ContainsRegex("matrix unit +none"));
  expectError("info --matrix-unit gpu", 2, "gpu not in {none,amx,accelerate}");
}

} // namespace

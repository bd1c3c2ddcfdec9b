//===- TrainerTest.cpp - Whole runs of tiny models ------------------------===//
//
// Curves against PyTorch, resuming, run folders, and runs that fail.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/Trainer.h"

#include "runtime/support/Safetensors.h"
#include "test/runtime/bundle/TestBundle.h"
#include "test/runtime/train/HostDevice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <sstream>

using namespace anec::rt;
using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
namespace fs = std::filesystem;

namespace {

std::string tokenFile(const std::vector<int> &ids) {
  std::vector<uint16_t> narrow(ids.begin(), ids.end());
  return std::string(reinterpret_cast<const char *>(narrow.data()),
                     narrow.size() * 2);
}

class Training : public testing::Test {
protected:
  Training() {
    TestBundle::language().write(folder / "bundle");
    std::vector<int> ids;
    for (int i = 0; i < 300; ++i)
      ids.push_back(i * i % 11);
    writeText(folder / "data.bin", tokenFile(ids));
    options.data = folder / "data.bin";
    options.output = folder / "run";
    options.steps = 10;
    options.accumulation = 2;
    options.learningRate = 0.05;
    options.checkpointEvery = 4;
  }

  /// Opens and runs; the report or the error.
  Result<json> train(const TrainOptions &how, int threads = 1,
                     Numerics numerics = Numerics::F32) {
    HostDevice device(numerics);
    ThreadPool pool(threads);
    Result<Bundle> bundle = Bundle::open(folder / "bundle");
    if (!bundle)
      return bundle.error();
    auto trainer =
        Trainer::create(*bundle, device, pool, how, [](const std::string &) {});
    if (!trainer)
      return trainer.error();
    return (*trainer)->run();
  }

  std::string complaint(const TrainOptions &how) {
    Result<json> result = train(how);
    return result ? "" : result.error().message;
  }

  /// metrics.jsonl without the members that depend on time.
  std::vector<json> metrics(const std::string &run) {
    std::vector<json> lines;
    std::istringstream text(readText(run + "/metrics.jsonl"));
    for (std::string line; std::getline(text, line);) {
      json parsed = json::parse(line);
      parsed.erase("ms");
      parsed.erase("tokens_per_s");
      lines.push_back(parsed);
    }
    return lines;
  }

  TemporaryFolder folder;
  TrainOptions options;
};

TEST_F(Training, followsPyTorch) {
  json reference = json::parse(std::ifstream(
      ANEC_TEST_DIR "/runtime/train/reference/language_curve.json"));
  writeText(folder / "curve.bin",
            tokenFile(reference["data"].get<std::vector<int>>()));
  auto embedding = reference["start"]["embedding"].get<std::vector<float>>();
  auto gain = reference["start"]["gain"].get<std::vector<float>>();
  auto view = [](const std::vector<float> &values, std::vector<int64_t> shape) {
    return TensorView{
        DataType::F32,
        std::move(shape),
        {reinterpret_cast<const uint8_t *>(values.data()), values.size() * 4}};
  };
  ASSERT_FALSE(writeSafetensors(
      folder / "start.safetensors",
      {{"embedding", view(embedding, {16, 6})}, {"gain", view(gain, {6})}}));
  options.data = folder / "curve.bin";
  options.initialize = folder / "start.safetensors";
  options.seed = 5;
  options.steps = 20;
  options.accumulation = 3;
  options.warmup = 4;
  options.clip = 0.5;
  options.compact = false;
  for (double scale : {1.0, 256.0}) {
    options.lossScale = scale;
    options.output = folder / fmt::format("run{}", scale);
    Result<json> report = train(options);
    ASSERT_TRUE(report) << report.error().message;
    std::vector<json> lines = metrics(options.output);
    ASSERT_EQ(lines.size(), 20u);
    for (size_t i = 0; i < 20; ++i) {
      const json &expected = reference["updates"][i];
      // Both run in f32; 20 updates let rounding grow to about 1e-5.
      for (const char *key : {"loss", "grad_norm", "lr"})
        ASSERT_NEAR(lines[i][key].get<double>(), expected[key].get<double>(),
                    1e-4 * std::abs(expected[key].get<double>()))
            << key << " of update " << i + 1;
    }
  }
}

TEST_F(Training, compactionChangesNothingButTheClassifier) {
  Result<json> report = train(options);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ((*report)["vocabulary"], 16);
  EXPECT_EQ((*report)["active_vocab"], 6); // squares modulo 11
  json run = json::parse(readText(options.output + "/run.json"));
  EXPECT_EQ(run["active"], json({0, 1, 3, 4, 5, 9}));
  options.output = folder / "full";
  options.compact = false;
  report = train(options);
  ASSERT_TRUE(report);
  EXPECT_EQ((*report)["active_vocab"], 16);
  // ln 6 against ln 16 before anything is learnt, less what random logits add.
  double compact = metrics(folder / "run")[0]["loss"].get<double>();
  double full = metrics(folder / "full")[0]["loss"].get<double>();
  EXPECT_NEAR(full - compact, std::log(16.0 / 6.0), 0.3);
}

TEST_F(Training, usesExactlyTheTokensABundleWasCompiledFor) {
  TestBundle fixed = TestBundle::language();
  fixed.plan["active_rows"] = 8;
  fixed.write(folder / "bundle");
  Result<json> report = train(options);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ((*report)["active_vocab"], 8);
  options.output = folder / "other";
  options.compact = false;
  EXPECT_THAT(complaint(options), HasSubstr("8 of 16"));
  options.compact = true;
  fixed.plan["active_rows"] = 5;
  fixed.write(folder / "bundle");
  EXPECT_THAT(complaint(options), HasSubstr("--active-vocab=6"));
}

TEST_F(Training, givesTheSameBitsForAnyThreadCount) {
  ASSERT_TRUE(train(options, 1));
  options.output = folder / "other";
  ASSERT_TRUE(train(options, 3));
  EXPECT_EQ(metrics(folder / "run"), metrics(folder / "other"));
  EXPECT_EQ(readText(folder / "run/checkpoints/10/model.safetensors"),
            readText(folder / "other/checkpoints/10/model.safetensors"));
}

TEST_F(Training, resumesBitForBit) {
  ASSERT_TRUE(train(options));
  // A run killed after update 9: what was after checkpoint 8 is done again.
  fs::copy(folder / "run", folder / "killed", fs::copy_options::recursive);
  fs::remove_all(folder / "killed/checkpoints/10");
  fs::create_directories(folder / "killed/checkpoints/.unfinished-10");
  std::string lines = readText(folder / "killed/metrics.jsonl");
  writeText(folder / "killed/metrics.jsonl", lines.substr(0, lines.size() - 9));
  options.output = folder / "killed";
  options.resume = true;
  Result<json> report = train(options);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ((*report)["updates"], 2);
  EXPECT_EQ(metrics(folder / "run"), metrics(folder / "killed"));
  for (const char *file :
       {"model.safetensors", "optimizer.safetensors", "state.json"})
    EXPECT_EQ(readText(folder / "run/checkpoints/10/" + file),
              readText(folder / "killed/checkpoints/10/" + file))
        << file;
  EXPECT_FALSE(fs::exists(folder / "killed/checkpoints/.unfinished-10"));
}

TEST_F(Training, resumesWithoutACheckpointFromTheStart) {
  ASSERT_TRUE(train(options));
  options.output = folder / "other";
  options.resume = true;
  fs::create_directories(folder / "other");
  ASSERT_TRUE(train(options));
  EXPECT_EQ(metrics(folder / "run"), metrics(folder / "other"));
}

TEST_F(Training, keepsTheNewestCheckpoints) {
  options.checkpointEvery = 2;
  options.keep = 2;
  ASSERT_TRUE(train(options));
  EXPECT_THAT(listCheckpoints(folder / "run/checkpoints"), ElementsAre(8, 10));
}

TEST_F(Training, validatesWithoutLearningFromIt) {
  ASSERT_TRUE(train(options));
  std::vector<json> without = metrics(folder / "run");
  options.output = folder / "validated";
  options.validation = options.data;
  options.validationEvery = 5;
  Result<json> report = train(options);
  ASSERT_TRUE(report) << report.error().message;
  std::vector<json> with = metrics(options.output);
  for (size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(with[i].contains("val_loss"), i == 4 || i == 9);
    EXPECT_EQ(with[i]["loss"], without[i]["loss"]);
  }
  EXPECT_LT((*report)["val_loss"], (*report)["initial_val_loss"]);
  EXPECT_EQ((*report)["val_loss"], with[9]["val_loss"]);
}

TEST_F(Training, reportsTheKeysOfTheContract) {
  Result<json> report = train(options);
  ASSERT_TRUE(report);
  for (const char *key :
       {"updates", "micro_steps", "wall_s", "compile_s", "train_s",
        "ms_per_micro_step", "tokens_per_s", "device_tflops", "total_tflops",
        "dispatches", "compiles", "restarts", "active_vocab", "surface_bytes",
        "peak_rss_bytes", "phases"})
    EXPECT_TRUE(report->contains(key)) << key;
  EXPECT_EQ((*report)["micro_steps"], 20);
  EXPECT_EQ(json::parse(readText(folder / "run/report.json")), *report);
  for (const json &line : metrics(folder / "run"))
    for (const char *key : {"update", "loss", "lr", "grad_norm", "loss_scale",
                            "skipped", "tokens"})
      EXPECT_TRUE(line.contains(key)) << key;
}

TEST_F(Training, countsStartUpFromTheLaunch) {
  options.launched = Trainer::now() - 1000;
  options.validation = options.data; // takes time, but is not starting
  Result<json> report = train(options);
  ASSERT_TRUE(report);
  const double startup = (*report)["phases"]["startup"].get<double>();
  EXPECT_GE(startup, 1e6);
  EXPECT_LT(startup, 2e6); // milliseconds, once
}

TEST_F(Training, skipsOverflowsAndLowersTheScale) {
  // The first gradients are not finite: no scale of float can be so large.
  options.lossScale = 1e300;
  Result<json> fixed = train(options);
  ASSERT_TRUE(fixed); // ten skipped updates are not yet divergence
  for (const json &line : metrics(options.output)) {
    EXPECT_EQ(line["skipped"], true);
    EXPECT_TRUE(line["grad_norm"].is_null());
  }
}

TEST_F(Training, divergesWhenNothingIsFinite) {
  options.lossScale = 1e300;
  options.steps = 50;
  Result<json> result = train(options);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::Diverged);
  EXPECT_THAT(result.error().message, HasSubstr("16"));
  EXPECT_EQ(metrics(options.output).size(), 16u);
}

TEST_F(Training, usesADynamicScaleForHalfPrecision) {
  ASSERT_TRUE(train(options, 1, Numerics::Ane));
  EXPECT_EQ(metrics(options.output)[0]["loss_scale"], 1024.0);
  options.output = folder / "f32";
  ASSERT_TRUE(train(options));
  EXPECT_EQ(metrics(options.output)[0]["loss_scale"], 1.0);
}

TEST_F(Training, trainsAModelOnReals) {
  TestBundle::linear().write(folder / "bundle");
  options.data = "synthetic:4";
  options.steps = 60;
  Result<json> report = train(options);
  ASSERT_TRUE(report) << report.error().message;
  std::vector<json> lines = metrics(options.output);
  EXPECT_LT(lines.back()["loss"], lines.front()["loss"]);
  EXPECT_EQ((*report)["active_vocab"], 0);
}

TEST_F(Training, refusesWhatItCannotDo) {
  TrainOptions changed = options;
  writeText(folder / "short.bin", tokenFile({1, 2, 3, 4}));
  changed.data = folder / "short.bin";
  EXPECT_THAT(complaint(changed),
              AllOf(HasSubstr("short.bin"), HasSubstr("at least 5 tokens")));
  writeText(folder / "large.bin", tokenFile({1, 2, 3, 4, 5, 6, 16}));
  changed.data = folder / "large.bin";
  EXPECT_THAT(complaint(changed),
              AllOf(HasSubstr("large.bin"), HasSubstr("token 6 is 16")));
  changed = options;
  changed.output = folder / "data.bin/run"; // below a file
  EXPECT_THAT(complaint(changed), AllOf(HasSubstr("cannot create run folder"),
                                        HasSubstr("data.bin/run")));
  EXPECT_FALSE(fs::exists(folder / "run")) << "nothing is left behind";
}

TEST_F(Training, refusesAnExistingRunAndOtherMathematics) {
  ASSERT_TRUE(train(options));
  EXPECT_THAT(complaint(options),
              AllOf(HasSubstr("run"), HasSubstr("--resume")));
  options.resume = true;
  options.learningRate = 0.01;
  EXPECT_THAT(complaint(options),
              AllOf(HasSubstr("run.json"), HasSubstr("'lr'"), HasSubstr("0.05"),
                    HasSubstr("0.01")));
  options.learningRate = 0.05;
  writeText(folder / "data.bin", tokenFile({1, 2, 3, 4, 5, 6, 7}));
  EXPECT_THAT(complaint(options), HasSubstr("'data'"));
  options.output = folder.string();
  EXPECT_THAT(complaint(options), HasSubstr("no run.json"));
}

TEST(Checkpoints, areFoundByRunOrByThemselves) {
  TemporaryFolder folder;
  EXPECT_THAT(findCheckpoint(folder.string()).error().message,
              HasSubstr("checkpoint"));
  writeText(folder / "checkpoints/9/state.json", "{}");
  writeText(folder / "checkpoints/10/state.json", "{}");
  EXPECT_EQ(*findCheckpoint(folder.string()), folder / "checkpoints/10");
  EXPECT_EQ(*findCheckpoint(folder / "checkpoints/9"),
            folder / "checkpoints/9");
}

} // namespace

//===- ProgramSetTest.cpp - The loaded kernels of a plan ------------------===//
#include "runtime/train/ProgramSet.h"

#include "test/runtime/train/HostDevice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace anec::rt;
using testing::ElementsAre;

namespace {

/// Loads what it is told to, and counts what lives.
class LoadingDevice : public HostDevice {
public:
  LoadingDevice() : HostDevice(Numerics::Ane) {}

  struct Loaded : Program {
    Loaded(std::string name, std::atomic<int> &alive)
        : name(std::move(name)), alive(alive) {
      ++alive;
    }
    ~Loaded() override { --alive; }
    std::string name;
    std::atomic<int> &alive;
  };

  Result<std::unique_ptr<Program>> load(const ProgramFiles &files) override {
    while (holds)
      std::this_thread::yield();
    names.push_back(files.name + (files.isPatch ? " patched" : ""));
    threads.push_back(std::this_thread::get_id());
    aliveBefore.push_back(alive);
    if (files.name == failing)
      return makeError(ErrorCode::BudgetExhausted, "no more after {}",
                       files.name);
    return std::unique_ptr<Program>(
        std::make_unique<Loaded>(files.name, alive));
  }

  std::atomic<bool> holds{false};
  std::atomic<int> alive{0};
  std::string failing;
  // Of the loading thread; to be read when it is idle.
  std::vector<std::string> names;
  std::vector<std::thread::id> threads;
  std::vector<int> aliveBefore;
};

class ProgramSetTest : public testing::Test {
protected:
  ProgramSetTest() { set.resize({1, 3}); }

  static ProgramSet::Request request(size_t kernel, int64_t instance,
                                     bool delta = false) {
    return {kernel, instance, delta, [kernel, instance] {
              ProgramFiles files;
              files.name = fmt::format("{}.{}", kernel, instance);
              return files;
            }};
  }
  static std::vector<ProgramSet::Request> all(bool delta = false) {
    return {request(1, 2, delta), request(1, 0, delta), request(0, 0, delta),
            request(1, 1, delta)};
  }
  std::string name(size_t kernel, int64_t instance) {
    auto program = set.get(kernel, instance);
    if (!program)
      return program.error().message;
    return *program ? static_cast<LoadingDevice::Loaded *>(*program)->name
                    : "none";
  }

  LoadingDevice device;
  ProgramSet set{device};
};

TEST_F(ProgramSetTest, LoadsOnTheCallingThread) {
  EXPECT_EQ(name(1, 1), "none");
  EXPECT_FALSE(set.load(request(1, 1)));
  EXPECT_EQ(name(1, 1), "1.1");
  EXPECT_EQ(name(1, 0), "none");
  EXPECT_EQ(device.threads.at(0), std::this_thread::get_id());
  EXPECT_EQ(set.workBeside().ops, 0u);
}

TEST_F(ProgramSetTest, LoadsOnOneOtherThreadInOrder) {
  device.holds = true;
  set.loadBeside(all());
  EXPECT_EQ(set.loaded(1, 2), nullptr);
  device.holds = false;
  EXPECT_EQ(name(1, 0), "1.0");
  EXPECT_EQ(name(1, 2), "1.2");
  EXPECT_FALSE(set.waitForAll());
  EXPECT_EQ(name(0, 0), "0.0");
  EXPECT_THAT(device.names, ElementsAre("1.2", "1.0", "0.0", "1.1"));
  for (std::thread::id thread : device.threads) {
    EXPECT_EQ(thread, device.threads[0]);
    EXPECT_NE(thread, std::this_thread::get_id());
  }
  EXPECT_EQ(set.workBeside().ops, 4u);
  EXPECT_GT(set.workBeside().seconds, 0);
}

TEST_F(ProgramSetTest, PatchesWhatWasThere) {
  EXPECT_FALSE(set.load(request(1, 2, true)));
  set.loadBeside(all(true));
  EXPECT_FALSE(set.waitForAll());
  EXPECT_FALSE(set.load(request(0, 0, true)));
  EXPECT_THAT(device.names, ElementsAre("1.2", "1.2 patched", "1.0", "0.0",
                                        "1.1", "0.0 patched"));
}

TEST_F(ProgramSetTest, DropsAllOldProgramsBeforeTheFirstNewOne) {
  for (int round = 0; round < 2; ++round) {
    set.loadBeside(all());
    EXPECT_FALSE(set.waitForAll());
  }
  EXPECT_THAT(device.aliveBefore, ElementsAre(0, 1, 2, 3, 0, 1, 2, 3));
}

TEST_F(ProgramSetTest, GivesTheErrorToWhoNeedsTheProgram) {
  device.failing = "1.0";
  set.loadBeside(all());
  EXPECT_EQ(name(1, 2), "1.2"); // came before it
  EXPECT_EQ(name(0, 0), "no more after 1.0");
  // Nothing after it was tried, and it is not reported twice.
  EXPECT_THAT(device.names, ElementsAre("1.2", "1.0"));
  EXPECT_FALSE(set.waitForAll());
  EXPECT_EQ(name(0, 0), "none");
  device.failing.clear();
  set.loadBeside(all());
  EXPECT_EQ(name(0, 0), "0.0");
}

TEST_F(ProgramSetTest, WaitingForAllGivesTheErrorToo) {
  device.failing = "1.1";
  set.loadBeside(all());
  auto error = set.waitForAll();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::BudgetExhausted);
}

TEST_F(ProgramSetTest, AbandonsWhatHasNotBegun) {
  device.holds = true;
  set.loadBeside(all());
  std::thread release([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    device.holds = false;
  });
  set.abandon();
  release.join();
  EXPECT_LE(device.names.size(), 1u);
  EXPECT_EQ(name(1, 1), "none");
  EXPECT_FALSE(set.waitForAll());
}

TEST(ProgramSet, LeavesNothingBehind) {
  LoadingDevice device;
  {
    ProgramSet set(device);
    set.resize({100});
    std::vector<ProgramSet::Request> requests;
    for (int64_t i = 0; i < 100; ++i)
      requests.push_back({0, i, false, [] { return ProgramFiles(); }});
    set.loadBeside(requests);
  }
  EXPECT_EQ(device.alive, 0);
}

} // namespace

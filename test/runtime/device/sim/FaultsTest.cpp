//===- FaultsTest.cpp - Flags and files of faults -------------------------===//
#include "runtime/device/sim/Faults.h"

#include <gtest/gtest.h>

using namespace anec::rt;
using namespace anec::rt::sim;

namespace {

std::string flagComplaint(const std::string &text) {
  auto fault = parseFault(text);
  return fault ? "" : fault.error().message;
}

std::string fileComplaint(const std::string &text) {
  auto faults = parseFaults(text, "f.json");
  return faults ? "" : faults.error().message;
}

TEST(Faults, FlagsSayWhatAndWhen) {
  auto fault = parseFault("compile-failure");
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->kind, FaultKind::CompileFailure);
  EXPECT_EQ(fault->after, 0);
  EXPECT_EQ(fault->times, 1);
  fault = parseFault("silent-zeros,after=7,times=2,kernel=layer_fwd");
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->kind, FaultKind::SilentZeros);
  EXPECT_EQ(fault->after, 7);
  EXPECT_EQ(fault->times, 2);
  EXPECT_EQ(fault->kernel, "layer_fwd");
  fault = parseFault("slow-service,ms=1.5");
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->milliseconds, 1.5);
  EXPECT_EQ(fault->times, 0); // for ever
}

TEST(Faults, WrongFlagsAreErrors) {
  const std::string names = "expects one of compile-failure, eval-error, "
                            "silent-zeros, slow-service, poisoned";
  EXPECT_EQ(flagComplaint(""), "--fault : " + names + ", but got ''");
  EXPECT_EQ(flagComplaint("fire,after=1"),
            "--fault fire,after=1: " + names + ", but got 'fire'");
  EXPECT_EQ(flagComplaint("poisoned,after=-1"),
            "--fault poisoned,after=-1: expects after=N with N from 0 to "
            "1099511627776, but got '-1'");
  EXPECT_EQ(flagComplaint("poisoned,times=0"),
            "--fault poisoned,times=0: expects times=N with N from 1 to "
            "1099511627776, but got '0'");
  EXPECT_EQ(flagComplaint("poisoned,after=99999999999999999999"),
            "--fault poisoned,after=99999999999999999999: expects after=N "
            "with N from 0 to 1099511627776, but got '99999999999999999999'");
  EXPECT_EQ(flagComplaint("poisoned,soon"),
            "--fault poisoned,soon: expects after=N, times=N, kernel=NAME or "
            "ms=F, but got 'soon'");
  EXPECT_EQ(flagComplaint("poisoned,"),
            "--fault poisoned,: expects after=N, times=N, kernel=NAME or "
            "ms=F, but got ''");
  EXPECT_EQ(flagComplaint("poisoned,kernel="),
            "--fault poisoned,kernel=: expects after=N, times=N, kernel=NAME "
            "or ms=F, but got 'kernel='");
  EXPECT_EQ(flagComplaint("slow-service,ms=fast"),
            "--fault slow-service,ms=fast: expects ms=F with a number, but "
            "got 'fast'");
  EXPECT_EQ(flagComplaint("slow-service"),
            "--fault slow-service: expects ms above 0 and up to 3600000 for "
            "slow-service");
  EXPECT_EQ(flagComplaint("poisoned,ms=2"),
            "--fault poisoned,ms=2: expects ms for slow-service only");
}

TEST(Faults, FilesSayTheSame) {
  auto faults = parseFaults(
      R"({"format": 1, "faults": [
           {"kind": "eval-error", "after": 3, "times": 4, "kernel": "k"},
           {"kind": "slow-service", "ms": 20}]})",
      "f.json");
  ASSERT_TRUE(faults) << faults.error().message;
  ASSERT_EQ(faults->size(), 2U);
  EXPECT_EQ((*faults)[0].kind, FaultKind::EvaluationError);
  EXPECT_EQ((*faults)[0].after, 3);
  EXPECT_EQ((*faults)[0].times, 4);
  EXPECT_EQ((*faults)[0].kernel, "k");
  EXPECT_EQ((*faults)[1].milliseconds, 20);
  EXPECT_EQ((*faults)[1].times, 0);
}

TEST(Faults, WrongFilesAreErrors) {
  for (const char *text :
       {"",
        "[",
        "[]",
        "{}",
        R"({"format": 2, "faults": []})",
        R"({"format": 1})",
        R"({"format": 1, "faults": {}})",
        R"({"format": 1, "faults": [], "more": 1})",
        R"({"format": 1, "faults": [3]})",
        R"({"format": 1, "faults": [{}]})",
        R"({"format": 1, "faults": [{"kind": 3}]})",
        R"({"format": 1, "faults": [{"kind": "fire"}]})",
        R"({"format": 1, "faults": [{"kind": "poisoned", "after": -1}]})",
        R"({"format": 1, "faults": [{"kind": "poisoned", "after": 1.5}]})",
        R"({"format": 1, "faults": [{"kind": "poisoned", "times": 0}]})",
        R"({"format": 1, "faults": [{"kind": "poisoned", "kernel": ""}]})",
        R"({"format": 1, "faults": [{"kind": "poisoned", "ms": "x"}]})",
        R"({"format": 1, "faults": [{"kind": "slow-service"}]})",
        R"({"format": 1, "faults": [{"kind": "slow-service", "ms": 1e9}]})",
        R"({"format": 1, "faults": [{"kind": "poisoned", "why": 1}]})"})
    EXPECT_EQ(fileComplaint(text).substr(0, 7), "f.json:") << text;
  EXPECT_EQ(fileComplaint(R"({"format": 1, "faults": [{"kind": "fire"}]})"),
            "f.json: /faults/0/kind: expects one of compile-failure, "
            "eval-error, silent-zeros, slow-service, poisoned, but got "
            "\"fire\"");
}

/// The numbers, from 0, of the events among `count` that fail.
std::vector<int> failures(const std::string &flag, int count,
                          const std::string &kernel = "k") {
  FaultCounter counter({*parseFault(flag)});
  std::vector<int> numbers;
  for (int i = 0; i < count; ++i)
    if (counter.next(Event::Evaluate, kernel).fails)
      numbers.push_back(i);
  return numbers;
}

TEST(Faults, CountTheirEvents) {
  EXPECT_EQ(failures("eval-error", 3), std::vector<int>({0}));
  EXPECT_EQ(failures("eval-error,after=2,times=3", 9),
            std::vector<int>({2, 3, 4}));
  EXPECT_EQ(failures("eval-error,kernel=other", 3), std::vector<int>());
  EXPECT_EQ(failures("eval-error,kernel=k,after=1", 3), std::vector<int>({1}));
  EXPECT_EQ(failures("compile-failure", 3), std::vector<int>());
}

TEST(Faults, KernelsCountAlone) {
  FaultCounter counter({*parseFault("eval-error,after=1,kernel=b")});
  EXPECT_FALSE(counter.next(Event::Evaluate, "a").fails);
  EXPECT_FALSE(counter.next(Event::Evaluate, "b").fails);
  EXPECT_FALSE(counter.next(Event::Evaluate, "a").fails);
  EXPECT_TRUE(counter.next(Event::Evaluate, "b").fails);
}

} // namespace

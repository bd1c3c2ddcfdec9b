//===- FaultTest.cpp - Everything that is reported to go wrong ------------===//
//
// One test per symptom of the public reports: it passes by itself, or it is an
// error that says what the system said and what can be done.
//
//===----------------------------------------------------------------------===//
#include "test/runtime/device/ane/AneTest.h"

using namespace anec::rt;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

using AneFault = AneTest;

TEST_F(AneFault, ChangedInterface) {
  standIn.configure({{"missingClass", "_ANERequest"}});
  EXPECT_THAT(openError(), HasSubstr("has no class '_ANERequest'"));
  standIn.configure({{"missingMethod", "unloadWithQoS:error:"}});
  EXPECT_THAT(openError(), HasSubstr("has no method 'unloadWithQoS:error:'"));
  standIn.configure({{"noEngine", true}});
  EXPECT_THAT(openError(), HasSubstr("has no Neural Engine"));
}

TEST_F(AneFault, NoDescriptor) {
  open();
  standIn.configure({{"descriptorNil", true}});
  EXPECT_THAT(loadError(doubling()),
              AllOf(HasSubstr("doubling: the system makes no descriptor"),
                    HasSubstr("mil-header-13")));
}

TEST_F(AneFault, NoRequestAndNoSurface) {
  open();
  auto program = load(doubling());
  auto x = allocate("x", 32, 32), y = allocate("y", 32, 32);
  standIn.configure({{"requestNil", true}, {"surfaceNil", true}});
  EXPECT_THAT(run(*program, {x.get()}, {y.get()}),
              HasSubstr("the system makes no request of 1 input"));
  auto surface = device->allocate({"s", 32, 32, {}});
  ASSERT_FALSE(surface);
  EXPECT_THAT(surface.error().message, HasSubstr("49152 bytes"));
}

/// The form of an operator: the same again would fail again.
TEST_F(AneFault, RefusedProgram) {
  open();
  load(doubling());
  standIn.configure(
      {{"compileFailures", 1}, {"compileError", "InvalidMILProgram"}});
  EXPECT_THAT(loadError(doubling()),
              AllOf(HasSubstr("doubling: cannot be compiled: "
                              "com.apple.appleneuralengine.compiler code 1: "),
                    HasSubstr("ANECCompile() FAILED, err=(InvalidMILProgram)"),
                    HasSubstr("anec check")));
  EXPECT_THAT(pauses, ElementsAre());
}

/// What compiled before is tried again, with growing pauses.
TEST_F(AneFault, TransientCompileFailure) {
  open();
  load(doubling());
  standIn.configure({{"compileFailures", 5}});
  load(doubling());
  EXPECT_THAT(pauses, ElementsAre(100, 200, 400, 800, 1000));
  // Every attempt counts.
  EXPECT_EQ(budget.used(), 7);
}

TEST_F(AneFault, WhatNeverCompiledIsNotTriedAgain) {
  open();
  standIn.configure({{"compileFailures", 1}});
  EXPECT_THAT(loadError(doubling()),
              AllOf(HasSubstr("CompilationFailure"), HasSubstr("split"),
                    HasSubstr("restart the machine")));
  EXPECT_THAT(pauses, ElementsAre());
  EXPECT_EQ(standIn.calls("compile"), 1);
}

TEST_F(AneFault, CompilerServiceDied) {
  open();
  standIn.configure({{"compileFailures", 1}, {"compileError", "service"}});
  load(doubling());
  EXPECT_THAT(pauses, ElementsAre(15000)); // keeps compile-service-crash
  standIn.configure({{"compileFailures", 2}, {"compileError", "service"}});
  EXPECT_THAT(
      loadError(scaling(1)),
      AllOf(HasSubstr("NSCocoaErrorDomain code 4097"), HasSubstr("crash")));
  // breaks compile-service-crash
}

TEST_F(AneFault, OurBudgetEndsBeforeTheSystems) {
  ane::CompileBudget two(2);
  options.budget = &two;
  open();
  auto first = load(scaling(1)), second = load(scaling(2));
  Result<std::unique_ptr<Program>> third = device->load(scaling(3));
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, ErrorCode::BudgetExhausted);
  EXPECT_THAT(third.error().message, HasSubstr("did 2 compiles"));
  EXPECT_EQ(standIn.calls("compile"), 2);
  EXPECT_EQ(ane::CompileBudget::process().limit(), 100);
}

/// The system's budget ends earlier than reported: a new process may go on.
TEST_F(AneFault, SystemBudgetEndsEarly) {
  open();
  standIn.configure({{"compileLimit", 3}});
  std::vector<std::unique_ptr<Program>> programs;
  for (int i = 1; i <= 3; ++i)
    programs.push_back(load(scaling(static_cast<float>(i))));
  Result<std::unique_ptr<Program>> next = device->load(scaling(4));
  ASSERT_FALSE(next);
  EXPECT_EQ(next.error().code, ErrorCode::BudgetExhausted);
  EXPECT_THAT(next.error().message,
              HasSubstr("compiled before in this process and now fails 6"));
}

TEST_F(AneFault, LoadIsTriedTwice) {
  open();
  standIn.configure({{"loadFailures", 1}});
  load(doubling());
  EXPECT_THAT(pauses, ElementsAre(100));
  standIn.configure({{"loadFailures", 2}, {"loadError", 0xe00002e2}});
  EXPECT_THAT(loadError(scaling(1)),
              AllOf(HasSubstr("scaling: cannot be loaded: "
                              "com.apple.appleneuralengine code"),
                    HasSubstr("permission")));
}

TEST_F(AneFault, TooManyPrograms) {
  standIn.configure({{"loadLimit", 2}});
  open();
  auto first = load(scaling(1)), second = load(scaling(2));
  EXPECT_THAT(loadError(scaling(3)), HasSubstr("no free program slot"));
  first.reset();
  load(scaling(3));
}

/// Data would be read from, or written to, other places than the host means.
TEST_F(AneFault, ProgramWantsOtherSurfaces) {
  const std::pair<const char *, const char *> faults[] = {
      {"none", "no NetworkStatusList"},
      {"short", "expected 1 surfaces in one direction, but the loaded program "
                "wants 0"},
      {"stride", "to have 64 bytes per row, but the loaded program wants 128"},
      {"name", "wants a surface 'unheard_of'"},
      {"width", "to have 32 columns, but the loaded program wants 64"}};
  open();
  for (const auto &[fault, message] : faults) {
    standIn.configure({{"attributes", fault}});
    EXPECT_THAT(loadError(doubling()), HasSubstr(message));
    // breaks io-strides-query
  }
}

TEST_F(AneFault, EvaluationFails) {
  open();
  auto program = load(doubling());
  auto x = allocate("x", 32, 32), y = allocate("y", 32, 32);
  write(*x, ramp(1024));
  standIn.configure({{"failAfter", 1}});
  EXPECT_THAT(run(*program, {x.get()}, {y.get()}),
              AllOf(HasSubstr("doubling: failed on the engine: "),
                    HasSubstr("code 8"), HasSubstr("status=0x1d"),
                    HasSubstr("too small or bound in another order")));
  standIn.configure({{"failAfter", 3}});
  EXPECT_EQ(run(*program, {x.get()}, {y.get()}), "");
  EXPECT_EQ(run(*program, {x.get()}, {y.get()}), "");
  EXPECT_THAT(run(*program, {x.get()}, {y.get()}),
              AllOf(HasSubstr("it ran before"), HasSubstr("--resume")));
  standIn.configure({{"aliasError", true}});
  EXPECT_THAT(run(*program, {x.get()}, {y.get()}), HasSubstr("bound twice"));
}

TEST_F(AneFault, SilentZeros) {
  open();
  auto program = load(doubling());
  auto x = allocate("x", 32, 32), y = allocate("y", 32, 32);
  // Zeros of zeros are right.
  EXPECT_EQ(run(*program, {x.get()}, {y.get()}), "");
  write(*x, ramp(1024));
  standIn.configure({{"zerosAfter", 2}});
  EXPECT_EQ(run(*program, {x.get()}, {y.get()}), "");
  EXPECT_THAT(run(*program, {x.get()}, {y.get()}),
              AllOf(HasSubstr("only zeros"), HasSubstr("2.05e+03")));
}

TEST_F(AneFault, SlowEvaluation) {
  open();
  auto program = load(doubling());
  auto x = allocate("x", 32, 32), y = allocate("y", 32, 32);
  standIn.configure({{"slowMilliseconds", 30}});
  EXPECT_EQ(run(*program, {x.get()}, {y.get()}), "");
}

/// Then two sets of weights would share one folder.
TEST_F(AneFault, IdentifierThatIgnoresWeights) {
  standIn.configure({{"identifierIgnoresWeights", true}});
  open();
  auto first = load(scaling(1));
  EXPECT_THAT(loadError(scaling(2)), HasSubstr("[hexid]")); // breaks hexid
  first.reset();
  load(scaling(2));
}

} // namespace

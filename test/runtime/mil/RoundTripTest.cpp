//===- RoundTripTest.cpp - Reading what was printed -----------------------===//
//
// 10,000 random programs that use the whole language, the kernels that the CPU
// device is compared with, and every MIL text of this repository.
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/Printer.h"
#include "runtime/mil/Reader.h"
#include "runtime/mil/TypeCheck.h"
#include "runtime/support/AtomicFile.h"
#include "test/runtime/mil/random/RandomKernel.h"
#include "test/runtime/mil/random/RandomProgram.h"
#include "test/runtime/mil/random/SameProgram.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

using namespace anec::rt;
using namespace anec::rt::mil;

namespace {

/// Empty when `text` reads back as `program` and is well typed.
std::string problemWith(const Program &program, const std::string &text) {
  auto read = mil::read(text, "printed");
  if (!read)
    return "it cannot be read: " + read.error().message;
  if (std::string found = random::difference(program, *read); !found.empty())
    return "it reads back differently at " + found;
  if (print(*read) != print(program))
    return "it prints differently";
  if (std::optional<Error> error = check(*read, "printed"))
    return "it is not well typed: " + error->message;
  return "";
}

/// One seed, or all of them.
template <typename Test> void forEachSeed(uint64_t count, Test test) {
  const char *only = std::getenv("ANEC_RANDOM_SEED");
  const uint64_t first = only ? std::strtoull(only, nullptr, 10) : 0;
  for (uint64_t seed = first; seed < (only ? first + 1 : count); ++seed) {
    const std::string problem = test(seed);
    ASSERT_TRUE(problem.empty())
        << problem << "\nrerun with ANEC_RANDOM_SEED=" << seed;
  }
}

TEST(RoundTrip, RandomPrograms) {
  forEachSeed(isSanitized ? 1000 : 10000, [](uint64_t seed) {
    const Program program = random::randomProgram(seed);
    const std::string text = print(program);
    const std::string problem = problemWith(program, text);
    return problem.empty() ? "" : problem + "\n" + text;
  });
}

TEST(RoundTrip, WhiteSpaceHasNoMeaning) {
  forEachSeed(isSanitized ? 100 : 500, [](uint64_t seed) {
    const Program program = random::randomProgram(seed);
    const std::string text = random::respaced(print(program), seed);
    const std::string problem = problemWith(program, text);
    return problem.empty() ? "" : problem + "\n" + text;
  });
}

TEST(RoundTrip, RandomKernels) {
  forEachSeed(isSanitized ? 20 : 200, [](uint64_t seed) {
    const random::RandomKernel kernel = random::randomKernel(seed);
    return problemWith(kernel.program, print(kernel.program));
  });
}

TEST(RoundTrip, EveryTextOfThisRepository) {
  int64_t count = 0;
  for (const char *root : {ANEC_TEST_DIR, ANEC_MODELS_DIR})
    for (const auto &entry :
         std::filesystem::recursive_directory_iterator(root)) {
      // Texts that are wrong on purpose cannot all be read.
      if (entry.path().extension() != ".mil" ||
          entry.path().parent_path().filename() == "wrong")
        continue;
      SCOPED_TRACE(entry.path().string());
      auto text = readFile(entry.path().string());
      ASSERT_TRUE(text) << text.error().message;
      auto program = mil::read(*text, "file");
      ASSERT_TRUE(program) << program.error().message;
      auto again = mil::read(print(*program), "printed");
      ASSERT_TRUE(again) << again.error().message;
      EXPECT_EQ(random::difference(*program, *again), "");
      ++count;
    }
  EXPECT_GE(count, 15);
}

} // namespace

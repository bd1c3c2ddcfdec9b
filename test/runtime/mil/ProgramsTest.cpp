//===- ProgramsTest.cpp - Whole programs of every kind --------------------===//
//
// programs/ holds texts in the manner of the model compiler and of people who
// write for the ANE by hand. RoundTripTest prints them, test/runtime/device
// runs them.
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/Printer.h"
#include "runtime/mil/Reader.h"
#include "runtime/mil/TypeCheck.h"
#include "runtime/support/AtomicFile.h"
#include "test/runtime/mil/random/SameProgram.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

using namespace anec::rt;
using namespace anec::rt::mil;

namespace {

const std::string folder = ANEC_TEST_DIR "/runtime/mil/programs";

std::set<std::string> paths() {
  std::set<std::string> found;
  for (const auto &entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".mil")
      found.insert(entry.path().string());
  return found;
}

Program readProgram(const std::string &path) {
  auto text = readFile(path);
  EXPECT_TRUE(text) << text.error().message;
  auto program = read(*text, path);
  EXPECT_TRUE(program) << program.error().message;
  return program ? *program : Program();
}

TEST(Programs, EqualityNoticesEveryDifference) {
  const Program program = readProgram(folder + "/two-functions.mil");
  auto differs = [&](const std::string &from, const std::string &to) {
    std::string text = print(program);
    const size_t place = text.find(from);
    ASSERT_NE(place, std::string::npos) << from;
    auto other = read(text.replace(place, from.size(), to), "t");
    ASSERT_TRUE(other) << other.error().message;
    EXPECT_NE(random::difference(program, *other), "") << to;
  };
  differs("1.3", "1.0");
  differs("3510.2.1", "3510.2.2");
  differs("func first", "func third");
  differs("ios18", "ios17");
  differs("[3]> x", "[4]> x");
  differs("[3]> y", "[3]> z");
  differs("add(", "sub(");
  differs("x = x", "z = x");
  differs("x = x", "x = (x)");
  differs("y = x", "y = y");
  differs("0x1p+0", "0x1p+1");
  differs("fp16(0x1p+0)", "tensor<fp16, []>(0x1p+0)");
  differs("[name = string(\"y\")]", "");
  differs("(y, total)", "(total, y)");
}

TEST(Programs, TypesAreInferred) {
  EXPECT_GE(paths().size(), 15u);
  for (const std::string &path : paths()) {
    const Program program = readProgram(path);
    auto error = check(program, path);
    if (path == folder + "/state.mil") {
      ASSERT_TRUE(error);
      EXPECT_NE(error->message.find("state.mil:5:13: operator 'read_state' is "
                                    "not supported"),
                std::string::npos)
          << error->message;
      error = check(program, path, nullptr, UnknownOps::Believe);
    }
    EXPECT_FALSE(error) << error->message;
  }
}

TEST(Programs, RedefinitionsAreSaid) {
  std::vector<std::string> warnings;
  const std::string path = folder + "/redefined.mil";
  EXPECT_FALSE(check(readProgram(path), path, &warnings));
  ASSERT_EQ(warnings.size(), 3u);
  EXPECT_EQ(warnings[0], path + ":7:14: 'c' is defined again; the last "
                                "definition counts");
  EXPECT_EQ(warnings[1].find(path + ":8:27: 'y'"), 0u) << warnings[1];
  EXPECT_EQ(warnings[2].find(path + ":9:14: 'c'"), 0u) << warnings[2];
}

} // namespace

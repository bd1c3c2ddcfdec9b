//===- CommandLine.cpp - ane-run called by a test -------------------------===//
//
// Through the shell, as people do.
//
//===----------------------------------------------------------------------===//
#include "test/ane-run/CommandLine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <sys/wait.h>

namespace anec::rt {

Outcome run(const std::string &arguments) {
  std::string command = ANEC_BIN_DIR "/ane-run " + arguments + " 2>&1";
  Outcome outcome;
  FILE *pipe = popen(command.c_str(), "r");
  char part[4096];
  while (size_t count = fread(part, 1, sizeof part, pipe))
    outcome.text.append(part, count);
  int status = pclose(pipe);
  outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return outcome;
}

void expectError(const std::string &arguments, int status,
                 const std::string &part) {
  Outcome outcome = run(arguments);
  EXPECT_EQ(outcome.status, status) << arguments << "\n" << outcome.text;
  EXPECT_THAT(outcome.text,
              testing::AllOf(testing::StartsWith("ane-run: error: "),
                             testing::HasSubstr(part)))
      << arguments;
  EXPECT_EQ(std::count(outcome.text.begin(), outcome.text.end(), '\n'), 1)
      << outcome.text;
}

} // namespace anec::rt

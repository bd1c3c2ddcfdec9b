//===- CommandLine.h - ane-run called by a test -----------------*- C++ -*-===//
//
// Runs the program that was built, and looks at what people would see.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TEST_ANE_RUN_COMMANDLINE_H
#define ANEC_TEST_ANE_RUN_COMMANDLINE_H

#include <string>

namespace anec::rt {

struct Outcome {
  int status = -1;
  /// Standard output and standard error.
  std::string text;
};

Outcome run(const std::string &arguments);

/// The command fails with `status` and exactly one line, which has `part`.
void expectError(const std::string &arguments, int status,
                 const std::string &part);

} // namespace anec::rt

#endif // ANEC_TEST_ANE_RUN_COMMANDLINE_H

//===- main.cpp - Runs what anec compiles ---------------------------------===//
//
// Exit status: 0 done, 1 the work failed, 2 wrong usage or bad input.
//
//===----------------------------------------------------------------------===//
#include "tools/ane-run/Commands.h"
#include "tools/ane-run/Restart.h"

#include <cstdio>
#include <exception>
#include <new>

using namespace anec::rt;

namespace {

int fail(int status, std::string message) {
  message = message.substr(0, message.find('\n'));
  fmt::print(stderr, "ane-run: error: {}\n", message);
  return status;
}

int statusOf(const Error &error) {
  return error.code == ErrorCode::InvalidInput ? 2 : 1;
}

} // namespace

int main(int argc, char **argv) {
  rememberArguments(argc, argv);
  CLI::App app("Trains and runs models that anec compiled.", "ane-run");
  app.require_subcommand(1);
  Action action;
  addTrainCommand(app, action);
  addGenerateCommand(app, action);
  addEvalCommand(app, action);
  addExecCommand(app, action);
  addGradcheckCommand(app, action);
  addTokenizeCommand(app, action);
  addBenchCommand(app, action);
  addInfoCommand(app, action);
  addProbeCommand(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    if (error.get_exit_code() == 0)
      return app.exit(error); // --help
    return fail(2, error.what());
  }
  try {
    Result<int> status = action();
    return status ? *status
                  : fail(statusOf(status.error()), status.error().message);
  } catch (const std::bad_alloc &) {
    return fail(1, "there is not enough memory");
  } catch (const std::exception &error) {
    return fail(1, error.what());
  }
}

//===- Commands.h - The subcommands of ane-run ------------------*- C++ -*-===//
//
// Each command adds itself to the command line and leaves what it does in
// `action`, so that main knows none of them.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TOOLS_ANE_RUN_COMMANDS_H
#define ANEC_TOOLS_ANE_RUN_COMMANDS_H

#include "runtime/support/Result.h"

#include <CLI/CLI.hpp>

#include <functional>
#include <optional>

namespace anec::rt {

/// What the parsed command will do; returns the exit status when it worked.
using Action = std::function<Result<int>()>;

void addTrainCommand(CLI::App &app, Action &action);
void addGenerateCommand(CLI::App &app, Action &action);
void addEvalCommand(CLI::App &app, Action &action);
void addExecCommand(CLI::App &app, Action &action);
void addGradcheckCommand(CLI::App &app, Action &action);
void addTokenizeCommand(CLI::App &app, Action &action);
void addBenchCommand(CLI::App &app, Action &action);
void addInfoCommand(CLI::App &app, Action &action);
void addProbeCommand(CLI::App &app, Action &action);

} // namespace anec::rt

#endif // ANEC_TOOLS_ANE_RUN_COMMANDS_H

//===- Restart.h - This program, from its beginning -------------*- C++ -*-===//
//
// Replaces the process by a new one of the same program with the same
// arguments, which finds the run in what it inherits.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TOOLS_ANE_RUN_RESTART_H
#define ANEC_TOOLS_ANE_RUN_RESTART_H

#include "runtime/support/Result.h"
#include "runtime/train/TrainOptions.h"

namespace anec::rt {

/// Remembers the arguments of main; comes first.
void rememberArguments(int argc, char **argv);

/// The hidden flag that tells a new process what it inherits.
constexpr char handoverFlag[] = "--handover";

/// "MEMORY,LOCK", two descriptors.
Result<HandoverDescriptors> parseHandover(const std::string &text);

/// Waits `delay` seconds and does not return unless it fails.
Error restartProcess(const HandoverDescriptors &descriptors, double delay);

} // namespace anec::rt

#endif // ANEC_TOOLS_ANE_RUN_RESTART_H

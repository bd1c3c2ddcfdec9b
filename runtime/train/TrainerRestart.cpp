//===- TrainerRestart.cpp - When the device fails -------------------------===//
//
// Parameters change only as a whole, so that the state between two updates is
// always there: to hand over, or to write to disk. An update that fails before
// it changed anything is done again.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/Trainer.h"

#include <algorithm>

namespace anec::rt {

/// A tight loop of restarts has exhausted the compiler service of a whole
/// machine (SL, 86 kernels every 10 steps).
constexpr double secondsBetweenRestarts = 1;

double Trainer::restartDelay() const {
  return std::max(0.0, processStarted + secondsBetweenRestarts - now());
}

/// A process that spent its budget must have trained, or the next one would
/// spend its own in vain. A device that failed gets one fresh process for the
/// same update.
bool Trainer::mayRestart(const Error &error) const {
  if (!options.mayRestart || !folder)
    return false;
  if (error.code == ErrorCode::BudgetExhausted)
    return done > doneBefore;
  return error.code == ErrorCode::DeviceFailure &&
         (done > doneBefore || !isRestarted);
}

std::optional<Error> Trainer::receive(const HandoverDescriptors &from) {
  ANEC_ASSIGN(folder, RunFolder::adopt(options.output, describe(), from.lock));
  ANEC_ASSIGN(SharedMemory memory, SharedMemory::adopt(from.memory));
  ANEC_ASSIGN(RunState state, readHandover(memory.bytes(), *store, *optimizer));
  isRestarted = true;
  lossScale.restore(state.lossScale);
  done = state.update;
  started = state.started;
  measured = state.measured;
  if (state.unfinished)
    unfinished = Update{*state.unfinished, std::nullopt};
  log(fmt::format("restart {}: going on at update {}", measured.restarts,
                  done));
  return std::nullopt;
}

std::optional<Error> Trainer::handOver() {
  ANEC_TRY(fetchStates());
  ANEC_TRY(folder->syncMetrics());
  RunState state;
  state.update = done;
  state.optimizerSteps = optimizer->steps();
  state.lossScale = lossScale.state();
  state.started = started;
  state.measured = measured;
  state.measured.restarts += 1;
  const DeviceCounters counted = device.counters();
  state.measured.compiles += counted.compiles;
  state.measured.reloads += counted.reloads;
  if (executor) {
    const ExecutorCounters work = executor->counters();
    for (const auto &[name, seconds] : work.seconds)
      state.measured.seconds[name] += seconds;
    state.measured.background += work.background;
    state.measured.compiling += work.compiling;
  }
  if (unfinished)
    state.unfinished = *unfinished;
  ANEC_ASSIGN(SharedMemory memory, writeHandover(state, *store, *optimizer));
  HandoverDescriptors to;
  ANEC_ASSIGN(to.memory, memory.release());
  ANEC_ASSIGN(to.lock, folder->releaseLock());
  descriptors = to;
  return std::nullopt;
}

Error Trainer::stop(const Error &error) {
  const bool isDevice = error.code == ErrorCode::BudgetExhausted ||
                        error.code == ErrorCode::DeviceFailure;
  if (!isDevice)
    return error;
  // What is still queued would be compiled for nobody, and counted.
  if (executor)
    executor->abandonLoading();
  if (isHalfDone)
    return Error{error.code,
                 fmt::format("{}; it stopped in the middle of update {}, with "
                             "some of its weights changed: what came since the "
                             "last checkpoint is lost, and the same command "
                             "with --resume continues from there",
                             error.message, done + 1)};
  if (mayRestart(error)) {
    if (auto failed = handOver())
      return *failed;
    return makeError(ErrorCode::RestartRequired, "{}", error.message);
  }
  std::string advice;
  if (error.code == ErrorCode::BudgetExhausted)
    advice = "; a process cannot compile what one update needs, so compile the "
             "model with --weights=packed, param or delta";
  if (done == 0)
    return Error{error.code, error.message + advice +
                                 "; nothing was trained yet, the same command "
                                 "with --resume starts again"};
  // Its validation needs the device, so it goes without.
  if (unfinished) {
    if (auto failed = record(*unfinished))
      return *failed;
    unfinished.reset();
  }
  if (auto failed = checkpoint())
    return *failed;
  return Error{error.code,
               fmt::format("{}{}; update {} is saved, the same command with "
                           "--resume continues",
                           error.message, advice, done)};
}

} // namespace anec::rt

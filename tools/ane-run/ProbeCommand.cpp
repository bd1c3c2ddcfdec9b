//===- ProbeCommand.cpp - ane-run probe -----------------------------------===//
//
// One probe by its name, or all of them, one after the other.
//
//===----------------------------------------------------------------------===//
#include "tools/ane-run/Commands.h"
#include "tools/ane-run/Probe.h"

#include <cstdio>

namespace anec::rt {
namespace {

struct ProbeFlags {
  std::string name;
  bool quick = false;
  DeviceOptions device;
};

std::string probeNames() {
  std::string names;
  for (const Probe &probe : allProbes())
    names += (names.empty() ? "" : ", ") + std::string(probe.name);
  return names;
}

Result<int> run(const ProbeFlags &flags) {
  ANEC_TRY(flags.device.check());
  std::vector<const Probe *> chosen;
  for (const Probe &probe : allProbes())
    if (flags.name.empty() || flags.name == probe.name)
      chosen.push_back(&probe);
  if (chosen.empty())
    return makeError(ErrorCode::InvalidInput,
                     "expects one of the probes {}, but got '{}'", probeNames(),
                     flags.name);
  ThreadPool pool(flags.device.threads);
  const ProbeContext context{flags.device, pool, flags.quick};
  {
    // Says whether there is one before anything is printed.
    ANEC_ASSIGN([[maybe_unused]] const std::unique_ptr<Device> device,
                context.open());
  }
  int status = 0;
  for (const Probe *probe : chosen) {
    fmt::print("{}: {}\n", probe->name, probe->question);
    if (const std::optional<Error> error = probe->run(context)) {
      if (error->code == ErrorCode::BudgetExhausted)
        return *error;
      fmt::print("failed: {}\n", error->message);
      status = 1;
    }
    std::fflush(stdout); // what is printed survives a crash of the machine
  }
  return status;
}

} // namespace

void addProbeCommand(CLI::App &app, Action &action) {
  auto flags = std::make_shared<ProbeFlags>();
  CLI::App *command =
      app.add_subcommand("probe", "ask a device what others asked theirs");
  command->add_option("NAME", flags->name, probeNames() + " (default: all)");
  command->add_flag("--quick", flags->quick,
                    "few and small measurements, to see that it works");
  flags->device.addTo(*command, {"ane"});
  command->callback(
      [flags, &action] { action = [flags] { return run(*flags); }; });
}

} // namespace anec::rt

//===- SimHardware.h - The simulated Neural Engine --------------*- C++ -*-===//
//
// What stands behind the driver's interface: a compiler service, programs whose
// surfaces are bound to slots by the order of names, and memory of so many
// bytes. It fails the way the hardware is reported to fail, and on request.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_SIM_SIMHARDWARE_H
#define ANEC_RUNTIME_DEVICE_SIM_SIMHARDWARE_H

#include "runtime/device/Device.h"
#include "runtime/device/sim/Faults.h"
#include "runtime/device/sim/Imitations.h"
#include "runtime/device/sim/RuntimeRules.h"
#include "runtime/mil/Ast.h"

#include <atomic>

namespace anec::rt {
class ThreadPool;
}

namespace anec::rt::sim {

/// What a user may ask of a simulated device.
struct SimOptions {
  std::vector<Fault> faults;
  Imitations imitations;
  /// Compiles of one process that work; 0 for what the profile says.
  int64_t compileBudget = 0;
};

/// A surface and the size it was allocated with.
class SimSurface : public Surface {
public:
  SimSurface(std::unique_ptr<Surface> memory, int64_t bytes)
      : memory(std::move(memory)), bytes(bytes) {}
  const SurfaceSpec &spec() const override { return memory->spec(); }

  /// Of the cpu device.
  std::unique_ptr<Surface> memory;
  int64_t bytes;
  /// Scopes of access that are open.
  int locks = 0;
};

/// Whether all elements are 0, of either sign.
bool isZero(SimSurface &surface);

/// Where a program wants a surface.
struct Slot {
  std::string name;
  int64_t channels = 0, width = 0;
  /// The smallest surface it takes.
  int64_t batchStride = 0;
  /// Among the parameters or outputs of the text.
  size_t position = 0;
};

/// A loaded program; unloading is its destruction.
class SimProgram : public Program {
public:
  ~SimProgram() override { --*loaded; }

  std::string name;
  /// By name.
  std::vector<Slot> inputs, outputs;
  /// Of one dispatch, by the cost model.
  double estimatedMs = 0;
  std::unique_ptr<Program> code;
  std::shared_ptr<std::atomic<int64_t>> loaded;
};

/// Several threads may compile; everything else happens on one.
class SimHardware {
public:
  SimHardware(const target::Profile &profile, const RuntimeRules &rules,
              const SimOptions &options, ThreadPool &pool);

  const target::Profile &profile() const { return chip; }
  const RuntimeRules &rules() const { return limits; }

  /// Compiles and loads. The weights are those of this moment, whatever becomes
  /// of the files. Every call counts, whether it works or not. Errors:
  /// Unsupported for a program that the device never takes, DeviceFailure for
  /// one that it does not take now.
  Result<std::unique_ptr<SimProgram>> compile(const ProgramFiles &files);
  /// Loads compiled code of the same text with other weights; no compile.
  Result<std::unique_ptr<SimProgram>> patch(const ProgramFiles &files);

  int64_t compiles() const { return compiled; }

  /// Runs on the surfaces of each slot. A surface of another shape than the
  /// slot's is read and written all the same, as flat memory.
  std::optional<Error> evaluate(SimProgram &program,
                                const std::vector<SimSurface *> &inputs,
                                const std::vector<SimSurface *> &outputs);

  /// The device that holds memory and computes, without faults.
  Device &cpu() { return *engine; }

private:
  Result<std::unique_ptr<SimProgram>> load(const ProgramFiles &files);
  std::optional<Error> checkBinding(const SimProgram &program,
                                    const std::vector<SimSurface *> &inputs,
                                    const std::vector<SimSurface *> &outputs);
  std::optional<Error> checkSlots(const SimProgram &program,
                                  const std::vector<Slot> &slots,
                                  const std::vector<SimSurface *> &surfaces);
  Error inferenceError(const SimProgram &program, const char *status,
                       const std::string &reason) const;

  const target::Profile chip;
  RuntimeRules limits;
  std::unique_ptr<Device> engine;
  FaultCounter faults;
  std::atomic<int64_t> compiled{0};
  std::shared_ptr<std::atomic<int64_t>> loaded;
  bool isPoisoned = false;
};

} // namespace anec::rt::sim

#endif // ANEC_RUNTIME_DEVICE_SIM_SIMHARDWARE_H

//===- ProgramSet.h - The loaded kernels of a plan --------------*- C++ -*-===//
//
// Baked weights change with every update, and their kernels with them. What is
// needed first can run while the rest still compiles: on the one other thread
// that devices allow to load.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TRAIN_PROGRAMSET_H
#define ANEC_RUNTIME_TRAIN_PROGRAMSET_H

#include "runtime/device/Device.h"
#include "runtime/train/BackgroundQueue.h"

#include <atomic>
#include <functional>

namespace anec::rt {

/// Programs by kernel and instance. All functions are for one thread, the
/// device's.
class ProgramSet {
public:
  explicit ProgramSet(Device &device) : device(device) {}
  /// Does not wait for what `loadBeside` has not begun.
  ~ProgramSet() { abandon(); }
  ProgramSet(const ProgramSet &) = delete;
  ProgramSet &operator=(const ProgramSet &) = delete;

  /// The number of instances of each kernel; nothing is loaded.
  void resize(const std::vector<int64_t> &instances);

  /// One program to load. `files` is called by the thread that loads.
  struct Request {
    size_t kernel = 0;
    int64_t instance = 0;
    /// What was loaded before may be patched.
    bool delta = false;
    std::function<ProgramFiles()> files;
  };

  /// Loads one program in the place of what was there.
  std::optional<Error> load(const Request &request);

  /// Drops the programs that were there and begins to load others, in order;
  /// returns at once. After a failure the rest is not loaded. What `files`
  /// read must stay as it is until `waitForAll`.
  void loadBeside(const std::vector<Request> &requests);

  /// The program, when it is there; null when nobody loaded it. An error of the
  /// device that made `loadBeside` stop is the caller's now.
  Result<Program *> get(size_t kernel, int64_t instance);

  /// Returns when nothing is being loaded, with the error that stopped it.
  std::optional<Error> waitForAll();
  /// Begins no more loads, and returns when the last one is over.
  void abandon();

  /// Whether a program is there, without waiting for one.
  Program *loaded(size_t kernel, int64_t instance) const {
    return slots[kernel][size_t(instance)].program.get();
  }

  /// Loading beside the device.
  BackgroundWork workBeside() const {
    return queue ? queue->work() : BackgroundWork();
  }

private:
  struct Slot {
    std::unique_ptr<Program> program;
    /// Of the queue, while the program may not be touched.
    uint64_t job = 0;
  };
  Slot &slot(size_t kernel, int64_t instance) {
    return slots[kernel][size_t(instance)];
  }
  std::unique_ptr<Program> loadOrStop(const Request &request, bool isPatch);
  void finish(Slot &slot);

  Device &device;
  std::vector<std::vector<Slot>> slots;
  /// Why loads beside the device stopped; the loading thread's until the jobs
  /// are over.
  std::optional<Error> failure;
  std::atomic<bool> stopped{false};
  /// Null until it is needed. Last: its jobs use all of the above.
  std::unique_ptr<BackgroundQueue> queue;
};

} // namespace anec::rt

#endif // ANEC_RUNTIME_TRAIN_PROGRAMSET_H

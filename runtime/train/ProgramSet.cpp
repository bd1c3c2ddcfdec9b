//===- ProgramSet.cpp - The loaded kernels of a plan ----------------------===//

#include "runtime/train/ProgramSet.h"

namespace anec::rt {

void ProgramSet::resize(const std::vector<int64_t> &instances) {
  slots.resize(instances.size());
  for (size_t k = 0; k < instances.size(); ++k)
    slots[k].resize(size_t(instances[k]));
}

std::optional<Error> ProgramSet::load(const Request &request) {
  ANEC_TRY(waitForAll());
  ProgramFiles files = request.files();
  Slot &place = slot(request.kernel, request.instance);
  files.isPatch = request.delta && place.program != nullptr;
  // The old program goes first: a device holds only so many.
  place.program.reset();
  ANEC_ASSIGN(place.program, device.load(files));
  return std::nullopt;
}

/// On the loading thread.
std::unique_ptr<Program> ProgramSet::loadOrStop(const Request &request,
                                                bool isPatch) {
  if (stopped)
    return nullptr;
  ProgramFiles files = request.files();
  files.isPatch = isPatch;
  Result<std::unique_ptr<Program>> loaded = device.load(files);
  if (loaded)
    return std::move(*loaded);
  failure = loaded.error();
  stopped = true;
  return nullptr;
}

void ProgramSet::loadBeside(const std::vector<Request> &requests) {
  abandon();
  failure.reset();
  stopped = false;
  // All old programs go before the first new one comes: a device may give two
  // of the same weights one name, and files by that name.
  std::vector<bool> isPatch;
  for (const Request &request : requests) {
    Slot &place = slot(request.kernel, request.instance);
    isPatch.push_back(request.delta && place.program != nullptr);
    place.program.reset();
  }
  if (!queue)
    queue = std::make_unique<BackgroundQueue>();
  for (size_t i = 0; i < requests.size(); ++i) {
    Slot &place = slot(requests[i].kernel, requests[i].instance);
    place.job = queue->add(
        [this, &place, request = requests[i], patch = bool(isPatch[i])] {
          place.program = loadOrStop(request, patch);
        });
  }
}

void ProgramSet::finish(Slot &place) {
  if (place.job != 0)
    queue->wait(place.job);
  place.job = 0;
}

Result<Program *> ProgramSet::get(size_t kernel, int64_t instance) {
  Slot &place = slot(kernel, instance);
  const bool wasLoading = place.job != 0;
  finish(place);
  if (!place.program && wasLoading && stopped)
    if (auto error = waitForAll())
      return *error;
  return place.program.get();
}

std::optional<Error> ProgramSet::waitForAll() {
  for (std::vector<Slot> &instances : slots)
    for (Slot &place : instances)
      finish(place);
  std::optional<Error> error = std::move(failure);
  failure.reset();
  return error;
}

void ProgramSet::abandon() {
  stopped = true;
  for (std::vector<Slot> &instances : slots)
    for (Slot &place : instances)
      finish(place);
}

} // namespace anec::rt

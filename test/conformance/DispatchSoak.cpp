//===- DispatchSoak.cpp - Many dispatches in one process ------------------===//
//
// A day of dispatches on a simulated device: memory and open handles must not
// grow. `dispatch-soak [DISPATCHES=1000000] [DEVICE=sim:m4]` prints both at
// each tenth; exit status 1 when either grew after the first.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/DeviceFactory.h"
#include "runtime/support/Sanitizer.h"
#include "runtime/support/ThreadPool.h"
#include "test/conformance/Programs.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace anec::rt;

namespace {

constexpr int64_t channels = conformance::channels, width = conformance::width;

struct Usage {
  int64_t residentBytes = 0, handles = 0;
};

/// Under a sanitizer freed memory is kept for a while; it looks for leaks
/// itself.
constexpr bool memoryIsComparable = !isSanitized;

/// Linux only: elsewhere all zero.
Usage measure() {
  Usage usage;
  int64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  usage.residentBytes = pages * ::sysconf(_SC_PAGESIZE);
  std::error_code none;
  for ([[maybe_unused]] const auto &entry :
       std::filesystem::directory_iterator("/proc/self/fd", none))
    ++usage.handles;
  return usage;
}

std::optional<Error> dispatch(Device &device, Program &program, Surface &in,
                              Surface &out, int64_t number) {
  {
    // As training does: the host writes and reads between dispatches.
    ANEC_ASSIGN(std::unique_ptr<SurfaceMap> map,
                device.map(in, 0, Access::Write));
    static_cast<half *>(map->data())[0] = static_cast<half>(number % 8);
  }
  ANEC_TRY(device.run(program, {&in}, {&out}));
  ANEC_ASSIGN(std::unique_ptr<SurfaceMap> map,
              device.map(out, 0, Access::Read));
  const auto expected = static_cast<half>((number % 8) * (number % 8 + 1));
  if (static_cast<half *>(map->data())[0] != expected)
    return makeError(ErrorCode::DeviceFailure, "dispatch {} is wrong", number);
  return std::nullopt;
}

Result<bool> soak(const std::string &name, int64_t dispatches) {
  ThreadPool pool(1);
  ANEC_ASSIGN(std::unique_ptr<Device> device, makeDevice(name, {}, pool));
  ProgramFiles files;
  files.name = "small";
  files.text = conformance::elementwise();
  ANEC_ASSIGN(std::unique_ptr<Program> program, device->load(files));
  SurfaceSpec spec{"s", channels, width, {}};
  spec.regions.push_back(
      {"all", RegionKind::Activation, channels, width, 0, 0, channels, {}});
  ANEC_ASSIGN(std::unique_ptr<Surface> in, device->allocate(spec));
  ANEC_ASSIGN(std::unique_ptr<Surface> out, device->allocate(spec));
  // The allocator's own slack, and pages that are touched late.
  constexpr int64_t slack = 1 << 20;
  Usage first;
  const auto begin = std::chrono::steady_clock::now();
  bool grew = false;
  for (int64_t done = 0; done < dispatches;) {
    ANEC_TRY(dispatch(*device, *program, *in, *out, done));
    if (++done % (dispatches / 10) != 0)
      continue;
    const Usage now = measure();
    if (done == dispatches / 10)
      first = now;
    grew |=
        now.handles > first.handles ||
        (memoryIsComparable && now.residentBytes > first.residentBytes + slack);
    std::printf(
        "%9lld dispatches  %lld KiB resident  %lld handles  %.1f s\n",
        static_cast<long long>(done),
        static_cast<long long>(now.residentBytes / 1024),
        static_cast<long long>(now.handles),
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin)
            .count());
    std::fflush(stdout);
  }
  return grew;
}

} // namespace

int main(int argc, char **argv) {
  const int64_t dispatches = argc > 1 ? std::atoll(argv[1]) : 1000000;
  Result<bool> grew =
      soak(argc > 2 ? argv[2] : "sim:m4", std::max<int64_t>(dispatches, 10));
  if (!grew) {
    std::fprintf(stderr, "dispatch-soak: error: %s\n",
                 grew.error().message.c_str());
    return 2;
  }
  if (*grew)
    std::fprintf(stderr, "dispatch-soak: error: memory or handles grew\n");
  return *grew ? 1 : 0;
}

//===- Amx.cpp - Whether there is AMX -------------------------------------===//
//
// The CPU must have it, and the system must let this process use it: the
// registers are so large that Linux saves them only for who asked.
//
//===----------------------------------------------------------------------===//
#include "runtime/gemm/AmxKernels.h"

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <hwy/targets.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace anec::rt::gemm_detail {

#if defined(__x86_64__) && defined(__linux__)
/// AMX-BF16, and the instructions that packing is compiled for.
static bool hasInstructions() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d))
    return false;
  constexpr unsigned amxBf16 = 1U << 22, amxTile = 1U << 24;
  if ((d & amxBf16) == 0 || (d & amxTile) == 0)
    return false;
  // Also hidden where a test hides AVX-512 from everything else.
  return (hwy::SupportedTargets() & HWY_AVX3) != 0 &&
         __builtin_cpu_supports("avx512bf16") &&
         __builtin_cpu_supports("avx512dq");
}

static bool hasPermission() {
  constexpr long requestPermission = 0x1023, tileData = 18;
  return syscall(SYS_arch_prctl, requestPermission, tileData) == 0;
}

static bool findAmx() { return hasInstructions() && hasPermission(); }
#else
static bool findAmx() { return false; }
#endif

bool hasAmx() {
  static const bool isFound = findAmx();
  return isFound;
}

} // namespace anec::rt::gemm_detail

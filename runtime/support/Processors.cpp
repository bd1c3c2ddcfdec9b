//===- Processors.cpp - How many processors there are for us --------------===//
#include "runtime/support/Processors.h"

#include <algorithm>
#include <thread>

#ifdef __linux__
#include <sched.h>
#endif

namespace anec::rt {

int availableProcessors() {
#ifdef __linux__
  // Fails on machines with more processors than the set has places for.
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0)
    return CPU_COUNT(&allowed);
#endif
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

} // namespace anec::rt

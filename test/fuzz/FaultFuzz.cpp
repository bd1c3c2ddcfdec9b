//===- FaultFuzz.cpp - Any bytes as faults and as a handed over run -------===//
//
// Byte 0 chooses what is read: a flag, a file of faults, the state of a run.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/sim/Faults.h"
#include "runtime/train/Handover.h"
#include "test/fuzz/FuzzInput.h"

using namespace anec::rt;

namespace {

void check(const sim::Fault &fault) {
  fuzz::require(fault.after >= 0 && fault.times >= 0 && fault.milliseconds >= 0,
                "a fault with a negative number");
}

void readFaults(std::string_view text) {
  auto faults = sim::parseFaults(text, "fuzz.json");
  if (!faults)
    return;
  for (const sim::Fault &fault : *faults)
    check(fault);
  // Waiting is the only thing that `next` does not do itself.
  sim::FaultCounter counter(*faults);
  for (int i = 0; i < 8; ++i)
    counter.next(i % 2 ? sim::Event::Compile : sim::Event::Evaluate, "k");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1)
    return -1;
  const std::string_view text = fuzz::textOf(data + 1, size - 1);
  if (data[0] % 3 == 0) {
    if (auto fault = sim::parseFault(text))
      check(*fault);
  } else if (data[0] % 3 == 1) {
    readFaults(text);
  } else {
    (void)parseRunState(text);
  }
  return 0;
}

//===- MilTextFuzz.cpp - Any bytes as MIL text ----------------------------===//
//
// What can be read is checked for types and for the rules of targets;
// its printed form reads back as the same program.
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/Printer.h"
#include "runtime/mil/Reader.h"
#include "runtime/mil/TypeCheck.h"
#include "runtime/target/Check.h"
#include "test/fuzz/FuzzInput.h"
#include "test/runtime/mil/random/SameProgram.h"

using namespace anec::rt;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  auto program = mil::read(fuzz::textOf(data, size), "fuzz.mil");
  if (!program)
    return 0;
  if (!mil::check(*program, "fuzz.mil"))
    for (const char *name : {"strict", "m1", "m4"})
      (void)target::check(*program, *target::findProfile(name));
  const std::string printed = mil::print(*program);
  auto again = mil::read(printed, "printed.mil");
  fuzz::require(bool(again), again ? "" : again.error().message);
  const std::string found = mil::random::difference(*program, *again);
  fuzz::require(found.empty(), "reads back differently at " + found);
  return 0;
}

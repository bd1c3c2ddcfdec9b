//===- World.h - What the stand-in knows and how it behaves -----*- C++ -*-===//
//
// The stand-in offers the entry points of Apple's frameworks that the ane
// device calls, keeps book of every object, and notes whatever a caller does
// that the real ones are reported to punish. Tests choose its faults.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TEST_STANDIN_WORLD_H
#define ANEC_TEST_STANDIN_WORLD_H

#include <nlohmann/json.hpp>

#include <map>
#include <mutex>
#include <string>
#include <vector>

#define STANDIN_EXPORT extern "C" __attribute__((visibility("default")))

namespace anec::standin {

struct Object;

/// Faults, each one that somebody reported of a real system. As JSON: a key
/// per member, in camel case as here.
struct Behaviour {
  std::string missingClass, missingMethod; ///< The interface changed.
  bool noEngine = false;
  bool descriptorNil = false;
  /// The next compiles after so many fail so, without effect on later ones.
  int64_t compileFailures = 0, compileFailuresAfter = 0;
  /// "CompilationFailure", "InvalidMILProgram", "" or "service".
  std::string compileError = "CompilationFailure";
  /// Of all compiles since the start; 0 for none.
  int64_t compileLimit = 0;
  int64_t loadFailures = 0;
  int64_t loadError = 1;
  int64_t loadLimit = 128; ///< Programs of one process.
  /// "none": no attributes; "short": an output is missing; "stride": rows of
  /// twice the length; "name": the first input is called otherwise; "width".
  std::string attributes;
  /// Slots in the order of the text instead of names.
  bool declaredOrder = false;
  bool uniformSizes = false; ///< 0x1d when surfaces of one direction differ.
  /// From this evaluation on (1 is the first); 0 for never.
  int64_t zerosAfter = 0, failAfter = 0;
  bool aliasError = false; ///< Every evaluation fails with 0x9.
  int64_t slowMilliseconds = 0;
  bool refusesPatches = false; ///< What was not compiled does not load.
  bool stalePatches = false;   ///< It loads, with the donor's weights.
  bool identifierIgnoresWeights = false;
  bool requestNil = false, surfaceNil = false;
  std::string architecture = "h16g";
};

/// All state; guarded by its mutex unless said otherwise.
struct World {
  std::recursive_mutex mutex;
  Behaviour behaviour;
  std::map<const void *, Object *> alive;
  std::vector<std::string> violations;
  /// What was called how often.
  std::map<std::string, int64_t> calls;
  /// Programs that are loaded now.
  int64_t loaded = 0;

  void violation(std::string text);
  void count(const std::string &what);
};

/// The only one.
World &world();

} // namespace anec::standin

#endif // ANEC_TEST_STANDIN_WORLD_H

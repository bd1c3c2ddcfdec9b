//===- World.cpp - What the stand-in knows and how it behaves -------------===//

#include "test/standin/World.h"

#include "test/standin/Objects.h"

#include <cstdlib>
#include <cstring>
#include <fstream>

namespace anec::standin {

// How a Behaviour is read; found by its argument's namespace.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(
    Behaviour, missingClass, missingMethod, noEngine, descriptorNil,
    compileFailures, compileFailuresAfter, compileError, compileLimit,
    loadFailures, loadError, loadLimit, attributes, declaredOrder, uniformSizes,
    zerosAfter, failAfter, aliasError, slowMilliseconds, refusesPatches,
    stalePatches, identifierIgnoresWeights, requestNil, surfaceNil,
    architecture)

namespace {

using nlohmann::json;

void configure(const char *text) {
  World &all = world();
  const std::lock_guard<std::recursive_mutex> guard(all.mutex);
  json parsed = json::parse(text, nullptr, false);
  if (!parsed.is_object())
    return all.violation("configured with something that is no JSON object");
  const json known = Behaviour();
  for (const auto &item : parsed.items())
    if (!known.contains(item.key()))
      all.violation("there is no fault '" + item.key() + "'");
  all.behaviour = parsed.get<Behaviour>();
}

std::string reportText();

/// A program that was started by a test is told through the environment, and
/// leaves its books in a file when it ends.
struct FromEnvironment {
  FromEnvironment() {
    if (const char *text = std::getenv("ANEC_STANDIN"))
      configure(text);
    if (std::getenv("ANEC_STANDIN_REPORT"))
      std::atexit([] {
        std::ofstream(std::getenv("ANEC_STANDIN_REPORT")) << reportText();
      });
  }
};

} // namespace

World &world() {
  static World *all = new World; // used until the process ends
  return *all;
}

void World::violation(std::string text) {
  const std::lock_guard<std::recursive_mutex> guard(mutex);
  violations.push_back(std::move(text));
}

void World::count(const std::string &what) {
  const std::lock_guard<std::recursive_mutex> guard(mutex);
  ++calls[what];
}

static FromEnvironment fromEnvironment;

/// Sets all faults, and forgets violations and counts; objects stay.
STANDIN_EXPORT void anecStandInConfigure(const char *text) {
  World &all = world();
  const std::lock_guard<std::recursive_mutex> guard(all.mutex);
  all.violations.clear();
  all.calls.clear();
  configure(text);
}

namespace {

/// {"violations": [], "calls": {}, "alive": {}, "loaded": 0}.
std::string reportText() {
  World &all = world();
  const std::lock_guard<std::recursive_mutex> guard(all.mutex);
  json alive = json::object();
  for (const auto &[address, object] : all.alive)
    if (!object->isImmortal) {
      json &count = alive[object->cls->name];
      count = count.is_null() ? 1 : count.get<int>() + 1;
    }
  return json{{"violations", all.violations},
              {"calls", all.calls},
              {"alive", alive},
              {"loaded", all.loaded}}
      .dump();
}

} // namespace

/// Writes what happened since. Returns the length, also of what does not fit.
STANDIN_EXPORT size_t anecStandInReport(char *buffer, size_t size) {
  const std::string text = reportText();
  if (size > 0) {
    std::strncpy(buffer, text.c_str(), size - 1);
    buffer[size - 1] = '\0';
  }
  return text.size();
}

} // namespace anec::standin

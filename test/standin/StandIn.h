//===- StandIn.h - What tests tell and ask the stand-in ---------*- C++ -*-===//
#ifndef ANEC_TEST_STANDIN_STANDIN_H
#define ANEC_TEST_STANDIN_STANDIN_H

#include <nlohmann/json.hpp>

#include <string>

namespace anec::rt {

/// The stand-in of this process, without faults at first. One at a time.
class StandIn {
public:
  StandIn();

  /// For AneOptions::libraries and the environment variable ANEC_ANE_LIBRARY.
  static std::string library() { return ANEC_STANDIN_LIBRARY; }

  /// Sets faults, see test/standin/World.h, and forgets what happened.
  void configure(const nlohmann::json &behaviour);

  /// What callers did wrong, joined; empty when nothing.
  std::string violations() const;
  int64_t calls(const std::string &what) const;
  /// Objects that live, by class.
  nlohmann::json alive() const { return report().at("alive"); }
  /// Programs that are loaded.
  int64_t loaded() const { return report().at("loaded"); }

private:
  nlohmann::json report() const;

  void (*configureIt)(const char *);
  size_t (*reportTo)(char *, size_t);
};

} // namespace anec::rt

#endif // ANEC_TEST_STANDIN_STANDIN_H

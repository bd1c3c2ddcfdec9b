//===- StandIn.cpp - What tests tell and ask the stand-in -----------------===//

#include "test/standin/StandIn.h"

#include <dlfcn.h>

#include <stdexcept>

namespace anec::rt {

StandIn::StandIn() {
  void *handle = dlopen(ANEC_STANDIN_LIBRARY, RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    throw std::runtime_error(dlerror());
  configureIt = reinterpret_cast<void (*)(const char *)>(
      dlsym(handle, "anecStandInConfigure"));
  reportTo = reinterpret_cast<size_t (*)(char *, size_t)>(
      dlsym(handle, "anecStandInReport"));
  configure(nlohmann::json::object());
}

void StandIn::configure(const nlohmann::json &behaviour) {
  configureIt(behaviour.dump().c_str());
}

nlohmann::json StandIn::report() const {
  std::string text(reportTo(nullptr, 0) + 1, '\0');
  reportTo(text.data(), text.size());
  return nlohmann::json::parse(text.c_str());
}

std::string StandIn::violations() const {
  std::string all;
  for (const std::string text : report().at("violations"))
    all += text + "\n";
  return all;
}

int64_t StandIn::calls(const std::string &what) const {
  return report().at("calls").value(what, int64_t(0));
}

} // namespace anec::rt

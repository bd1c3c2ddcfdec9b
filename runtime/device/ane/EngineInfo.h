//===- EngineInfo.h - What a machine says about its engine ------*- C++ -*-===//
#ifndef ANEC_RUNTIME_DEVICE_ANE_ENGINEINFO_H
#define ANEC_RUNTIME_DEVICE_ANE_ENGINEINFO_H

#include <cstdint>
#include <string>

namespace anec::rt::ane {

/// What the machine says about its engine; empty or 0 where it does not.
struct EngineInfo {
  bool present = true;
  std::string architecture; ///< Such as "h16g".
  std::string systemBuild;
  int64_t cores = 0, engines = 0;
};

} // namespace anec::rt::ane

#endif // ANEC_RUNTIME_DEVICE_ANE_ENGINEINFO_H

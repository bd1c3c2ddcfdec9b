//===- DeviceError.cpp - What the system said went wrong ------------------===//
//
// The table of symptoms; every entry was published by somebody who saw it.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/ane/DeviceError.h"

namespace anec::rt::ane {

namespace {

bool has(const std::string &text, const char *part) {
  return text.find(part) != std::string::npos;
}

/// The connection to a service was interrupted, or is invalid:
/// NSXPCConnectionInterrupted and NSXPCConnectionInvalid.
bool lostService(const DeviceError &error) {
  return error.domain == "NSCocoaErrorDomain" &&
         (error.code == 4097 || error.code == 4099);
}

bool isRefusedForm(const DeviceError &error) {
  return has(error.description, "InvalidMILProgram");
}

} // namespace

DeviceError DeviceError::from(const Framework &framework, Id error) {
  DeviceError result;
  if (!error)
    return result;
  result.domain = framework.cf.errorDomain(error);
  result.code = framework.cf.errorCode(error);
  result.description = framework.cf.errorDescription(error);
  return result;
}

std::string DeviceError::text() const {
  if (domain.empty() && description.empty())
    return "no reason given";
  // One line, whatever the system wrote.
  std::string line = description;
  for (char &c : line)
    if (c == '\n' || c == '\r')
      c = ' ';
  return fmt::format("{} code {}: {}", domain, code, line);
}

Remedy compileRemedy(const DeviceError &error) {
  if (lostService(error))
    return Remedy::WaitLonger;
  return isRefusedForm(error) ? Remedy::None : Remedy::Retry;
}

std::string compileHint(const DeviceError &error) {
  if (lostService(error))
    return "; the compiler service ended: a program of this kind is reported "
           "to crash it, so split the kernel";
  if (isRefusedForm(error))
    return "; the compiler refuses the form of an operator: 'anec check' names "
           "the rules, and 'ane-run info --self-test' shows which forms this "
           "machine takes";
  return "; beyond a limit of the compiler (split the kernel), or the system "
         "has no compiles left (if a fresh process fails as well, restart the "
         "machine)";
}

std::string loadHint(const DeviceError &error) {
  const uint32_t status = static_cast<uint32_t>(error.code);
  if (status == 0xe00002e2 || has(error.description, "e00002e2"))
    return "; 0xe00002e2 is reported for missing permission";
  if (status == 0xe00002c7 || has(error.description, "e00002c7"))
    return "; 0xe00002c7 is reported for a missing entitlement";
  return "; 55 to 226 programs are reported to fit into one process";
}

std::string evaluateHint(const DeviceError &error, bool ranBefore) {
  if (has(error.description, "0x1d"))
    return ranBefore
               ? "; it ran before with the same surfaces: the process is "
                 "reported to stay broken then, so start again with --resume"
               : "; 0x1d is reported for surfaces that are too small or bound "
                 "in another order than the program wants";
  if (has(error.description, "0x9 ") || has(error.description, "0x9:"))
    return "; 0x9 is reported for a surface that is bound twice, as sums of "
           "gradients are [io-in-place]: --target=FILE can refuse that";
  return "";
}

} // namespace anec::rt::ane

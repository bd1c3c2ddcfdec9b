//===- Restart.cpp - This program, from its beginning ---------------------===//
//
// Never a fork: the frameworks of the device do not survive one.
//
//===----------------------------------------------------------------------===//
#include "tools/ane-run/Restart.h"

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>
#ifdef __APPLE__
#include <mach-o/dyld.h>
#endif

namespace anec::rt {

static std::vector<std::string> &arguments() {
  static std::vector<std::string> remembered;
  return remembered;
}

void rememberArguments(int argc, char **argv) {
  arguments().assign(argv, argv + argc);
}

/// The program itself, whatever happened to its file or PATH.
static std::string executable() {
#ifdef __APPLE__
  uint32_t size = 0;
  _NSGetExecutablePath(nullptr, &size);
  std::string path(size, '\0');
  _NSGetExecutablePath(path.data(), &size);
  return path.c_str();
#else
  return "/proc/self/exe";
#endif
}

Result<HandoverDescriptors> parseHandover(const std::string &text) {
  HandoverDescriptors found;
  const char *end = text.data() + text.size();
  auto memory = std::from_chars(text.data(), end, found.memory);
  bool good =
      memory.ec == std::errc() && memory.ptr != end && *memory.ptr == ',';
  if (good) {
    auto lock = std::from_chars(memory.ptr + 1, end, found.lock);
    good = lock.ec == std::errc() && lock.ptr == end;
  }
  if (!good || found.memory < 0 || found.lock < 0)
    return makeError(ErrorCode::InvalidInput,
                     "expects {} MEMORY,LOCK, two descriptors, but got '{}'",
                     handoverFlag, text);
  return found;
}

Error restartProcess(const HandoverDescriptors &descriptors, double delay) {
  std::this_thread::sleep_for(std::chrono::duration<double>(delay));
  std::vector<std::string> words;
  for (size_t i = 0; i < arguments().size(); ++i) {
    if (arguments()[i] == handoverFlag)
      ++i; // and its value
    else
      words.push_back(arguments()[i]);
  }
  words.emplace_back(handoverFlag);
  words.push_back(fmt::format("{},{}", descriptors.memory, descriptors.lock));
  std::vector<char *> pointers;
  for (std::string &word : words)
    pointers.push_back(word.data());
  pointers.push_back(nullptr);
  std::fflush(nullptr);
  ::execv(executable().c_str(), pointers.data());
  return makeError(ErrorCode::Io, "cannot restart '{}': {}", words.front(),
                   std::strerror(errno));
}

} // namespace anec::rt

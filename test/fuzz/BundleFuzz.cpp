//===- BundleFuzz.cpp - Any bytes as a bundle -----------------------------===//
//
// Files one after the other, each behind a line "== PATH". They are opened from
// memory, and then from a folder, where sizes and digests are compared; a
// bundle that opens has kernels that can be read and a bill.
//
//===----------------------------------------------------------------------===//
#include "runtime/bundle/Bill.h"
#include "runtime/bundle/Bundle.h"
#include "runtime/mil/Reader.h"
#include "test/fuzz/FuzzInput.h"

using namespace anec::rt;

namespace {

Bundle::Files filesOf(std::string_view text) {
  Bundle::Files files;
  while (text.substr(0, 3) == "== ") {
    const size_t line = text.find('\n');
    if (line == std::string_view::npos)
      break;
    const std::string name(text.substr(3, line - 3));
    text.remove_prefix(line + 1);
    const size_t end = std::min(text.find("\n== "), text.size());
    files[name].assign(text.begin(), text.begin() + static_cast<long>(end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return files;
}

/// Only names without folders above: what the reader may open is its business,
/// what is written here is ours.
bool isPlain(const std::string &name) {
  return !name.empty() && name.size() < 60 &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-.") ==
             std::string::npos &&
         name != "." && name != "..";
}

void openFolder(const Bundle::Files &files) {
  for (const auto &[name, bytes] : files)
    if (isPlain(name))
      fuzz::writeInput(name, bytes.data(), bytes.size());
  (void)Bundle::open(fuzz::folder());
  for (const auto &[name, bytes] : files)
    if (isPlain(name))
      std::filesystem::remove(fuzz::folder() + "/" + name);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const Bundle::Files files = filesOf(fuzz::textOf(data, size));
  if (files.empty() || files.size() > 40)
    return -1;
  openFolder(files);
  auto bundle = Bundle::fromFiles(files);
  if (!bundle)
    return 0;
  for (const Kernel &kernel : bundle->plan().kernels) {
    const ProgramFiles program = bundle->programFiles(kernel);
    (void)mil::read(program.text, program.name);
  }
  (void)makeBill(*bundle, 2);
  return 0;
}

//===- PlanFuzz.cpp - Any bytes as plan.json and params.json --------------===//
//
// The plan comes first, the parameters behind a line of "====". Files that the
// plan lists count as present.
//
//===----------------------------------------------------------------------===//
#include "runtime/bundle/Readers.h"
#include "test/fuzz/FuzzInput.h"

using namespace anec::rt;

namespace {

std::set<std::string> listedFiles(const JsonPlace &root) {
  std::set<std::string> names;
  auto list = root.member("files");
  if (!list)
    return names;
  auto entries = list->elements(1000);
  if (!entries)
    return names;
  for (const JsonPlace &entry : *entries)
    if (auto path = entry.string("path"))
      names.insert(*path);
  return names;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  constexpr std::string_view separator = "\n====\n";
  const std::string_view text = fuzz::textOf(data, size);
  const size_t end = text.find(separator);
  if (end == std::string_view::npos)
    return -1;
  auto plan = parseJson(text.substr(0, end), "plan.json", 1 << 24);
  auto parameters =
      parseJson(text.substr(end + separator.size()), "params.json", 1 << 24);
  if (!plan || !parameters)
    return 0;
  const JsonPlace root(*plan, "plan.json");
  auto read =
      readPlan(root, JsonPlace(*parameters, "params.json"), listedFiles(root));
  if (read)
    for (const Parameter &parameter : read->parameters)
      read->rowsOf(parameter);
  return 0;
}

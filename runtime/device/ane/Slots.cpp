//===- Slots.cpp - Where the compiled program wants its surfaces ----------===//

#include "runtime/device/ane/Slots.h"

namespace anec::rt::ane {

namespace {

Result<Slot> readSlot(const CoreFoundation &cf, Id entry,
                      const std::string &program) {
  Slot slot;
  const std::optional<std::string> name = cf.text(cf.value(entry, "Name"));
  if (!name)
    return makeError(ErrorCode::DeviceFailure,
                     "{}: the loaded program names no surface in an entry of "
                     "its attributes",
                     program);
  slot.name = *name;
  const std::pair<const char *, int64_t *> numbers[] = {
      {"Channels", &slot.channels},
      {"Height", &slot.height},
      {"Width", &slot.width},
      {"BatchStride", &slot.batchStride},
      {"PlaneStride", &slot.planeStride},
      {"RowStride", &slot.rowStride}};
  for (const auto &[key, number] : numbers) {
    const std::optional<int64_t> value = cf.integer(cf.value(entry, key));
    if (!value)
      return makeError(ErrorCode::DeviceFailure,
                       "{}: the loaded program has no '{}' for surface '{}'",
                       program, key, slot.name);
    *number = *value;
  }
  return slot;
}

/// Outputs are listed as "NAME@output".
std::string plainName(const std::string &name) {
  return name.substr(0, name.find('@'));
}

std::optional<Error> checkSlot(const std::string &program, const Slot &slot,
                               const Port &port) {
  const int64_t row = rowBytes(port.width);
  struct {
    const char *what;
    int64_t expected, found;
  } const all[] = {{"channels", port.channels / port.rows, slot.channels},
                   {"rows", port.rows, slot.height},
                   {"columns", port.width, slot.width},
                   {"bytes per row", row, slot.rowStride},
                   {"bytes per channel", row * port.rows, slot.planeStride},
                   {"bytes in all", port.bytes(), slot.batchStride}};
  for (const auto &[what, expected, found] : all)
    if (expected != found)
      return makeError(
          ErrorCode::DeviceFailure,
          "{}: expected surface '{}' to have {} {}, but the loaded "
          "program wants {} [io-strides-query]",
          program, port.name, expected, what, found);
  return std::nullopt;
}

} // namespace

Result<Slots> Slots::read(const Framework &framework, Id attributes,
                          const std::string &program) {
  const CoreFoundation &cf = framework.cf;
  const std::vector<Id> status =
      cf.members(cf.value(attributes, "NetworkStatusList"));
  if (status.empty())
    return makeError(ErrorCode::DeviceFailure,
                     "{}: the loaded program says nothing about its surfaces "
                     "(no NetworkStatusList in modelAttributes)",
                     program);
  Slots slots;
  const std::pair<const char *, std::vector<Slot> *> lists[] = {
      {"LiveInputList", &slots.inputs}, {"LiveOutputList", &slots.outputs}};
  for (const auto &[key, list] : lists)
    for (Id entry : cf.members(cf.value(status.front(), key))) {
      ANEC_ASSIGN(Slot slot, readSlot(cf, entry, program));
      list->push_back(std::move(slot));
    }
  return slots;
}

Result<std::vector<size_t>> bindSlots(const std::string &program,
                                      const std::vector<Slot> &slots,
                                      const std::vector<Port> &ports) {
  if (slots.size() != ports.size())
    return makeError(
        ErrorCode::DeviceFailure,
        "{}: expected {} surfaces in one direction, but the loaded "
        "program wants {}",
        program, ports.size(), slots.size());
  std::vector<size_t> bound;
  std::vector<bool> taken(ports.size(), false);
  for (const Slot &slot : slots) {
    size_t found = ports.size();
    for (size_t i = 0; i < ports.size(); ++i)
      if (!taken[i] && ports[i].name == plainName(slot.name))
        found = i;
    if (found == ports.size())
      return makeError(ErrorCode::DeviceFailure,
                       "{}: the loaded program wants a surface '{}', which the "
                       "text does not have",
                       program, slot.name);
    ANEC_TRY(checkSlot(program, slot, ports[found]));
    taken[found] = true;
    bound.push_back(found);
  }
  return bound;
}

} // namespace anec::rt::ane

//===- CoreFoundation.cpp - Strings, data, numbers and collections --------===//

#include "test/standin/Objects.h"

#include <cstring>

using namespace anec::standin;

namespace {

constexpr uint32_t utf8 = 0x08000100;
constexpr long int64Type = 4;

void checkCallBacks(const void *found, const void *expected,
                    const char *function) {
  if (found != expected)
    world().violation(std::string(function) +
                      ": members would not be retained");
}

std::vector<Object *> membersOf(const void *const *addresses, long count,
                                const char *function) {
  std::vector<Object *> all;
  for (long i = 0; i < count; ++i) {
    Object *member = findAlive(addresses[i], function);
    if (!member) {
      world().violation(std::string(function) + ": a member is null");
      member = &classNamed("NSNull");
    }
    all.push_back(member);
  }
  return all;
}

} // namespace

// Sizes as in Apple's headers; only the addresses matter.
STANDIN_EXPORT const long kCFTypeArrayCallBacks[5] = {};
STANDIN_EXPORT const long kCFTypeDictionaryKeyCallBacks[6] = {};
STANDIN_EXPORT const long kCFTypeDictionaryValueCallBacks[5] = {};

STANDIN_EXPORT void CFRelease(const void *address) {
  if (!address)
    return world().violation("CFRelease of null, which crashes");
  release(findAlive(address, "CFRelease"));
}

STANDIN_EXPORT unsigned long CFStringGetTypeID() { return 7; }
STANDIN_EXPORT unsigned long CFNumberGetTypeID() { return 22; }
STANDIN_EXPORT unsigned long CFArrayGetTypeID() { return 19; }
STANDIN_EXPORT unsigned long CFDictionaryGetTypeID() { return 18; }

STANDIN_EXPORT unsigned long CFGetTypeID(const void *address) {
  const Object *object = findAlive(address, "CFGetTypeID");
  if (dynamic_cast<const String *>(object))
    return CFStringGetTypeID();
  if (dynamic_cast<const Number *>(object))
    return CFNumberGetTypeID();
  if (dynamic_cast<const Array *>(object))
    return CFArrayGetTypeID();
  return dynamic_cast<const Dictionary *>(object) ? CFDictionaryGetTypeID() : 1;
}

STANDIN_EXPORT Object *CFStringCreateWithBytes(const void *,
                                               const uint8_t *bytes,
                                               long length, uint32_t encoding,
                                               unsigned char) {
  if (encoding != utf8)
    world().violation("CFStringCreateWithBytes: not in UTF-8");
  return new String(std::string(reinterpret_cast<const char *>(bytes),
                                static_cast<size_t>(length)));
}

STANDIN_EXPORT long CFStringGetLength(const void *address) {
  const auto *string = checked<String>(address, "CFStringGetLength");
  return string ? static_cast<long>(string->text.size()) : 0;
}

STANDIN_EXPORT long CFStringGetMaximumSizeForEncoding(long length, uint32_t) {
  return 3 * length;
}

STANDIN_EXPORT unsigned char
CFStringGetCString(const void *address, char *buffer, long size, uint32_t) {
  const auto *string = checked<String>(address, "CFStringGetCString");
  if (!string || static_cast<long>(string->text.size()) >= size)
    return 0;
  std::memcpy(buffer, string->text.c_str(), string->text.size() + 1);
  return 1;
}

STANDIN_EXPORT Object *CFDataCreate(const void *, const uint8_t *bytes,
                                    long length) {
  return new Data(std::vector<uint8_t>(bytes, bytes + length));
}

STANDIN_EXPORT Object *CFNumberCreate(const void *, long type,
                                      const void *value) {
  if (type != int64Type)
    world().violation("CFNumberCreate: of an unknown type");
  int64_t number = 0;
  std::memcpy(&number, value, sizeof(number));
  return new Number(number);
}

STANDIN_EXPORT unsigned char CFNumberGetValue(const void *address, long type,
                                              void *value) {
  const auto *number = checked<Number>(address, "CFNumberGetValue");
  if (!number || type != int64Type)
    return 0;
  std::memcpy(value, &number->value, sizeof(number->value));
  return 1;
}

STANDIN_EXPORT Object *CFArrayCreate(const void *, const void *const *members,
                                     long count, const void *callBacks) {
  checkCallBacks(callBacks, kCFTypeArrayCallBacks, "CFArrayCreate");
  return new Array(membersOf(members, count, "CFArrayCreate"));
}

STANDIN_EXPORT long CFArrayGetCount(const void *address) {
  const auto *array = checked<Array>(address, "CFArrayGetCount");
  return array ? static_cast<long>(array->members.size()) : 0;
}

STANDIN_EXPORT Object *CFArrayGetValueAtIndex(const void *address, long index) {
  const auto *array = checked<Array>(address, "CFArrayGetValueAtIndex");
  if (array && index >= 0 && index < static_cast<long>(array->members.size()))
    return array->members[static_cast<size_t>(index)];
  world().violation("CFArrayGetValueAtIndex: outside");
  return nullptr;
}

STANDIN_EXPORT Object *CFDictionaryCreate(const void *, const void *const *keys,
                                          const void *const *values, long count,
                                          const void *keyCallBacks,
                                          const void *valueCallBacks) {
  checkCallBacks(keyCallBacks, kCFTypeDictionaryKeyCallBacks,
                 "CFDictionaryCreate");
  checkCallBacks(valueCallBacks, kCFTypeDictionaryValueCallBacks,
                 "CFDictionaryCreate");
  const std::vector<Object *> names =
      membersOf(keys, count, "CFDictionaryCreate");
  const std::vector<Object *> objects =
      membersOf(values, count, "CFDictionaryCreate");
  std::vector<std::pair<Object *, Object *>> entries;
  for (size_t i = 0; i < names.size(); ++i)
    entries.emplace_back(names[i], objects[i]);
  return new Dictionary(std::move(entries));
}

STANDIN_EXPORT Object *CFDictionaryGetValue(const void *address,
                                            const void *key) {
  const auto *dictionary = checked<Dictionary>(address, "CFDictionaryGetValue");
  const auto *name = checked<String>(key, "CFDictionaryGetValue");
  return dictionary && name ? dictionary->find(name->text) : nullptr;
}

STANDIN_EXPORT Object *CFErrorGetDomain(const void *address) {
  const auto *error = checked<ErrorObject>(address, "CFErrorGetDomain");
  return error ? error->domain : nullptr;
}

STANDIN_EXPORT long CFErrorGetCode(const void *address) {
  const auto *error = checked<ErrorObject>(address, "CFErrorGetCode");
  return error ? error->code : 0;
}

STANDIN_EXPORT Object *CFErrorCopyDescription(const void *address) {
  const auto *error = checked<ErrorObject>(address, "CFErrorCopyDescription");
  return error ? new String(error->description) : nullptr;
}

/// Of Foundation.
STANDIN_EXPORT Object *NSTemporaryDirectory() {
  const char *folder = std::getenv("TMPDIR");
  return autoreleased(new String(folder ? folder : "/tmp/"));
}

//===- CoreFoundation.cpp - Values that Apple's interfaces take -----------===//

#include "runtime/device/ane/CoreFoundation.h"

namespace anec::rt::ane {

namespace {

constexpr uint32_t utf8 = 0x08000100; // kCFStringEncodingUTF8
constexpr long int64Type = 4;         // kCFNumberSInt64Type

} // namespace

Result<CoreFoundation> CoreFoundation::load(const DynamicLibrary &library) {
  CoreFoundation cf;
  ANEC_TRY(library.bind(cf.release, "CFRelease"));
  ANEC_TRY(library.bind(cf.getTypeId, "CFGetTypeID"));
  ANEC_TRY(library.bind(cf.stringType, "CFStringGetTypeID"));
  ANEC_TRY(library.bind(cf.numberType, "CFNumberGetTypeID"));
  ANEC_TRY(library.bind(cf.arrayType, "CFArrayGetTypeID"));
  ANEC_TRY(library.bind(cf.dictionaryType, "CFDictionaryGetTypeID"));
  ANEC_TRY(library.bind(cf.createString, "CFStringCreateWithBytes"));
  ANEC_TRY(library.bind(cf.stringLength, "CFStringGetLength"));
  ANEC_TRY(library.bind(cf.maximumSize, "CFStringGetMaximumSizeForEncoding"));
  ANEC_TRY(library.bind(cf.getCString, "CFStringGetCString"));
  ANEC_TRY(library.bind(cf.createData, "CFDataCreate"));
  ANEC_TRY(library.bind(cf.createNumber, "CFNumberCreate"));
  ANEC_TRY(library.bind(cf.numberValue, "CFNumberGetValue"));
  ANEC_TRY(library.bind(cf.createArray, "CFArrayCreate"));
  ANEC_TRY(library.bind(cf.arrayCount, "CFArrayGetCount"));
  ANEC_TRY(library.bind(cf.arrayMember, "CFArrayGetValueAtIndex"));
  ANEC_TRY(library.bind(cf.createDictionary, "CFDictionaryCreate"));
  ANEC_TRY(library.bind(cf.dictionaryValue, "CFDictionaryGetValue"));
  ANEC_TRY(library.bind(cf.getErrorDomain, "CFErrorGetDomain"));
  ANEC_TRY(library.bind(cf.getErrorCode, "CFErrorGetCode"));
  ANEC_TRY(library.bind(cf.copyErrorDescription, "CFErrorCopyDescription"));
  ANEC_TRY(library.bind(cf.arrayCallBacks, "kCFTypeArrayCallBacks"));
  ANEC_TRY(library.bind(cf.keyCallBacks, "kCFTypeDictionaryKeyCallBacks"));
  ANEC_TRY(library.bind(cf.valueCallBacks, "kCFTypeDictionaryValueCallBacks"));
  return cf;
}

CFRef CoreFoundation::string(std::string_view text) const {
  return own(createString(nullptr,
                          reinterpret_cast<const uint8_t *>(text.data()),
                          static_cast<long>(text.size()), utf8, 0));
}

CFRef CoreFoundation::data(Span<const uint8_t> bytes) const {
  return own(
      createData(nullptr, bytes.data(), static_cast<long>(bytes.size())));
}

CFRef CoreFoundation::number(int64_t value) const {
  return own(createNumber(nullptr, int64Type, &value));
}

CFRef CoreFoundation::array(const std::vector<Id> &members) const {
  return own(createArray(nullptr, members.data(),
                         static_cast<long>(members.size()), arrayCallBacks));
}

CFRef CoreFoundation::dictionary(const std::vector<Id> &keys,
                                 const std::vector<Id> &values) const {
  return own(createDictionary(nullptr, keys.data(), values.data(),
                              static_cast<long>(keys.size()), keyCallBacks,
                              valueCallBacks));
}

std::optional<std::string> CoreFoundation::text(Id string) const {
  if (!isA(string, stringType))
    return std::nullopt;
  // With room for the terminator.
  std::string buffer(
      static_cast<size_t>(maximumSize(stringLength(string), utf8)) + 1, '\0');
  if (!getCString(string, buffer.data(), static_cast<long>(buffer.size()),
                  utf8))
    return std::nullopt;
  return std::string(buffer.c_str());
}

std::optional<int64_t> CoreFoundation::integer(Id number) const {
  int64_t value = 0;
  if (!isA(number, numberType) || !numberValue(number, int64Type, &value))
    return std::nullopt;
  return value;
}

std::vector<Id> CoreFoundation::members(Id array) const {
  std::vector<Id> all;
  if (!isA(array, arrayType))
    return all;
  for (long i = 0, count = arrayCount(array); i < count; ++i)
    all.push_back(arrayMember(array, i));
  return all;
}

Id CoreFoundation::value(Id dictionary, std::string_view key) const {
  if (!isA(dictionary, dictionaryType))
    return nullptr;
  return dictionaryValue(dictionary, string(key).get());
}

std::string CoreFoundation::errorDomain(Id error) const {
  return text(getErrorDomain(error)).value_or("");
}

std::string CoreFoundation::errorDescription(Id error) const {
  return text(own(copyErrorDescription(error)).get()).value_or("");
}

} // namespace anec::rt::ane

//===- CoreFoundation.h - Values that Apple's interfaces take ---*- C++ -*-===//
//
// CFData, CFDictionary and the like are the Foundation classes of the same
// name, so that no Foundation method is called to make or read them.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_ANE_COREFOUNDATION_H
#define ANEC_RUNTIME_DEVICE_ANE_COREFOUNDATION_H

#include "runtime/device/ane/ObjC.h"
#include "runtime/support/Span.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace anec::rt::ane {

/// Owns one reference to an object that a function named Create or Copy gave.
class CFRef {
public:
  CFRef() = default;
  CFRef(void (*release)(Id), Id object) : release(release), object(object) {}
  CFRef(CFRef &&other) noexcept
      : release(other.release), object(std::exchange(other.object, nullptr)) {}
  CFRef &operator=(CFRef &&other) noexcept {
    std::swap(release, other.release);
    std::swap(object, other.object);
    return *this;
  }
  ~CFRef() {
    if (object)
      release(object);
  }

  Id get() const { return object; }
  explicit operator bool() const { return object != nullptr; }

private:
  void (*release)(Id) = nullptr;
  Id object = nullptr;
};

class CoreFoundation {
public:
  static Result<CoreFoundation> load(const DynamicLibrary &library);

  /// Takes over the reference that a Create or Copy function returned.
  CFRef own(Id object) const { return CFRef(release, object); }

  CFRef string(std::string_view text) const;
  CFRef data(Span<const uint8_t> bytes) const;
  CFRef number(int64_t value) const;
  CFRef array(const std::vector<Id> &members) const;
  CFRef dictionary(const std::vector<Id> &keys,
                   const std::vector<Id> &values) const;

  /// What the object holds; nothing when it is null or of another type.
  std::optional<std::string> text(Id string) const;
  std::optional<int64_t> integer(Id number) const;
  /// The members; none when it is null or no array.
  std::vector<Id> members(Id array) const;
  /// The value of a key; null when there is none, or no dictionary.
  Id value(Id dictionary, std::string_view key) const;

  /// Parts of an NSError.
  std::string errorDomain(Id error) const;
  int64_t errorCode(Id error) const { return getErrorCode(error); }
  std::string errorDescription(Id error) const;

private:
  bool isA(Id object, unsigned long (*typeId)()) const {
    return object && getTypeId(object) == typeId();
  }

  // CFIndex and CFTypeID are long, Boolean is unsigned char.
  void (*release)(Id) = nullptr;
  unsigned long (*getTypeId)(Id) = nullptr;
  unsigned long (*stringType)() = nullptr;
  unsigned long (*numberType)() = nullptr;
  unsigned long (*arrayType)() = nullptr;
  unsigned long (*dictionaryType)() = nullptr;
  Id (*createString)(Id, const uint8_t *, long, uint32_t,
                     unsigned char) = nullptr;
  long (*stringLength)(Id) = nullptr;
  long (*maximumSize)(long, uint32_t) = nullptr;
  unsigned char (*getCString)(Id, char *, long, uint32_t) = nullptr;
  Id (*createData)(Id, const uint8_t *, long) = nullptr;
  Id (*createNumber)(Id, long, const void *) = nullptr;
  unsigned char (*numberValue)(Id, long, void *) = nullptr;
  Id (*createArray)(Id, const Id *, long, const void *) = nullptr;
  long (*arrayCount)(Id) = nullptr;
  Id (*arrayMember)(Id, long) = nullptr;
  Id (*createDictionary)(Id, const Id *, const Id *, long, const void *,
                         const void *) = nullptr;
  Id (*dictionaryValue)(Id, Id) = nullptr;
  Id (*getErrorDomain)(Id) = nullptr;
  long (*getErrorCode)(Id) = nullptr;
  Id (*copyErrorDescription)(Id) = nullptr;
  /// How collections retain, compare and release their members.
  const void *arrayCallBacks = nullptr;
  const void *keyCallBacks = nullptr;
  const void *valueCallBacks = nullptr;
};

} // namespace anec::rt::ane

#endif // ANEC_RUNTIME_DEVICE_ANE_COREFOUNDATION_H

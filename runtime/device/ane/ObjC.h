//===- ObjC.h - Objective-C without its compiler ----------------*- C++ -*-===//
//
// Classes, selectors and messages through the C functions of the Objective-C
// runtime, and types that own references and autorelease pools.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_ANE_OBJC_H
#define ANEC_RUNTIME_DEVICE_ANE_OBJC_H

#include "runtime/device/ane/DynamicLibrary.h"

#include <utility>

namespace anec::rt::ane {

/// An Objective-C or CoreFoundation object, or a class.
using Id = void *;
/// A registered selector.
using Selector = void *;

/// The Objective-C runtime.
class ObjC {
public:
  static Result<ObjC> load(const DynamicLibrary &library);

  /// Null when there is no such class.
  Id findClass(const char *name) const { return getClass(name); }
  Selector selector(const char *name) const { return registerName(name); }
  bool hasClassMethod(Id cls, Selector selector) const {
    return getClassMethod(cls, selector) != nullptr;
  }
  bool hasInstanceMethod(Id cls, Selector selector) const {
    return getInstanceMethod(cls, selector) != nullptr;
  }

  /// Sends a message. The argument types are the callee's: the function is
  /// called with exactly this prototype, which arm64 demands.
  template <typename R, typename... Args>
  R send(Id receiver, Selector selector, Args... arguments) const {
    auto function = reinterpret_cast<R (*)(Id, Selector, Args...)>(messageSend);
    return function(receiver, selector, arguments...);
  }

private:
  friend class AutoreleasePool;
  friend class Retained;

  Id (*getClass)(const char *) = nullptr;
  Selector (*registerName)(const char *) = nullptr;
  void *(*getClassMethod)(Id, Selector) = nullptr;
  void *(*getInstanceMethod)(Id, Selector) = nullptr;
  void (*messageSend)() = nullptr;
  void *(*poolPush)() = nullptr;
  void (*poolPop)(void *) = nullptr;
  Id (*retain)(Id) = nullptr;
  void (*release)(Id) = nullptr;
};

/// Objects that methods return without ownership live until the end of the
/// innermost pool of the thread.
class AutoreleasePool {
public:
  explicit AutoreleasePool(const ObjC &objc)
      : objc(objc), token(objc.poolPush()) {}
  AutoreleasePool(const AutoreleasePool &) = delete;
  AutoreleasePool &operator=(const AutoreleasePool &) = delete;
  ~AutoreleasePool() { objc.poolPop(token); }

private:
  const ObjC &objc;
  void *token;
};

/// Owns one reference to an object; `objc` must outlive it.
class Retained {
public:
  Retained() = default;
  /// Takes a reference of its own; null stays null.
  Retained(const ObjC &objc, Id object)
      : objc(&objc), object(object ? objc.retain(object) : nullptr) {}
  Retained(Retained &&other) noexcept
      : objc(other.objc), object(std::exchange(other.object, nullptr)) {}
  Retained &operator=(Retained &&other) noexcept {
    std::swap(objc, other.objc);
    std::swap(object, other.object);
    return *this;
  }
  ~Retained() {
    if (object)
      objc->release(object);
  }

  Id get() const { return object; }
  explicit operator bool() const { return object != nullptr; }

private:
  const ObjC *objc = nullptr;
  Id object = nullptr;
};

} // namespace anec::rt::ane

#endif // ANEC_RUNTIME_DEVICE_ANE_OBJC_H

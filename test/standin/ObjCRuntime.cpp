//===- ObjCRuntime.cpp - The C functions of Objective-C -------------------===//
//
// objc_msgSend must pass any arguments on to a method that it finds first, so
// it is written for each processor: save the argument registers, look the
// method up, restore them, jump.
//
//===----------------------------------------------------------------------===//
#include "test/standin/Objects.h"

#include <set>

using namespace anec::standin;

namespace {

/// Interned: equal names have equal addresses.
const std::string *intern(const char *name) {
  const std::lock_guard<std::recursive_mutex> guard(world().mutex);
  static auto *names = new std::set<std::string>;
  return &*names->insert(name).first;
}

/// What a message to nobody returns.
void *nothing() { return nullptr; }

Method find(const std::map<std::string, Method> &methods,
            const std::string &name) {
  auto found = methods.find(name);
  return found == methods.end() || name == world().behaviour.missingMethod
             ? nullptr
             : found->second;
}

} // namespace

extern "C" __attribute__((visibility("hidden"), used)) Method
anecStandInFindMethod(const void *receiver, const std::string *selector) {
  const std::lock_guard<std::recursive_mutex> guard(world().mutex);
  const auto none = reinterpret_cast<Method>(&nothing);
  Object *object = findAlive(receiver, selector->c_str());
  if (!object)
    return none;
  auto *cls = dynamic_cast<Class *>(object);
  if (Method method = find(
          cls ? cls->classMethods : object->cls->instanceMethods, *selector))
    return method;
  world().violation((cls ? "+[" + cls->name : "-[" + object->cls->name) + " " +
                    *selector + "]: there is no such method");
  return none;
}

#if defined(__x86_64__)
// No method here takes floats, so their registers are not saved.
asm(R"(
  .text
  .globl objc_msgSend
  .type objc_msgSend, @function
objc_msgSend:
  pushq %rbp
  movq %rsp, %rbp
  pushq %rdi
  pushq %rsi
  pushq %rdx
  pushq %rcx
  pushq %r8
  pushq %r9
  call anecStandInFindMethod
  movq %rax, %r11
  popq %r9
  popq %r8
  popq %rcx
  popq %rdx
  popq %rsi
  popq %rdi
  popq %rbp
  jmp *%r11
  .size objc_msgSend, .-objc_msgSend
)");
#elif defined(__aarch64__)
asm(R"(
  .text
  .globl objc_msgSend
  .type objc_msgSend, %function
objc_msgSend:
  stp x29, x30, [sp, #-80]!
  mov x29, sp
  stp x0, x1, [sp, #16]
  stp x2, x3, [sp, #32]
  stp x4, x5, [sp, #48]
  stp x6, x7, [sp, #64]
  bl anecStandInFindMethod
  mov x16, x0
  ldp x0, x1, [sp, #16]
  ldp x2, x3, [sp, #32]
  ldp x4, x5, [sp, #48]
  ldp x6, x7, [sp, #64]
  ldp x29, x30, [sp], #80
  br x16
  .size objc_msgSend, .-objc_msgSend
)");
#else
#error "objc_msgSend is not written for this processor"
#endif

STANDIN_EXPORT void *objc_getClass(const char *name) {
  return name == world().behaviour.missingClass
             ? nullptr
             : static_cast<Object *>(findClass(name));
}

STANDIN_EXPORT const void *sel_registerName(const char *name) {
  return intern(name);
}

STANDIN_EXPORT void *class_getClassMethod(const void *address,
                                          const std::string *selector) {
  const auto *cls = checked<Class>(address, "class_getClassMethod");
  return cls ? reinterpret_cast<void *>(find(cls->classMethods, *selector))
             : nullptr;
}

STANDIN_EXPORT void *class_getInstanceMethod(const void *address,
                                             const std::string *selector) {
  const auto *cls = checked<Class>(address, "class_getInstanceMethod");
  return cls ? reinterpret_cast<void *>(find(cls->instanceMethods, *selector))
             : nullptr;
}

STANDIN_EXPORT void *objc_autoreleasePoolPush() { return pushPool(); }
STANDIN_EXPORT void objc_autoreleasePoolPop(void *token) { popPool(token); }

STANDIN_EXPORT const void *objc_retain(const void *address) {
  retain(findAlive(address, "objc_retain"));
  return address;
}

STANDIN_EXPORT void objc_release(const void *address) {
  release(findAlive(address, "objc_release"));
}

/// Of libSystem.
STANDIN_EXPORT int pthread_set_qos_class_self_np(unsigned, int) {
  world().count("pthread_set_qos_class_self_np");
  return 0;
}

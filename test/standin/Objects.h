//===- Objects.h - Objects with counted references --------------*- C++ -*-===//
//
// What Objective-C and CoreFoundation objects have in common, and the values:
// strings, data, numbers, arrays, dictionaries and errors.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TEST_STANDIN_OBJECTS_H
#define ANEC_TEST_STANDIN_OBJECTS_H

#include "test/standin/World.h"

#include <cstdint>

namespace anec::standin {

/// A method; called with the prototype of its selector.
using Method = void (*)();

struct Class;

/// Born with one reference, which its maker owns.
struct Object {
  explicit Object(Class &cls);
  Object(const Object &) = delete;
  Object &operator=(const Object &) = delete;
  virtual ~Object() = default;

  Class *cls;
  int64_t references = 1;
  bool isImmortal = false; ///< Constants and classes.
};

/// A class is an object that class methods are sent to.
struct Class : Object {
  explicit Class(std::string name);
  std::string name;
  std::map<std::string, Method> classMethods, instanceMethods;
};

/// The class of this name, made at the first call.
Class &classNamed(const std::string &name);
/// Null when nobody made it.
Class *findClass(const std::string &name);

/// The object at `address` if it lives and is a T; a violation that names
/// `what` otherwise, unless it is null.
template <typename T> T *checked(const void *address, const char *what);

void retain(Object *object);
void release(Object *object);
/// Released when the innermost pool of the thread ends.
template <typename T> T *autoreleased(T *object);
void autoreleaseObject(Object *object);
void *pushPool();
void popPool(void *token);
/// Whether the thread has a pool.
bool inPool();

struct String : Object {
  explicit String(std::string text)
      : Object(classNamed("NSString")), text(std::move(text)) {}
  std::string text;
};

struct Data : Object {
  explicit Data(std::vector<uint8_t> bytes)
      : Object(classNamed("NSData")), bytes(std::move(bytes)) {}
  std::vector<uint8_t> bytes;
};

struct Number : Object {
  explicit Number(int64_t value)
      : Object(classNamed("NSNumber")), value(value) {}
  int64_t value;
};

struct Array : Object {
  explicit Array(std::vector<Object *> members);
  ~Array() override;
  std::vector<Object *> members;
};

struct Dictionary : Object {
  explicit Dictionary(std::vector<std::pair<Object *, Object *>> entries);
  ~Dictionary() override;
  /// Null when there is none.
  Object *find(const std::string &key) const;
  std::vector<std::pair<Object *, Object *>> entries;
};

struct ErrorObject : Object {
  ErrorObject(std::string domain, int64_t code, std::string description)
      : Object(classNamed("NSError")), domain(new String(std::move(domain))),
        code(code), description(std::move(description)) {}
  ~ErrorObject() override { release(domain); }
  String *domain;
  int64_t code;
  std::string description;
};

Object *findAlive(const void *address, const char *what);
void wrongType(const Object &object, const char *what);

template <typename T> T *checked(const void *address, const char *what) {
  Object *object = findAlive(address, what);
  if (!object)
    return nullptr;
  T *result = dynamic_cast<T *>(object);
  if (!result)
    wrongType(*object, what);
  return result;
}

template <typename T> T *autoreleased(T *object) {
  autoreleaseObject(object);
  return object;
}

} // namespace anec::standin

#endif // ANEC_TEST_STANDIN_OBJECTS_H

//===- Objects.cpp - Objects with counted references ----------------------===//

#include "test/standin/Objects.h"

#include <deque>
#include <memory>

namespace anec::standin {

namespace {

using Guard = std::lock_guard<std::recursive_mutex>;

std::map<std::string, std::unique_ptr<Class>> &classes() {
  static auto *all = new std::map<std::string, std::unique_ptr<Class>>;
  return *all;
}

/// Pools of one thread, innermost last.
struct Pools {
  std::vector<std::vector<Object *>> open;
  ~Pools() {
    if (!open.empty())
      world().violation("a thread ended inside an autorelease pool");
  }
};

Pools &pools() {
  static thread_local Pools all;
  return all;
}

/// Released objects are kept for a while, so that no new one has the address
/// of one that is still used by mistake.
void bury(Object *object) {
  static auto *graves = new std::deque<Object *>;
  graves->push_back(object);
  if (graves->size() > 4096) {
    ::operator delete(graves->front());
    graves->pop_front();
  }
}

} // namespace

Object::Object(Class &cls) : cls(&cls) {
  const Guard guard(world().mutex);
  world().alive[this] = this;
}

Class::Class(std::string name) : Object(*this), name(std::move(name)) {
  isImmortal = true;
}

Class &classNamed(const std::string &name) {
  const Guard guard(world().mutex);
  std::unique_ptr<Class> &found = classes()[name];
  if (!found)
    found = std::make_unique<Class>(name);
  return *found;
}

Class *findClass(const std::string &name) {
  const Guard guard(world().mutex);
  auto found = classes().find(name);
  return found == classes().end() ? nullptr : found->second.get();
}

Object *findAlive(const void *address, const char *what) {
  if (!address)
    return nullptr;
  const Guard guard(world().mutex);
  auto found = world().alive.find(address);
  if (found != world().alive.end())
    return found->second;
  world().violation(std::string(what) + ": got something that is no object, "
                                        "or was released");
  return nullptr;
}

void wrongType(const Object &object, const char *what) {
  world().violation(std::string(what) + ": got an object of class " +
                    object.cls->name);
}

void retain(Object *object) {
  const Guard guard(world().mutex);
  if (object)
    ++object->references;
}

void release(Object *object) {
  const Guard guard(world().mutex);
  if (!object || object->isImmortal || --object->references > 0)
    return;
  world().alive.erase(object);
  object->~Object();
  bury(object);
}

void autoreleaseObject(Object *object) {
  if (pools().open.empty())
    return world().violation("an object of class " + object->cls->name +
                             " is autoreleased without a pool: it leaks");
  pools().open.back().push_back(object);
}

void *pushPool() {
  pools().open.emplace_back();
  return reinterpret_cast<void *>(pools().open.size());
}

void popPool(void *token) {
  auto &open = pools().open;
  if (reinterpret_cast<size_t>(token) != open.size() || open.empty())
    return world().violation("autorelease pools end in the wrong order");
  const std::vector<Object *> drained = std::move(open.back());
  open.pop_back();
  for (Object *object : drained)
    release(object);
}

bool inPool() { return !pools().open.empty(); }

Array::Array(std::vector<Object *> all)
    : Object(classNamed("NSArray")), members(std::move(all)) {
  for (Object *member : members)
    retain(member);
}

Array::~Array() {
  for (Object *member : members)
    release(member);
}

Dictionary::Dictionary(std::vector<std::pair<Object *, Object *>> all)
    : Object(classNamed("NSDictionary")), entries(std::move(all)) {
  for (auto &[key, value] : entries) {
    retain(key);
    retain(value);
  }
}

Dictionary::~Dictionary() {
  for (auto &[key, value] : entries) {
    release(key);
    release(value);
  }
}

Object *Dictionary::find(const std::string &key) const {
  for (const auto &[name, value] : entries)
    if (const auto *text = dynamic_cast<const String *>(name))
      if (text->text == key)
        return value;
  return nullptr;
}

} // namespace anec::standin

//===- Classes.cpp - The methods of the private framework -----------------===//
//
// What each method checks about its arguments, and the object it answers with.
//
//===----------------------------------------------------------------------===//
#include "test/standin/Engine.h"

#include <cstdlib>
#include <string_view>

namespace anec::standin {

namespace {

/// {path: {"offset": 0, "data": bytes}}; false after a violation.
bool readWeights(const Dictionary &weights, Blobs &blobs) {
  for (const auto &[key, value] : weights.entries) {
    const auto *path = dynamic_cast<const String *>(key);
    const auto *entry = dynamic_cast<const Dictionary *>(value);
    const auto *data =
        entry ? dynamic_cast<const Data *>(entry->find("data")) : nullptr;
    const auto *offset =
        entry ? dynamic_cast<const Number *>(entry->find("offset")) : nullptr;
    if (!path || !data || !offset || offset->value != 0) {
      world().violation("modelWithMILText: an entry of the weights is not "
                        "{path: {\"offset\": 0, \"data\": bytes}}");
      return false;
    }
    blobs[path->text] = data->bytes;
  }
  return true;
}

Object *modelWithText(const void *, const void *, const void *text,
                      const void *weights, const void *options) {
  world().count("descriptor");
  const auto *data = checked<Data>(text, "modelWithMILText: the text");
  const auto *all = checked<Dictionary>(weights, "modelWithMILText: weights");
  if (options)
    checked<Data>(options, "modelWithMILText: options");
  Blobs blobs;
  // Reported as a crash by one source, as nil by another.
  if (!data || !all)
    world().violation("modelWithMILText: text or weights are nil");
  if (!data || !all || !readWeights(*all, blobs) ||
      world().behaviour.descriptorNil)
    return nullptr;
  return autoreleased(new Descriptor(
      std::string(data->bytes.begin(), data->bytes.end()), std::move(blobs)));
}

Object *modelWithDescriptor(const void *, const void *, const void *address) {
  auto *descriptor =
      checked<Descriptor>(address, "inMemoryModelWithDescriptor");
  return descriptor ? autoreleased(new Model(*descriptor)) : nullptr;
}

Object *identifier(Model *self, const void *) {
  return autoreleased(new String(self->identifier));
}

bool report(ErrorObject *failure, Object **error) {
  if (!failure)
    return true;
  if (error)
    *error = autoreleased(failure);
  else
    release(failure);
  return false;
}

void checkStep(uint32_t qos, const void *options, const char *step) {
  if (qos > 63)
    world().violation(std::string(step) + ": a QoS above 63");
  if (!checked<Dictionary>(options, step))
    world().violation(std::string(step) + ": options are nil");
}

bool compile(Model *self, const void *, uint32_t qos, const void *options,
             Object **error) {
  checkStep(qos, options, "compileWithQoS");
  return report(self->compile(), error);
}

bool load(Model *self, const void *, uint32_t qos, const void *options,
          Object **error) {
  checkStep(qos, options, "loadWithQoS");
  return report(self->load(), error);
}

bool evaluate(Model *self, const void *, uint32_t qos, const void *options,
              const void *request, Object **error) {
  checkStep(qos, options, "evaluateWithQoS");
  return report(self->evaluate(request), error);
}

bool unload(Model *self, const void *, uint32_t, Object **error) {
  return report(self->unload(), error);
}

Object *attributes(Model *self, const void *) { return self->attributes(); }

Object *wrapSurface(const void *, const void *, const void *address) {
  auto *surface = checked<SharedSurface>(address, "objectWithIOSurface");
  return surface ? autoreleased(new SurfaceWrapper(*surface)) : nullptr;
}

/// Wrappers, and their indices 0, 1, 2, ..
Array *checkSide(const void *wrappers, const void *indices, const char *what) {
  auto *all = checked<Array>(wrappers, what);
  const auto *numbers = checked<Array>(indices, what);
  if (!all || !numbers || all->members.size() != numbers->members.size()) {
    world().violation(std::string(what) + ": one index per surface is needed");
    return nullptr;
  }
  for (size_t i = 0; i < all->members.size(); ++i) {
    const auto *index = checked<Number>(numbers->members[i], what);
    if (!checked<SurfaceWrapper>(all->members[i], what) || !index ||
        index->value != static_cast<int64_t>(i)) {
      world().violation(std::string(what) + ": wrong surface or index");
      return nullptr;
    }
  }
  return all;
}

Object *makeRequest(const void *, const void *, const void *inputs,
                    const void *inputIndices, const void *outputs,
                    const void *outputIndices, const void *weights,
                    const void *statistics, const void *procedure) {
  world().count("request");
  Array *in = checkSide(inputs, inputIndices, "the inputs of a request");
  Array *out = checkSide(outputs, outputIndices, "the outputs of a request");
  const auto *index = checked<Number>(procedure, "the procedure of a request");
  if (weights || statistics || !index || index->value != 0)
    world().violation("a request with a weights buffer, statistics or another "
                      "procedure than 0");
  if (!in || !out || world().behaviour.requestNil)
    return nullptr;
  return autoreleased(new Request(*in, *out));
}

bool hasEngine(const void *, const void *) {
  return !world().behaviour.noEngine;
}

uint32_t coreCount(const void *, const void *) { return 16; }
uint32_t engineCount(const void *, const void *) { return 1; }

Object *architecture(const void *, const void *) {
  return autoreleased(new String(world().behaviour.architecture));
}

Object *buildVersion(const void *, const void *) {
  return autoreleased(new String("stand-in"));
}

template <typename F> Method method(F *function) {
  return reinterpret_cast<Method>(function);
}

struct Registration {
  Registration() {
    classNamed("_ANEInMemoryModelDescriptor").classMethods = {
        {"modelWithMILText:weights:optionsPlist:", method(&modelWithText)}};
    Class &model = classNamed("_ANEInMemoryModel");
    model.classMethods = {
        {"inMemoryModelWithDescriptor:", method(&modelWithDescriptor)}};
    model.instanceMethods = {
        {"hexStringIdentifier", method(&identifier)},
        {"compileWithQoS:options:error:", method(&compile)},
        {"loadWithQoS:options:error:", method(&load)},
        {"evaluateWithQoS:options:request:error:", method(&evaluate)},
        {"unloadWithQoS:error:", method(&unload)},
        {"modelAttributes", method(&attributes)}};
    classNamed("_ANEIOSurfaceObject").classMethods = {
        {"objectWithIOSurface:", method(&wrapSurface)}};
    classNamed("_ANERequest").classMethods = {
        {"requestWithInputs:inputIndices:outputs:outputIndices:weightsBuffer:"
         "perfStats:procedureIndex:",
         method(&makeRequest)}};
    classNamed("_ANEDeviceInfo").classMethods = {
        {"hasANE", method(&hasEngine)},
        {"numANECores", method(&coreCount)},
        {"numANEs", method(&engineCount)},
        {"aneArchitectureType", method(&architecture)},
        {"buildVersion", method(&buildVersion)}};
  }
};

Registration registration;

} // namespace
} // namespace anec::standin

//===- Model.cpp - One program of the engine ------------------------------===//

#include "runtime/device/ane/Model.h"

namespace anec::rt::ane {

/// Path in the text -> {"offset": 0, "data": the whole file}.
static CFRef weightsDictionary(const CoreFoundation &cf, const Blobs &blobs) {
  const CFRef offsetKey = cf.string("offset"), dataKey = cf.string("data");
  const CFRef zero = cf.number(0);
  std::vector<CFRef> owned;
  std::vector<Id> keys, values;
  for (const auto &[path, bytes] : blobs) {
    const CFRef data = cf.data({bytes.data(), bytes.size()});
    owned.push_back(cf.string(path));
    keys.push_back(owned.back().get());
    owned.push_back(cf.dictionary({offsetKey.get(), dataKey.get()},
                                  {zero.get(), data.get()}));
    values.push_back(owned.back().get());
  }
  return cf.dictionary(keys, values);
}

Result<Model> Model::create(std::shared_ptr<const Framework> framework,
                            const std::string &program, const std::string &text,
                            const Blobs &blobs) {
  const ObjC &objc = framework->objc;
  const CoreFoundation &cf = framework->cf;
  const auto &selectors = framework->selectors;
  const AutoreleasePool pool(objc);
  // The text is data, not a string, and the dictionary is there even when it
  // is empty: anything else is reported to crash.
  const CFRef data =
      cf.data({reinterpret_cast<const uint8_t *>(text.data()), text.size()});
  const CFRef weights = weightsDictionary(cf, blobs);
  Retained descriptor(objc,
                      objc.send<Id>(framework->classes.descriptor,
                                    selectors.modelWithText, data.get(),
                                    weights.get(), static_cast<Id>(nullptr)));
  if (!descriptor)
    return makeError(ErrorCode::DeviceFailure,
                     "{}: the system makes no descriptor of this text ({} "
                     "bytes, {} weight files); its header may not suit this "
                     "system [mil-header-13]",
                     program, text.size(), blobs.size());
  Retained model(objc, objc.send<Id>(framework->classes.model,
                                     selectors.modelWithDescriptor,
                                     descriptor.get()));
  if (!model)
    return makeError(ErrorCode::DeviceFailure,
                     "{}: the system makes no model of its descriptor",
                     program);
  std::optional<std::string> hex =
      cf.text(objc.send<Id>(model.get(), selectors.identifier));
  // It becomes a part of a path.
  if (!hex || hex->empty() || hex->find('/') != std::string::npos ||
      *hex == "." || *hex == "..")
    return makeError(ErrorCode::DeviceFailure,
                     "{}: expected a name for the model's folder, the system "
                     "gave '{}'",
                     program, hex.value_or(""));
  CFRef noOptions = cf.dictionary({}, {});
  return Model(std::move(framework), std::move(descriptor), std::move(model),
               std::move(noOptions), *std::move(hex));
}

Model::~Model() { unload(); }

void Model::unload() {
  if (!isLoaded || !model)
    return;
  isLoaded = false;
  const AutoreleasePool pool(framework->objc);
  Id error = nullptr;
  // A failure leaks a program of this process; there is nobody to tell.
  framework->objc.send<bool>(model.get(), framework->selectors.unload,
                             loadedQos, &error);
}

std::optional<DeviceError> Model::attempt(Selector step, uint32_t qos) {
  const AutoreleasePool pool(framework->objc);
  Id error = nullptr;
  if (framework->objc.send<bool>(model.get(), step, qos, noOptions.get(),
                                 &error))
    return std::nullopt;
  return DeviceError::from(*framework, error);
}

std::optional<DeviceError> Model::compile(uint32_t qos) {
  return attempt(framework->selectors.compile, qos);
}

std::optional<DeviceError> Model::load(uint32_t qos) {
  std::optional<DeviceError> failure = attempt(framework->selectors.load, qos);
  isLoaded = !failure;
  loadedQos = qos;
  return failure;
}

std::optional<DeviceError> Model::evaluate(Id request, uint32_t qos) {
  const AutoreleasePool pool(framework->objc);
  Id error = nullptr;
  if (framework->objc.send<bool>(model.get(), framework->selectors.evaluate,
                                 qos, noOptions.get(), request, &error))
    return std::nullopt;
  return DeviceError::from(*framework, error);
}

Result<Slots> Model::slots(const std::string &program) const {
  const AutoreleasePool pool(framework->objc);
  return Slots::read(
      *framework,
      framework->objc.send<Id>(model.get(), framework->selectors.attributes),
      program);
}

} // namespace anec::rt::ane

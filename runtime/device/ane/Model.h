//===- Model.h - One program of the engine ----------------------*- C++ -*-===//
//
// A model in memory from its descriptor to its unloading, one method per call
// of the private interface. Decides nothing: retries are Loader's.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_ANE_MODEL_H
#define ANEC_RUNTIME_DEVICE_ANE_MODEL_H

#include "runtime/device/ane/DeviceError.h"
#include "runtime/device/ane/ModelFolder.h"
#include "runtime/device/ane/Slots.h"

namespace anec::rt::ane {

/// Unloaded and released at the end; its surfaces and requests may go before or
/// after.
class Model {
public:
  /// Names the text and its weights to the system; nothing is compiled.
  /// DeviceFailure when the system takes them for no model.
  static Result<Model> create(std::shared_ptr<const Framework> framework,
                              const std::string &program,
                              const std::string &text, const Blobs &blobs);

  Model(Model &&) = default;
  Model &operator=(Model &&) = delete;
  ~Model();

  /// Follows from text and weights; the name of its folder.
  const std::string &identifier() const { return hex; }

  std::optional<DeviceError> compile(uint32_t qos);
  std::optional<DeviceError> load(uint32_t qos);
  /// Synchronous; `request` is an _ANERequest on surfaces that are not locked.
  std::optional<DeviceError> evaluate(Id request, uint32_t qos);
  /// Gives the program's place back; nothing when it is not loaded.
  void unload();
  /// Of a loaded model.
  Result<Slots> slots(const std::string &program) const;

private:
  Model(std::shared_ptr<const Framework> framework, Retained descriptor,
        Retained model, CFRef noOptions, std::string hex)
      : framework(std::move(framework)), descriptor(std::move(descriptor)),
        model(std::move(model)), noOptions(std::move(noOptions)),
        hex(std::move(hex)) {}
  std::optional<DeviceError> attempt(Selector step, uint32_t qos);

  std::shared_ptr<const Framework> framework;
  Retained descriptor, model;
  CFRef noOptions;
  std::string hex;
  uint32_t loadedQos = 0;
  bool isLoaded = false;
};

} // namespace anec::rt::ane

#endif // ANEC_RUNTIME_DEVICE_ANE_MODEL_H

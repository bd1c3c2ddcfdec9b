//===- AneProgram.h - A loaded kernel and its requests ----------*- C++ -*-===//
//
// Evaluates one model on surfaces. Requests are made once for each set of
// surfaces and kept until one of these goes.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_ANE_ANEPROGRAM_H
#define ANEC_RUNTIME_DEVICE_ANE_ANEPROGRAM_H

#include "runtime/device/ane/AneSurface.h"
#include "runtime/device/ane/Loader.h"
#include "runtime/device/ane/Reference.h"
#include "runtime/device/ane/Request.h"

namespace anec::rt::ane {

/// What patches of one text start from: the first model of it that compiled.
struct Donor {
  std::string plist;
  /// Its weights, and all other blobs.
  Blobs blobs;
  /// A patch was seen to use its own weights.
  std::atomic<bool> isVerified{false};
};

class AneProgram : public Program {
public:
  AneProgram(std::string name, std::shared_ptr<LoadedModel> model,
             std::function<void(AneProgram &)> onRelease)
      : name(std::move(name)), model(std::move(model)),
        onRelease(std::move(onRelease)) {}
  ~AneProgram() override {
    onRelease(*this);
    replace(nullptr);
  }

  const std::string name;
  /// Null when it was lost: a patch turned out wrong and could not be compiled.
  std::shared_ptr<LoadedModel> model;
  /// Set as long as it is not known whether a patch took; see Loader::patch.
  std::shared_ptr<Donor> donor;

  /// InvalidInput when the surfaces do not suit the signature, or are mapped.
  std::optional<Error> check(const std::vector<AneSurface *> &inputs,
                             const std::vector<AneSurface *> &outputs) const;

  /// Once; on the thread that evaluates everything.
  std::optional<Error> evaluate(const Framework &framework, uint32_t qos,
                                const std::vector<AneSurface *> &inputs,
                                const std::vector<AneSurface *> &outputs);

  /// DeviceFailure when all outputs are zero and should not be: a failure that
  /// the engine's status hides.
  std::optional<Error> checkZeros(const std::vector<AneSurface *> &inputs,
                                  const std::vector<AneSurface *> &outputs);

  /// Whether what the engine returned follows from the patched weights.
  Result<Match> matchPatch(const std::vector<AneSurface *> &inputs,
                           const std::vector<AneSurface *> &outputs) const;

  /// Forgets requests on a surface that goes away.
  void forget(Id surface);
  /// Puts another model in the place of this one.
  void replace(std::shared_ptr<LoadedModel> other);

private:
  struct Evaluation {
    Request request;
    bool ran = false;
  };

  std::function<void(AneProgram &)> onRelease;
  /// By surfaces in slot order, inputs first.
  std::map<std::vector<Id>, Evaluation> evaluations;
  /// Dispatches since the last one with a result that was not zero.
  uint64_t zeroDispatches = 0;
};

} // namespace anec::rt::ane

#endif // ANEC_RUNTIME_DEVICE_ANE_ANEPROGRAM_H

//===- Engine.h - Models, requests and what runs them -----------*- C++ -*-===//
//
// The classes of AppleNeuralEngine.framework that the device uses. Programs
// are executed by the CPU device; surfaces are bound by the names of slots.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TEST_STANDIN_ENGINE_H
#define ANEC_TEST_STANDIN_ENGINE_H

#include "test/standin/Surfaces.h"

#include "runtime/device/cpu/CpuProgram.h"

#include <memory>

namespace anec::standin {

/// Blob files by their path in the text.
using Blobs = std::map<std::string, std::vector<uint8_t>>;

struct Descriptor : Object {
  Descriptor(std::string text, Blobs blobs)
      : Object(classNamed("_ANEInMemoryModelDescriptor")),
        text(std::move(text)), blobs(std::move(blobs)) {}
  std::string text;
  Blobs blobs;
};

/// A surface as a program sees it: [channels, width] with padded rows, of which
/// `height` make a channel of the program's.
struct SlotInfo {
  std::string name;
  size_t port = 0; ///< In the text.
  int64_t channels = 0, width = 0, height = 1;
  int64_t rowStride() const { return (width * 2 + 63) / 64 * 64; }
  int64_t batchStride() const { return channels * rowStride(); }
};

struct Model : Object {
  explicit Model(Descriptor &descriptor);
  ~Model() override;

  /// Each returns an error, or null. Named as the selectors.
  ErrorObject *compile();
  ErrorObject *load();
  ErrorObject *evaluate(const void *request);
  ErrorObject *unload();
  Object *attributes() const;

  std::string folder() const;

  Descriptor *descriptor;
  std::string identifier;

private:
  ErrorObject *build(const std::string &text, const Blobs &blobs);
  void checkFolder() const;
  std::vector<SlotInfo> slots(const std::vector<rt::cpu::Port> &ports) const;
  ErrorObject *checkSizes(const std::vector<SlotInfo> &slots,
                          const std::vector<SharedSurface *> &surfaces) const;
  void execute(const std::vector<SharedSurface *> &inputs,
               const std::vector<SharedSurface *> &outputs, bool zeros);

  bool isLoaded = false, isCompiled = false;
  std::unique_ptr<rt::cpu::CpuProgram> program;
};

struct SurfaceWrapper : Object {
  explicit SurfaceWrapper(SharedSurface &surface)
      : Object(classNamed("_ANEIOSurfaceObject")), surface(&surface) {
    retain(&surface);
  }
  ~SurfaceWrapper() override { release(surface); }
  SharedSurface *surface;
};

struct Request : Object {
  Request(Array &inputs, Array &outputs)
      : Object(classNamed("_ANERequest")), inputs(&inputs), outputs(&outputs) {
    retain(&inputs);
    retain(&outputs);
  }
  ~Request() override {
    release(inputs);
    release(outputs);
  }
  Array *inputs, *outputs;
};

} // namespace anec::standin

#endif // ANEC_TEST_STANDIN_ENGINE_H

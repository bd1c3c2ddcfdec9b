//===- Loader.h - From text to a program that can run -----------*- C++ -*-===//
//
// Compiles, loads and checks a program; knows which failures pass when tried
// again, and how many compiles are left. May be used by two threads.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_ANE_LOADER_H
#define ANEC_RUNTIME_DEVICE_ANE_LOADER_H

#include "runtime/device/ane/AneDevice.h"
#include "runtime/device/ane/Model.h"

#include <mutex>
#include <set>

namespace anec::rt::ane {

/// A loaded model and how its surfaces are bound.
struct LoadedModel {
  LoadedModel(Model model, std::shared_ptr<ModelFolder> folder)
      : model(std::move(model)), folder(std::move(folder)) {}
  LoadedModel(const LoadedModel &) = delete;
  LoadedModel &operator=(const LoadedModel &) = delete;
  /// Unloads before the files go, and releases after.
  ~LoadedModel() {
    model.unload();
    folder.reset();
  }

  Model model;
  std::shared_ptr<ModelFolder> folder;
  bool isReady = false;
  Signature signature;
  /// For each slot the port of the signature.
  std::vector<size_t> inputOrder, outputOrder;
};

class Loader {
public:
  Loader(std::shared_ptr<const Framework> framework, AneOptions options)
      : framework(std::move(framework)), options(std::move(options)) {}

  /// Compiles and loads; a model that is loaded already is the same one, since
  /// two of one name are not told apart. BudgetExhausted when this process may
  /// not compile.
  Result<std::shared_ptr<LoadedModel>> compile(const std::string &program,
                                               const std::string &text,
                                               const Blobs &blobs);
  /// Loads without compiling, from what the compiler made of the same text
  /// with other weights. Whether the engine then uses the new weights is for
  /// the caller to find out.
  Result<std::shared_ptr<LoadedModel>> patch(const std::string &program,
                                             const std::string &text,
                                             const Blobs &blobs,
                                             const std::string &plist);

private:
  /// Not compiled, not loaded, unless it was before.
  Result<std::shared_ptr<LoadedModel>> create(const std::string &program,
                                              const std::string &text,
                                              const Blobs &blobs);
  std::optional<Error> compileWithRetries(const std::string &program,
                                          const std::string &text,
                                          Model &model);
  std::optional<Error> load(const std::string &program,
                            const std::shared_ptr<LoadedModel> &loaded);
  bool compiledBefore(const std::string &text);

  std::shared_ptr<const Framework> framework;
  AneOptions options;
  /// Held while the service compiles: nobody reports how it takes two at once.
  std::mutex compiling;
  /// Of what follows.
  std::mutex mutex;
  /// Texts that compiled at least once.
  std::set<std::string> compiled;
  /// Models in use, by identifier.
  std::map<std::string, std::weak_ptr<LoadedModel>> live;
};

} // namespace anec::rt::ane

#endif // ANEC_RUNTIME_DEVICE_ANE_LOADER_H

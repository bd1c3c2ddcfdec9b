//===- Engine.cpp - What compiles, loads and runs models ------------------===//

#include "test/standin/Engine.h"

#include "runtime/support/AtomicFile.h"
#include "runtime/support/Sha256.h"
#include "runtime/support/ThreadPool.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include <sys/mman.h>

namespace anec::standin {

namespace {

using rt::cpu::CpuProgram;
using rt::cpu::Port;
using Guard = std::lock_guard<std::recursive_mutex>;

constexpr std::string_view root = "@model_path/";
constexpr int64_t pageBytes = 16384;

ErrorObject *compilerError(const std::string &reason) {
  if (reason == "service") // NSXPCConnectionInterrupted
    return new ErrorObject("NSCocoaErrorDomain", 4097,
                           "Couldn't communicate with a helper application.");
  return new ErrorObject("com.apple.appleneuralengine.compiler", 1,
                         "_ANECompiler : ANECCompile() FAILED, err=(" + reason +
                             ")");
}

ErrorObject *engineError(int64_t code, const std::string &description) {
  return new ErrorObject("com.apple.appleneuralengine", code, description);
}

ErrorObject *inferenceError(const char *status) {
  return engineError(8, "ANEProgramProcessRequestDirect() Failed with status=" +
                            std::string(status) +
                            " : statusType=0x9: Program Inference error");
}

std::string digestOf(const Descriptor &descriptor, bool withWeights) {
  std::string all = rt::sha256(std::string_view(descriptor.text));
  for (const auto &[name, bytes] : descriptor.blobs) {
    all += name;
    if (withWeights)
      all += rt::sha256(std::string_view(
          reinterpret_cast<const char *>(bytes.data()), bytes.size()));
  }
  return rt::sha256(std::string_view(all));
}

/// What the compiler leaves in the folder; loads only the same text.
std::string plistOf(const std::string &text) {
  return "net.plist of " + rt::sha256(std::string_view(text));
}

/// Weights of compiled models by their plist: what a system that ignores
/// patches goes on with.
std::map<std::string, Blobs> &compiledWeights() {
  static auto *all = new std::map<std::string, Blobs>;
  return *all;
}

bool samePart(const std::string &file, const void *data, size_t size) {
  const rt::Result<std::string> found = rt::readFile(file);
  return found && found->size() == size &&
         std::memcmp(found->data(), data, size) == 0;
}

bool sameSizes(const std::vector<SharedSurface *> &surfaces) {
  for (const SharedSurface *surface : surfaces)
    if (surface->bytes != surfaces.front()->bytes)
      return false;
  return true;
}

} // namespace

Model::Model(Descriptor &descriptor)
    : Object(classNamed("_ANEInMemoryModel")), descriptor(&descriptor),
      identifier(
          digestOf(descriptor, !world().behaviour.identifierIgnoresWeights)) {
  retain(&descriptor);
}

Model::~Model() {
  if (isLoaded) {
    world().violation("a model is released while it is loaded: its place is "
                      "lost");
    --world().loaded;
  }
  release(descriptor);
}

std::string Model::folder() const {
  const char *temporary = std::getenv("TMPDIR");
  return (std::filesystem::path(temporary ? temporary : "/tmp") / identifier)
      .string();
}

/// The text and all weights must be where the compiler looks for them.
void Model::checkFolder() const {
  const std::string path = folder();
  if (!samePart(path + "/model.mil", descriptor->text.data(),
                descriptor->text.size()))
    world().violation("model.mil is missing, or is not the text");
  for (const auto &[name, bytes] : descriptor->blobs)
    if (name.compare(0, root.size(), root) != 0 ||
        !samePart(path + "/" + name.substr(root.size()), bytes.data(),
                  bytes.size()))
      world().violation("'" + name + "' is missing, or is not the weights");
}

ErrorObject *Model::build(const std::string &text, const Blobs &blobs) {
  rt::ThreadPool pool(1);
  rt::ProgramFiles files;
  files.name = "model.mil";
  files.text = text;
  files.blobs = blobs;
  auto compiled = CpuProgram::compile(files, rt::cpu::CompileOptions(), pool);
  if (!compiled)
    return compilerError("InvalidMILProgram");
  program = std::move(*compiled);
  return nullptr;
}

ErrorObject *Model::compile() {
  checkFolder();
  Behaviour &behaviour = world().behaviour;
  {
    const Guard guard(world().mutex);
    world().count("compile");
    if (behaviour.compileFailures > 0 &&
        world().calls["compile"] > behaviour.compileFailuresAfter) {
      --behaviour.compileFailures;
      return compilerError(behaviour.compileError);
    }
    if (behaviour.compileLimit > 0 &&
        world().calls["compile"] > behaviour.compileLimit)
      return compilerError("");
  }
  if (ErrorObject *error = build(descriptor->text, descriptor->blobs))
    return error;
  const std::string plist = plistOf(descriptor->text);
  std::ofstream(folder() + "/net.plist") << plist;
  std::ofstream(folder() + "/data") << "compiled";
  const Guard guard(world().mutex);
  compiledWeights()[plist] = descriptor->blobs;
  isCompiled = true;
  return nullptr;
}

ErrorObject *Model::load() {
  Behaviour &behaviour = world().behaviour;
  {
    const Guard guard(world().mutex);
    world().count("load");
    if (isLoaded)
      world().violation("a loaded model is loaded again");
    if (behaviour.loadFailures > 0) {
      --behaviour.loadFailures;
      return engineError(behaviour.loadError, "Program load failure");
    }
    if (world().loaded >= behaviour.loadLimit)
      return engineError(1, "Program load failure: no free program slot");
  }
  if (!isCompiled) { // a patch
    checkFolder();
    const rt::Result<std::string> plist = rt::readFile(folder() + "/net.plist");
    if (behaviour.refusesPatches || !plist ||
        *plist != plistOf(descriptor->text))
      return engineError(1, "Program load failure: not compiled");
    world().count("patch");
    if (ErrorObject *error = build(
            descriptor->text, behaviour.stalePatches ? compiledWeights()[*plist]
                                                     : descriptor->blobs))
      return error;
  }
  const Guard guard(world().mutex);
  isLoaded = true;
  ++world().loaded;
  return nullptr;
}

ErrorObject *Model::unload() {
  const Guard guard(world().mutex);
  world().count("unload");
  if (!isLoaded) {
    world().violation("a model is unloaded that is not loaded");
    return engineError(1, "not loaded");
  }
  if (!std::filesystem::exists(folder()))
    world().violation("the files of a model go before it is unloaded");
  isLoaded = false;
  --world().loaded;
  return nullptr;
}

/// Slots have the alphabetical order of names, as most systems bind them.
std::vector<SlotInfo> Model::slots(const std::vector<Port> &ports) const {
  std::vector<SlotInfo> all;
  for (size_t i = 0; i < ports.size(); ++i) {
    // A channel is a plane of `height` rows; memory is rows.
    const std::vector<int64_t> &dims = ports[i].layout.dims;
    all.push_back({ports[i].name, i, dims[1] * dims[2], dims[3], dims[2]});
  }
  if (!world().behaviour.declaredOrder)
    std::sort(all.begin(), all.end(),
              [](const auto &a, const auto &b) { return a.name < b.name; });
  return all;
}

/// {"NetworkStatusList": [{"LiveInputList": [..], "LiveOutputList": [..]}]}
Object *Model::attributes() const {
  const std::string &fault = world().behaviour.attributes;
  if (!isLoaded || fault == "none")
    return nullptr;
  auto list = [&](const std::vector<Port> &ports, const char *suffix) {
    std::vector<Object *> entries;
    std::vector<SlotInfo> all = slots(ports);
    if (fault == "short" && *suffix)
      all.pop_back();
    for (size_t i = 0; i < all.size(); ++i) {
      const SlotInfo &slot = all[i];
      const int64_t row = slot.rowStride() * (fault == "stride" ? 2 : 1);
      const std::string name =
          fault == "name" && i == 0 ? "unheard_of" : slot.name + suffix;
      std::vector<std::pair<Object *, Object *>> entry = {
          {new String("Name"), new String(name)},
          {new String("Symbol"), new String(name)},
          {new String("Type"), new String("Float16")}};
      const std::pair<const char *, int64_t> numbers[] = {
          {"Channels", slot.channels / slot.height},
          {"Height", slot.height},
          {"Width", slot.width + (fault == "width" ? 32 : 0)},
          {"Depth", 1},
          {"Batches", 1},
          {"BatchStride", slot.channels * row},
          {"DepthStride", slot.channels * row},
          {"PlaneStride", slot.height * row},
          {"RowStride", row}};
      for (const auto &[key, value] : numbers)
        entry.emplace_back(new String(key), new Number(value));
      entries.push_back(new Dictionary(entry));
      for (auto &[key, value] : entry) {
        release(key);
        release(value);
      }
    }
    auto *array = new Array(entries);
    for (Object *each : entries)
      release(each);
    return array;
  };
  auto wrap = [](const char *key, Object *value) {
    auto *name = new String(key);
    const std::pair<Object *, Object *> entry{name, value};
    return entry;
  };
  const auto inputs = wrap("LiveInputList", list(program->inputs(), ""));
  const auto outputs =
      wrap("LiveOutputList", list(program->outputs(), "@output"));
  auto *network = new Dictionary({inputs, outputs});
  auto *networks = new Array({network});
  const auto status = wrap("NetworkStatusList", networks);
  auto *result = new Dictionary({status});
  for (Object *each :
       {inputs.first, inputs.second, outputs.first, outputs.second,
        static_cast<Object *>(network), status.first, status.second})
    release(each);
  return autoreleased(result);
}

ErrorObject *
Model::checkSizes(const std::vector<SlotInfo> &slots,
                  const std::vector<SharedSurface *> &surfaces) const {
  if (slots.size() != surfaces.size() ||
      (world().behaviour.uniformSizes && !sameSizes(surfaces)))
    return inferenceError("0x1d");
  for (size_t i = 0; i < slots.size(); ++i) {
    const int64_t given =
        (static_cast<int64_t>(surfaces[i]->bytes) + pageBytes - 1) / pageBytes *
        pageBytes;
    if (given < slots[i].batchStride())
      return inferenceError("0x1d");
  }
  return nullptr;
}

static bool isTwice(const std::vector<SharedSurface *> &surfaces) {
  return std::set<SharedSurface *>(surfaces.begin(), surfaces.end()).size() !=
         surfaces.size();
}

ErrorObject *Model::evaluate(const void *address) {
  const Behaviour behaviour = world().behaviour;
  std::vector<SharedSurface *> inputs, outputs;
  int64_t number = 0;
  {
    const Guard guard(world().mutex);
    world().count("evaluate");
    number = world().calls["evaluate"];
    if (!inPool())
      world().violation("a model is evaluated without an autorelease pool");
    static std::thread::id evaluator;
    if (number == 1)
      evaluator = std::this_thread::get_id();
    if (evaluator != std::this_thread::get_id())
      world().violation("models are evaluated on two threads");
    auto *request = checked<Request>(address, "evaluateWithQoS");
    if (!isLoaded || !request) {
      world().violation("a model that is not loaded is evaluated");
      return engineError(1, "not loaded");
    }
    auto surfaces = [](const Array &wrappers) {
      std::vector<SharedSurface *> all;
      for (Object *wrapper : wrappers.members)
        all.push_back(static_cast<SurfaceWrapper *>(wrapper)->surface);
      return all;
    };
    inputs = surfaces(*request->inputs);
    outputs = surfaces(*request->outputs);
    std::set<SharedSurface *> different(inputs.begin(), inputs.end());
    different.insert(outputs.begin(), outputs.end());
    for (const SharedSurface *surface : different)
      if (surface->readers || surface->writers) {
        world().violation("a surface is locked during an evaluation, which "
                          "blocks for ever");
        return inferenceError("0x1d");
      }
    // Nobody reports one surface as input and output; it works here.
    if (behaviour.aliasError || isTwice(inputs) || isTwice(outputs))
      return inferenceError("0x9 ");
    if (behaviour.failAfter > 0 && number >= behaviour.failAfter)
      return inferenceError("0x1d");
    if (ErrorObject *error = checkSizes(slots(program->inputs()), inputs))
      return error;
    if (ErrorObject *error = checkSizes(slots(program->outputs()), outputs))
      return error;
  }
  if (behaviour.slowMilliseconds > 0)
    std::this_thread::sleep_for(
        std::chrono::milliseconds(behaviour.slowMilliseconds));
  execute(inputs, outputs,
          behaviour.zerosAfter > 0 && number >= behaviour.zerosAfter);
  return nullptr;
}

void Model::execute(const std::vector<SharedSurface *> &inputs,
                    const std::vector<SharedSurface *> &outputs, bool zeros) {
  // Without padding on the CPU.
  std::vector<std::vector<uint8_t>> arrays;
  std::vector<const void *> from(inputs.size());
  std::vector<void *> to(outputs.size());
  auto array = [&](const SlotInfo &slot) {
    arrays.emplace_back(static_cast<size_t>(slot.channels * slot.width * 2));
    return arrays.back().data();
  };
  const std::vector<SlotInfo> in = slots(program->inputs());
  const std::vector<SlotInfo> out = slots(program->outputs());
  for (size_t i = 0; i < in.size(); ++i) {
    uint8_t *values = array(in[i]);
    from[in[i].port] = values;
    inputs[i]->protect(PROT_READ);
    for (int64_t c = 0; c < in[i].channels; ++c)
      std::memcpy(values + c * in[i].width * 2,
                  inputs[i]->memory + c * in[i].rowStride(),
                  static_cast<size_t>(in[i].width * 2));
    inputs[i]->protect(PROT_NONE);
  }
  for (const SlotInfo &slot : out)
    to[slot.port] = array(slot);
  rt::AlignedBuffer<uint8_t> arena;
  rt::ThreadPool pool(1);
  if (!zeros && program->run(from, to, arena, pool))
    world().violation("the CPU device cannot run what it compiled");
  for (size_t i = 0; i < out.size(); ++i) {
    outputs[i]->protect(PROT_READ | PROT_WRITE);
    for (int64_t c = 0; c < out[i].channels; ++c)
      std::memcpy(outputs[i]->memory + c * out[i].rowStride(),
                  static_cast<const uint8_t *>(to[out[i].port]) +
                      c * out[i].width * 2,
                  static_cast<size_t>(out[i].width * 2));
    outputs[i]->protect(PROT_NONE);
  }
}

} // namespace anec::standin

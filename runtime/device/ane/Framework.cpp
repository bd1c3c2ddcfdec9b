//===- Framework.cpp - The private framework of the ANE -------------------===//

#include "runtime/device/ane/Framework.h"

namespace anec::rt::ane {

Result<std::shared_ptr<const Framework>>
Framework::open(const LibraryPaths &paths) {
  // First: where it is missing there is no ANE, and that is what to say.
  Result<DynamicLibrary> engine = DynamicLibrary::open(paths.neuralEngine);
  if (!engine)
    return makeError(ErrorCode::Unsupported,
                     "device 'ane' expects a Mac with Apple silicon: {}",
                     engine.error().message);
  std::shared_ptr<Framework> all(new Framework);
  ANEC_ASSIGN(DynamicLibrary objc, DynamicLibrary::open(paths.objc));
  ANEC_ASSIGN(all->objc, ObjC::load(objc));
  ANEC_ASSIGN(DynamicLibrary cf, DynamicLibrary::open(paths.coreFoundation));
  ANEC_ASSIGN(all->cf, CoreFoundation::load(cf));
  ANEC_ASSIGN(DynamicLibrary io, DynamicLibrary::open(paths.ioSurface));
  ANEC_ASSIGN(all->io, IOSurfaces::load(io));
  ANEC_ASSIGN(DynamicLibrary foundation,
              DynamicLibrary::open(paths.foundation));
  ANEC_TRY(foundation.bind(all->temporaryDirectory, "NSTemporaryDirectory"));
  ANEC_ASSIGN(DynamicLibrary threads, DynamicLibrary::open(paths.threads));
  ANEC_TRY(threads.bind(all->setThreadClass, "pthread_set_qos_class_self_np"));
  ANEC_TRY(all->findClasses());
  ANEC_TRY(all->findSelectors());
  if (!all->info().present)
    return makeError(ErrorCode::Unsupported,
                     "this machine says that it has no Neural Engine");
  return std::shared_ptr<const Framework>(std::move(all));
}

std::optional<Error> Framework::findClasses() {
  const std::pair<Id *, const char *> needed[] = {
      {&classes.descriptor, "_ANEInMemoryModelDescriptor"},
      {&classes.model, "_ANEInMemoryModel"},
      {&classes.request, "_ANERequest"},
      {&classes.surface, "_ANEIOSurfaceObject"}};
  for (const auto &[cls, name] : needed) {
    *cls = objc.findClass(name);
    if (!*cls)
      return makeError(ErrorCode::Unsupported,
                       "the ANE framework of this system has no class '{}'",
                       name);
  }
  classes.deviceInfo = objc.findClass("_ANEDeviceInfo"); // only informs
  return std::nullopt;
}

std::optional<Error> Framework::findSelectors() {
  enum Kind { OfClass, OfInstance };
  struct Needed {
    Selector *selector;
    Id cls;
    Kind kind;
    const char *name;
  };
  const Needed all[] = {
      {&selectors.modelWithText, classes.descriptor, OfClass,
       "modelWithMILText:weights:optionsPlist:"},
      {&selectors.modelWithDescriptor, classes.model, OfClass,
       "inMemoryModelWithDescriptor:"},
      {&selectors.identifier, classes.model, OfInstance, "hexStringIdentifier"},
      {&selectors.compile, classes.model, OfInstance,
       "compileWithQoS:options:error:"},
      {&selectors.load, classes.model, OfInstance,
       "loadWithQoS:options:error:"},
      {&selectors.evaluate, classes.model, OfInstance,
       "evaluateWithQoS:options:request:error:"},
      {&selectors.unload, classes.model, OfInstance, "unloadWithQoS:error:"},
      {&selectors.attributes, classes.model, OfInstance, "modelAttributes"},
      {&selectors.wrapSurface, classes.surface, OfClass,
       "objectWithIOSurface:"},
      {&selectors.makeRequest, classes.request, OfClass,
       "requestWithInputs:inputIndices:outputs:outputIndices:weightsBuffer:"
       "perfStats:procedureIndex:"}};
  for (const Needed &needed : all) {
    *needed.selector = objc.selector(needed.name);
    const bool found =
        needed.kind == OfClass
            ? objc.hasClassMethod(needed.cls, *needed.selector)
            : objc.hasInstanceMethod(needed.cls, *needed.selector);
    if (!found)
      return makeError(ErrorCode::Unsupported,
                       "the ANE framework of this system has no method '{}'",
                       needed.name);
  }
  return std::nullopt;
}

EngineInfo Framework::info() const {
  EngineInfo info;
  if (!classes.deviceInfo)
    return info;
  const AutoreleasePool pool(objc);
  auto method = [&](const char *name) -> Selector {
    const Selector selector = objc.selector(name);
    return objc.hasClassMethod(classes.deviceInfo, selector) ? selector
                                                             : nullptr;
  };
  auto text = [&](const char *name) -> std::string {
    const Selector selector = method(name);
    if (!selector)
      return "";
    return cf.text(objc.send<Id>(classes.deviceInfo, selector)).value_or("");
  };
  auto number = [&](const char *name) -> int64_t {
    const Selector selector = method(name);
    return selector ? objc.send<uint32_t>(classes.deviceInfo, selector) : 0;
  };
  if (const Selector selector = method("hasANE"))
    info.present = objc.send<bool>(classes.deviceInfo, selector);
  info.architecture = text("aneArchitectureType");
  info.systemBuild = text("buildVersion");
  info.cores = number("numANECores");
  info.engines = number("numANEs");
  return info;
}

std::string Framework::temporaryFolder() const {
  const AutoreleasePool pool(objc);
  std::string folder = cf.text(temporaryDirectory()).value_or("/tmp/");
  if (folder.empty() || folder.back() != '/')
    folder += '/';
  return folder;
}

void Framework::raiseThread() const {
  constexpr unsigned userInitiated = 0x19; // QOS_CLASS_USER_INITIATED
  setThreadClass(userInitiated, 0);        // refused: it stays as it is
}

} // namespace anec::rt::ane

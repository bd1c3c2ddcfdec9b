//===- AneProgram.cpp - A loaded kernel and its requests ------------------===//

#include "runtime/device/ane/AneProgram.h"

#include "runtime/target/Profile.h"

#include <algorithm>

namespace anec::rt::ane {

namespace {

std::optional<Error> checkPorts(const std::string &program,
                                const std::vector<Port> &ports,
                                const std::vector<AneSurface *> &surfaces,
                                const char *what) {
  if (ports.size() != surfaces.size())
    return makeError(ErrorCode::InvalidInput, "{}: expected {} {}s, found {}",
                     program, ports.size(), what, surfaces.size());
  for (size_t i = 0; i < ports.size(); ++i) {
    const Port &port = ports[i];
    const SurfaceSpec &spec = surfaces[i]->spec();
    if (spec.channels != port.channels || spec.width != port.width)
      return makeError(ErrorCode::InvalidInput,
                       "{} '{}': expected a surface [{}, {}], found '{}' [{}, "
                       "{}]",
                       what, port.name, port.channels, port.width, spec.name,
                       spec.channels, spec.width);
    if (surfaces[i]->isMapped())
      return makeError(ErrorCode::InvalidInput,
                       "{}: surface '{}' is still mapped while it runs "
                       "[io-lock]",
                       program, spec.name);
  }
  return std::nullopt;
}

Result<Arrays> elementsOf(const std::vector<AneSurface *> &surfaces) {
  Arrays all;
  for (const AneSurface *surface : surfaces) {
    ANEC_ASSIGN(std::vector<half> elements, surface->elements());
    all.push_back(std::move(elements));
  }
  return Result<Arrays>(std::move(all));
}

std::vector<Id> inOrder(const std::vector<AneSurface *> &surfaces,
                        const std::vector<size_t> &order) {
  std::vector<Id> ids;
  for (const size_t port : order)
    ids.push_back(surfaces[port]->get());
  return ids;
}

} // namespace

std::optional<Error>
AneProgram::check(const std::vector<AneSurface *> &inputs,
                  const std::vector<AneSurface *> &outputs) const {
  if (!model)
    return makeError(ErrorCode::DeviceFailure,
                     "{}: was lost when it could not be compiled again", name);
  ANEC_TRY(checkPorts(name, model->signature.inputs, inputs, "input"));
  ANEC_TRY(checkPorts(name, model->signature.outputs, outputs, "output"));
  for (AneSurface *output : outputs)
    if (std::count(outputs.begin(), outputs.end(), output) > 1)
      return makeError(ErrorCode::InvalidInput,
                       "surface '{}' is output of one dispatch twice",
                       output->spec().name);
  return std::nullopt;
}

std::optional<Error>
AneProgram::evaluate(const Framework &framework, uint32_t qos,
                     const std::vector<AneSurface *> &inputs,
                     const std::vector<AneSurface *> &outputs) {
  const std::vector<Id> from = inOrder(inputs, model->inputOrder);
  const std::vector<Id> to = inOrder(outputs, model->outputOrder);
  std::vector<Id> key = from;
  key.insert(key.end(), to.begin(), to.end());
  auto found = evaluations.find(key);
  if (found == evaluations.end()) {
    ANEC_ASSIGN(Request request, Request::create(framework, from, to));
    found = evaluations.emplace(key, Evaluation{std::move(request)}).first;
  }
  Evaluation &evaluation = found->second;
  const auto start = std::chrono::steady_clock::now();
  const std::optional<DeviceError> failure =
      model->model.evaluate(evaluation.request.get(), qos);
  if (!failure) {
    evaluation.ran = true;
    return std::nullopt;
  }
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
          .count();
  // The firmware gives up after this.
  const double longest =
      double(target::strictProfile().limit(target::Rule::Watchdog)) / 1000;
  const std::string watchdog =
      seconds > longest
          ? fmt::format("; it took {:.1f} s, and {:g} s are the limit "
                        "[watchdog]",
                        seconds, longest)
          : "";
  return makeError(ErrorCode::DeviceFailure, "{}: failed on the engine: {}{}{}",
                   name, failure->text(),
                   evaluateHint(*failure, evaluation.ran), watchdog);
}

std::optional<Error>
AneProgram::checkZeros(const std::vector<AneSurface *> &inputs,
                       const std::vector<AneSurface *> &outputs) {
  for (const AneSurface *output : outputs) {
    ANEC_ASSIGN(const bool isZero, output->isZero());
    if (!isZero) {
      zeroDispatches = 0;
      return std::nullopt;
    }
  }
  // Zeros may be right, also for long: look again after 1, 2, 4, .. of them.
  ++zeroDispatches;
  if ((zeroDispatches & (zeroDispatches - 1)) != 0)
    return std::nullopt;
  ANEC_ASSIGN(const std::string text, model->folder->text());
  ANEC_ASSIGN(const Blobs blobs, model->folder->blobs());
  ANEC_ASSIGN(const Arrays read, elementsOf(inputs));
  ANEC_ASSIGN(const Arrays expected, referenceOutputs(name, text, blobs, read));
  // Tables of activations are off by up to 0.0059 (rule num-lut).
  constexpr double smallest = 0.01;
  const double largest = largestMagnitude(expected);
  if (largest < smallest)
    return std::nullopt;
  return makeError(ErrorCode::DeviceFailure,
                   "{}: the engine reports success and returned only zeros, "
                   "but the largest result is {:.3g} on the CPU; known causes "
                   "are the order and the sizes of surfaces [multi-in-order, "
                   "multi-in-size]",
                   name, largest);
}

Result<Match>
AneProgram::matchPatch(const std::vector<AneSurface *> &inputs,
                       const std::vector<AneSurface *> &outputs) const {
  ANEC_ASSIGN(const std::string text, model->folder->text());
  ANEC_ASSIGN(const Blobs blobs, model->folder->blobs());
  ANEC_ASSIGN(const Arrays read, elementsOf(inputs));
  ANEC_ASSIGN(Arrays found, elementsOf(outputs));
  ANEC_ASSIGN(Arrays fresh, referenceOutputs(name, text, blobs, read));
  ANEC_ASSIGN(Arrays old, referenceOutputs(name, text, donor->blobs, read));
  // What a sum was before is gone.
  for (size_t i = outputs.size(); i-- > 0;)
    if (std::find(inputs.begin(), inputs.end(), outputs[i]) != inputs.end())
      for (Arrays *each : {&found, &fresh, &old})
        each->erase(each->begin() + static_cast<std::ptrdiff_t>(i));
  return matchWeights(found, fresh, old);
}

void AneProgram::forget(Id surface) {
  for (auto it = evaluations.begin(); it != evaluations.end();)
    it = std::count(it->first.begin(), it->first.end(), surface)
             ? evaluations.erase(it)
             : std::next(it);
}

void AneProgram::replace(std::shared_ptr<LoadedModel> other) {
  // The old model is unloaded before the requests on it go.
  model = std::move(other);
  evaluations.clear();
}

} // namespace anec::rt::ane

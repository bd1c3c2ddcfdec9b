//===- Executor.cpp - Runs the programs of a bundle -----------------------===//
//
// One function per kind of step. The loader has checked every reference and
// shape, so nothing is checked again.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/Executor.h"

#include "runtime/bundle/KernelCosts.h"
#include "runtime/bundle/Liveness.h"
#include "runtime/host/Loss.h"
#include "runtime/support/Stopwatch.h"
#include "runtime/train/RegionCopy.h"
#include "runtime/train/StepUses.h"
#include "runtime/train/WeightDots.h"

#include <algorithm>
#include <type_traits>

namespace anec::rt {
namespace {

int64_t product(const std::vector<int64_t> &shape) {
  int64_t result = 1;
  for (int64_t size : shape)
    result *= size;
  return result;
}

bool isHostProduct(const Step &step) {
  return step.kind == Step::Kind::Host &&
         (step.name == "linear" || step.name == "matmul");
}

} // namespace

std::optional<Error> requireTraining(const Bundle &bundle,
                                     const char *purpose) {
  for (const char *program : {"train_step", "stage"})
    if (!bundle.plan().program(program))
      return makeError(ErrorCode::InvalidInput,
                       "{}: expects a program '{}' to {}, but the bundle has "
                       "none",
                       bundle.folder(), program, purpose);
  return std::nullopt;
}

template <typename Real>
Result<std::unique_ptr<Executor<Real>>>
Executor<Real>::create(const Bundle &bundle, Device &device,
                       ParameterStore<Real> &store, ThreadPool &pool) {
  int64_t rows = bundle.plan().activeRows, active = store.vocabulary().size();
  if (rows != 0 && active != rows)
    return makeError(ErrorCode::InvalidInput,
                     "{}: expects {} active tokens, which the bundle was "
                     "compiled for, but got {}",
                     bundle.folder(), rows, active);
  std::unique_ptr<Executor> executor(new Executor(bundle, device, store, pool));
  ANEC_TRY(executor->allocate());
  return executor;
}

template <typename Real> std::optional<Error> Executor<Real>::allocate() {
  const Plan &plan = bundle.plan();
  inPlace = findInPlaceReads(plan);
  if (device.borrows())
    borrowed = findBorrowedRegions(plan);
  losses = findLossesWithGradients(plan);
  moves = findBufferMoves(plan, losses.home);
  chains = findElementwiseChains(plan, inPlace);
  realBuffers.resize(plan.buffers.size());
  integerBuffers.resize(plan.buffers.size());
  for (size_t b = 0; b < plan.buffers.size(); ++b) {
    const Buffer &buffer = plan.buffers[b];
    size_t size = size_t(product(resolve(buffer.shape)));
    readers.emplace_back(size_t(buffer.count), 0);
    if (losses.home[b] != b)
      continue;
    if (buffer.type == Buffer::Type::Real)
      realBuffers[b].assign(size_t(buffer.count), LargeVector<Real>(size));
    else
      integerBuffers[b].assign(size_t(buffer.count),
                               std::vector<int32_t>(size));
  }
  traffic.emplace(plan, int64_t(elementBytes(storageType(device.numerics()))));
  std::vector<int64_t> instances;
  for (const Kernel &kernel : plan.kernels)
    instances.push_back(kernel.instances);
  programs.resize(instances);
  for (size_t k = 0; k < plan.kernels.size(); ++k) {
    const Kernel &kernel = plan.kernels[k];
    ANEC_ASSIGN(KernelCosts costs,
                kernelCosts(bundle.programFiles(kernel).text,
                            bundle.folder() + "/" + kernel.file));
    flops.push_back(costs.flops());
    Stopwatch watch(count.seconds["compile"]);
    if (kernel.baked.empty())
      for (int64_t i = 0; i < kernel.instances; ++i)
        ANEC_TRY(programs.load(loading(k, i, /*delta=*/false)));
  }
  // After the programs: a compiler is reported to fail when many surfaces live
  // (io-alloc-fail).
  surfaces.resize(plan.surfaces.size());
  const std::vector<bool> inTurn = holdActivationsInTurn(plan);
  for (size_t s = 0; s < plan.surfaces.size(); ++s) {
    ANEC_ASSIGN(surfaces[s],
                device.allocateAll(plan.surfaces[s].spec,
                                   plan.surfaces[s].count, inTurn[s]));
  }
  for (const Parameter &parameter : plan.parameters)
    staging.emplace_back(size_t(parameter.count));
  if (const HostProgram *program = plan.program("stage"))
    collectStaging(program->steps, 0);
  sortLoads();
  weightDots.resize(plan.parameters.size());
  for (size_t weight : findWeightsWithDots(plan))
    weightDots[weight].assign(
        size_t(plan.parameters[weight].count),
        std::vector<double>(size_t(store.shape(weight)[1])));
  for (const HostProgram &program : plan.programs)
    prepareDispatches(program.steps, 0);
  workBeside(device.leavesHostIdle());
  return std::nullopt;
}

template <typename Real> void Executor<Real>::workBeside(bool wanted) {
  if (!wanted)
    background.reset();
  else if (!background)
    background = std::make_unique<BackgroundQueue>();
  for (std::vector<uint64_t> &each : readers)
    std::fill(each.begin(), each.end(), 0);
  spares.clear();
}

template <typename Real>
std::optional<Error> Executor<Real>::setHostPrecision(GemmPrecision precision) {
  bool isUsed = precision == GemmPrecision::Full;
  forEachPlace(bundle.plan(), [&](const StepPlace &place) {
    const Step &step = (*place.steps)[place.index];
    isUsed |= place.program->name == "train_step" && isHostProduct(step);
  });
  if (!isUsed)
    return makeError(ErrorCode::InvalidInput,
                     "{}: expects --host-precision f32, since the device "
                     "computes all matrix products of this bundle, but got "
                     "bf16",
                     bundle.folder());
  hostPrecision = precision;
  return std::nullopt;
}

template <typename Real> ExecutorCounters Executor<Real>::counters() const {
  ExecutorCounters all = count;
  all.hostWritten = traffic->hostWritten();
  all.hostRead = traffic->hostRead();
  for (const auto &[name, seconds] : secondsBeside)
    all.seconds[name] += seconds;
  if (background)
    all.background = background->work();
  all.compiling = programs.workBeside();
  all.seconds["compile"] += all.compiling.seconds;
  return all;
}

/// Tells the device of every dispatch of a kernel that is loaded already, so
/// that nothing is staged in a form that nobody reads.
template <typename Real>
void Executor<Real>::prepareDispatches(const std::vector<Step> &steps,
                                       int64_t i) {
  for (const Step &step : steps) {
    if (step.kind == Step::Kind::For)
      for (int64_t n = 0; n < step.count; ++n)
        prepareDispatches(step.body, n);
    else if (step.kind == Step::Kind::Dispatch)
      if (Program *program = programs.loaded(step.kernel, step.instance.at(i)))
        device.prepare(*program, inputsOf(step, i));
  }
}

template <typename Real>
std::string Executor<Real>::microStep(int64_t number) const {
  const char *adding = "accumulate_step";
  return number > 0 && bundle.plan().program(adding) ? adding : "train_step";
}

template <typename Real>
std::optional<Error> Executor<Real>::finishGradients() {
  ANEC_TRY(finishLoading());
  if (!bundle.plan().program("finish_gradients"))
    return std::nullopt;
  return run("finish_gradients");
}

template <typename Real>
std::optional<Error> Executor<Real>::run(const std::string &name) {
  const HostProgram *program = bundle.plan().program(name);
  if (!program)
    return makeError(ErrorCode::InvalidInput,
                     "{}: expects a program '{}', but the bundle has none",
                     bundle.folder(), name);
  repeatedRight = RepeatedRight();
  std::optional<Error> error = runSteps(program->steps, 0);
  if (background)
    background->waitForAll();
  return error;
}

template <typename Real>
std::optional<Error> Executor<Real>::runSteps(const std::vector<Step> &steps,
                                              int64_t i) {
  for (const Step &step : steps)
    ANEC_TRY(runStep(step, i));
  return std::nullopt;
}

template <typename Real>
std::optional<Error> Executor<Real>::runStep(const Step &step, int64_t i) {
  const auto chain = chains.byFirst.find(&step);
  const bool isChain = chain != chains.byFirst.end();
  // What changes no buffer leaves operands packed.
  if (isChain || !(step.onlyMakesGradients() || inPlace.reads.count(&step)))
    repeatedRight = RepeatedRight();
  if (isChain)
    return runChain(chain->second, i);
  if (chains.others.count(&step))
    return std::nullopt;
  switch (step.kind) {
  case Step::Kind::For:
    return runFor(step);
  case Step::Kind::Write:
    return runWrite(step, i);
  case Step::Kind::Read:
    return runRead(step, i);
  case Step::Kind::Copy:
    return runCopy(step, i);
  case Step::Kind::Dispatch:
    return runDispatch(step, i);
  case Step::Kind::Host:
    return runHost(step, i);
  case Step::Kind::Stage:
    return runStage(step, i);
  case Step::Kind::Load: {
    Stopwatch watch(count.seconds["compile"]);
    return programs.load(loading(step.kernel, step.instance.at(i), step.delta));
  }
  }
  return std::nullopt;
}

template <typename Real>
std::optional<Error> Executor<Real>::runFor(const Step &step) {
  for (int64_t n = 0; n < step.count; ++n)
    ANEC_TRY(runSteps(step.body, step.reverse ? step.count - 1 - n : n));
  return std::nullopt;
}

template <typename Real>
std::optional<Error> Executor<Real>::runWrite(const Step &step, int64_t i) {
  Stopwatch watch(count.seconds["write"]);
  ANEC_ASSIGN(
      std::unique_ptr<SurfaceMap> map,
      device.map(surface(step.to.at, i), step.to.region, Access::Write));
  writeRegion(static_cast<const Real *>(tensor(step.value, i).data), *map,
              pool);
  traffic->hostWrites(step.to, i);
  return std::nullopt;
}

template <typename Real>
std::optional<Error> Executor<Real>::runRead(const Step &step, int64_t i) {
  traffic->hostReads(step.from, i);
  if (!background && inPlace.reads.count(&step))
    return std::nullopt; // Its readers look for themselves.
  Stopwatch watch(count.seconds["read"]);
  ANEC_ASSIGN(
      std::unique_ptr<SurfaceMap> map,
      device.map(surface(step.from.at, i), step.from.region, Access::Read));
  renew(step.value, i);
  readRegion(*map, tensor(step.value, i).data, pool);
  return std::nullopt;
}

template <typename Real>
std::optional<Error> Executor<Real>::runCopy(const Step &step, int64_t i) {
  Stopwatch watch(count.seconds["copy"]);
  Surface &source = surface(step.from.at, i), &target = surface(step.to.at, i);
  traffic->hostReads(step.from, i);
  traffic->hostWrites(step.to, i);
  if (borrowed.copies.count(&step))
    return std::nullopt; // Its reader looks for itself.
  ANEC_ASSIGN(std::unique_ptr<SurfaceMap> from,
              device.map(source, step.from.region, Access::Read));
  if (&source != &target) {
    ANEC_ASSIGN(std::unique_ptr<SurfaceMap> to,
                device.map(target, step.to.region, Access::Write));
    if (copyRegion(*from, *to, pool))
      return std::nullopt;
  }
  const Region &region = from->region();
  scratch.resize(
      std::max(scratch.size(), size_t(region.rows * region.columns)));
  readRegion(*from, scratch.data(), pool);
  from.reset();
  ANEC_ASSIGN(std::unique_ptr<SurfaceMap> to,
              device.map(target, step.to.region, Access::Write));
  writeRegion(static_cast<const Real *>(scratch.data()), *to, pool);
  return std::nullopt;
}

template <typename Real>
std::optional<Error> Executor<Real>::runDispatch(const Step &step, int64_t i) {
  ANEC_ASSIGN(Program * program,
              programs.get(step.kernel, step.instance.at(i)));
  Stopwatch watch(count.seconds["device"]);
  if (!program)
    return makeError(ErrorCode::DeviceFailure,
                     "kernel '{}' runs before the plan loads it",
                     bundle.plan().kernels[step.kernel].name);
  count.deviceFlops += flops[step.kernel];
  for (const SurfaceRef &output : step.outputs)
    traffic->deviceWrites(output, i);
  return device.run(*program, inputsOf(step, i), surfacesOf(step.outputs, i));
}

template <typename Real>
std::optional<Error> Executor<Real>::runHost(const Step &step, int64_t i) {
  if (losses.isDoneLater(step))
    return std::nullopt;
  if (!background && moves.count(&step)) {
    const ValueRef &from = step.operands[0], &to = step.results[0];
    std::swap(realBuffers[from.id][0],
              realBuffers[to.id][size_t(to.index.at(i))]);
    return std::nullopt;
  }
  HostCall<Real> call{{}, {}, step.attributes, pool, lossScale, hostPrecision};
  std::vector<std::unique_ptr<SurfaceMap>> maps;
  for (size_t o = 0; o < step.operands.size(); ++o)
    ANEC_TRY(bindOperand(step, o, i, call, maps));
  for (const ValueRef &result : step.results) {
    renew(result, i);
    call.results.push_back(resultTensor(
        result, i, &result == &step.results[0] && sumsSquares(step)));
  }
  if (call.operands.size() == 2)
    count.hostFlops +=
        hostFlops(step.name, call.operands[0].shape, call.operands[1].shape);
  if (!background)
    call.right = &repeatedRight;
  if (background && step.onlyMakesGradients()) {
    runBeside(step, i, std::move(call));
    return std::nullopt;
  }
  Stopwatch watch(count.seconds["host_" + step.name]);
  if (auto loss = losses.lossOf.find(&step); loss != losses.lossOf.end())
    runLossWithGradient(*loss->second, call, i);
  else
    findHostFunction<Real>(step.name)(call);
  return std::nullopt;
}

/// Whether a host op knows the squares of its first result.
template <typename Real>
bool Executor<Real>::sumsSquares(const Step &step) const {
  return isNormExpected &&
         (step.name == "embedding_grad" || step.name == "derive_gain_grad" ||
          isProductOfTokens(step));
}

/// An operand in its buffer, or in the surface from which nobody has read it.
template <typename Real>
std::optional<Error>
Executor<Real>::bindOperand(const Step &step, size_t operand, int64_t i,
                            HostCall<Real> &call,
                            std::vector<std::unique_ptr<SurfaceMap>> &maps) {
  HostTensor<Real> bound = tensor(step.operands[operand], i);
  auto read = inPlace.operands.find({&step, operand});
  if (!background && read != inPlace.operands.end()) {
    const RegionRef &from = read->second->from;
    ANEC_ASSIGN(std::unique_ptr<SurfaceMap> map,
                device.map(surface(from.at, i), from.region, Access::Read));
    bound.data = nullptr;
    bound.blocks = viewOf(*map);
    bound.blockRows = map->region().blockRows;
    maps.push_back(std::move(map));
  }
  call.operands.push_back(std::move(bound));
  return std::nullopt;
}

template <typename Real>
std::optional<Error> Executor<Real>::runChain(const ElementwiseChain &chain,
                                              int64_t i) {
  Stopwatch watch(count.seconds["host_elementwise"]);
  std::vector<std::unique_ptr<SurfaceMap>> maps(chain.steps.size());
  for (size_t s = 0; s < chain.steps.size(); ++s) {
    const Step &step = *chain.steps[s];
    if (step.kind == Step::Kind::Read) {
      traffic->hostReads(step.from, i);
      ANEC_ASSIGN(maps[s], device.map(surface(step.from.at, i),
                                      step.from.region, Access::Read));
    }
    const ValueRef &written =
        step.kind == Step::Kind::Read ? step.value : step.results[0];
    if (!chain.isTemporary[chain.placeOf(written.id)])
      renew(written, i);
  }
  std::vector<Real *> memory;
  HostTensor<Real> any;
  for (size_t buffer : chain.buffers) {
    any = tensor({ValueRef::Kind::Buffer, buffer, {}}, i);
    memory.push_back(any.data);
  }
  anec::rt::runChain(chain, memory, maps, any.features(), any.tokens(), pool);
  return std::nullopt;
}

/// `call` is that of the gradient.
template <typename Real>
void Executor<Real>::runLossWithGradient(const Step &loss,
                                         const HostCall<Real> &call,
                                         int64_t i) {
  renew(loss.results[0], i);
  const HostTensor<Real> &logits = call.operands[0];
  *tensor(loss.results[0], i).data = Real(crossEntropyWithGrad(
      logits.data, call.operands[1].integers, double(*call.operands[2].data),
      call.results[0].data, logits.features(), logits.tokens(), pool));
}

template <typename Real>
void Executor<Real>::runBeside(const Step &step, int64_t i,
                               HostCall<Real> call) {
  // The entry exists before the thread looks for it.
  double &seconds = secondsBeside["host_" + step.name];
  uint64_t job =
      background->add([call = std::move(call), &seconds,
                       function = findHostFunction<Real>(step.name)] {
        Stopwatch watch(seconds);
        function(call);
      });
  for (const ValueRef &operand : step.operands)
    if (operand.kind == ValueRef::Kind::Buffer)
      readers[losses.home[operand.id]][size_t(operand.index.at(i))] = job;
}

/// Before a value is written: gives its buffer other memory while a job beside
/// the device still reads what is there, and waits when there is none left.
template <typename Real>
void Executor<Real>::renew(const ValueRef &ref, int64_t i) {
  if (!background || ref.kind != ValueRef::Kind::Buffer)
    return;
  const size_t home = losses.home[ref.id], index = size_t(ref.index.at(i));
  uint64_t &reader = readers[home][index];
  if (background->isDone(reader))
    return;
  LargeVector<Real> &memory = realBuffers[home][index];
  std::vector<Spare> &spare = spares[memory.size()];
  auto free = std::find_if(spare.begin(), spare.end(), [&](const Spare &each) {
    return background->isDone(each.reader);
  });
  if (free == spare.end()) {
    size_t alike = 0;
    for (const auto &instances : realBuffers)
      for (const LargeVector<Real> &each : instances)
        alike += each.size() == memory.size();
    if (spare.size() >= alike)
      return background->wait(reader);
    free = spare.insert(spare.end(), Spare{LargeVector<Real>(memory.size())});
  }
  std::swap(memory, free->memory);
  free->reader = reader;
  reader = 0;
}

template <typename Real>
std::vector<int64_t>
Executor<Real>::resolve(const std::vector<int64_t> &shape) const {
  std::vector<int64_t> result = shape;
  for (int64_t &size : result)
    if (size < 0)
      size = store.vocabulary().size();
  return result;
}

template <typename Real>
HostTensor<Real> Executor<Real>::tensor(const ValueRef &ref, int64_t i) {
  HostTensor<Real> result;
  int64_t index = ref.index.at(i);
  if (ref.kind == ValueRef::Kind::Buffer) {
    const Buffer &buffer = bundle.plan().buffers[ref.id];
    result.shape = resolve(buffer.shape);
    if (buffer.type == Buffer::Type::Real)
      result.data = reals(ref.id, index).data();
    else
      result.integers = integers(ref.id, index).data();
    return result;
  }
  result.shape = store.shape(ref.id);
  result.data = ref.kind == ValueRef::Kind::Gradient
                    ? store.gradient(ref.id, index).data()
                    : store.master(ref.id, index).data();
  return result;
}

/// The first micro-step of an update sets gradients, the others add.
template <typename Real>
HostTensor<Real> Executor<Real>::resultTensor(const ValueRef &ref, int64_t i,
                                              bool sumsSquares) {
  if (ref.kind != ValueRef::Kind::Gradient)
    return tensor(ref, i);
  HostTensor<Real> result;
  result.shape = store.shape(ref.id);
  const int64_t index = ref.index.at(i);
  result.data = store
                    .gradientToWrite(ref.id, index, &result.accumulate,
                                     sumsSquares ? &result.squares : nullptr)
                    .data();
  if constexpr (std::is_same_v<Real, float>)
    if (!weightDots[ref.id].empty()) {
      result.dots = weightDots[ref.id][size_t(index)].data();
      result.dotsWith = store.master(ref.id, index).data();
    }
  return result;
}

template <typename Real>
std::vector<Surface *>
Executor<Real>::surfacesOf(const std::vector<SurfaceRef> &refs, int64_t i) {
  std::vector<Surface *> result;
  for (const SurfaceRef &ref : refs)
    result.push_back(&surface(ref, i));
  return result;
}

/// With the lenders behind those of the plan.
template <typename Real>
std::vector<Surface *> Executor<Real>::inputsOf(const Step &dispatch,
                                                int64_t i) {
  std::vector<Surface *> result = surfacesOf(dispatch.inputs, i);
  if (auto found = borrowed.lenders.find(&dispatch);
      found != borrowed.lenders.end())
    for (Surface *lender : surfacesOf(found->second, i))
      result.push_back(lender);
  return result;
}

template <typename Real>
Surface &Executor<Real>::surface(const SurfaceRef &ref, int64_t i) {
  return *surfaces[ref.surface][size_t(ref.index.at(i))];
}

template <typename Real>
Span<Real> Executor<Real>::reals(size_t buffer, int64_t index) {
  return realBuffers[losses.home[buffer]][size_t(index)];
}

template <typename Real>
Span<int32_t> Executor<Real>::integers(size_t buffer, int64_t index) {
  return integerBuffers[buffer][size_t(index)];
}

template <typename Real>
Result<Span<const Real>> Executor<Real>::output(const std::string &program,
                                                const std::string &name) {
  if (const HostProgram *found = bundle.plan().program(program))
    for (const HostProgram::Output &output : found->outputs)
      if (output.name == name)
        return Span<const Real>(reals(output.buffer));
  return makeError(ErrorCode::InvalidInput,
                   "{}: expects an output '{}' of program '{}', but the bundle "
                   "has none",
                   bundle.folder(), name, program);
}

template <typename Real>
double Executor<Real>::witness(const std::string &program) {
  double largest = 0;
  const HostProgram *found = bundle.plan().program(program);
  if (!found)
    return largest;
  for (const HostProgram::Output &output : found->outputs)
    if (output.name == "witness")
      for (const LargeVector<Real> &each : realBuffers[output.buffer])
        largest = std::max(largest, double(each[0]));
  return largest;
}

template class Executor<float>;
template class Executor<double>;

} // namespace anec::rt

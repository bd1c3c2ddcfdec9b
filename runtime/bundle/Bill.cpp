//===- Bill.cpp - What a bundle costs before it runs ----------------------===//
//
// Walks the programs of the plan as the executor does and counts.
//
//===----------------------------------------------------------------------===//

#include "runtime/bundle/Bill.h"

#include "runtime/bundle/SurfaceTraffic.h"

#include <algorithm>
#include <set>

namespace anec::rt {
namespace {

constexpr int64_t elementBytes = 2;

class BillMaker {
public:
  BillMaker(const Bundle &bundle, int64_t accumulation)
      : bundle(bundle), plan(bundle.plan()), traffic(plan, elementBytes) {
    bill.accumulation = accumulation;
  }

  Result<Bill> make() {
    bill.model = plan.model;
    bill.weights = plan.weights;
    bill.offload = plan.offload;
    bill.recompute = plan.recompute;
    bill.target = plan.target;
    ANEC_TRY(addKernels());
    if (const HostProgram *stage = plan.program("stage"))
      forEachStep(stage->steps, 0,
                  [&](const Step &step, int64_t) { addStaging(step); });
    const bool addsUp = plan.program("accumulate_step") != nullptr;
    addProgram("train_step");
    for (int64_t m = 1; m < bill.accumulation; ++m)
      addProgram(addsUp ? "accumulate_step" : "train_step");
    addProgram("finish_gradients");
    addProgram("update");
    bill.hostWritten = traffic.hostWritten();
    bill.hostRead = traffic.hostRead();
    bill.memory = memoryOf(plan);
    for (const Parameter &parameter : plan.parameters)
      bill.parameters += parameter.elements() * parameter.count;
    for (const DeviceParameter &each : plan.deviceParameters)
      bill.updatedByDevice += plan.parameters[each.parameter].elements() *
                              plan.parameters[each.parameter].count;
    std::vector<target::ProgramWork> work;
    for (const KernelBill &kernel : bill.kernels)
      work.push_back(kernel.costs.work);
    bill.estimates = estimateMicroStep(plan, work, bill.accumulation);
    return std::move(bill);
  }

private:
  /// Calls visit(step, i) for every step that is no loop, in order.
  template <typename Visit>
  static void forEachStep(const std::vector<Step> &steps, int64_t i,
                          Visit visit) {
    for (const Step &step : steps) {
      if (step.kind != Step::Kind::For) {
        visit(step, i);
        continue;
      }
      for (int64_t n = 0; n < step.count; ++n)
        forEachStep(step.body, step.reverse ? step.count - 1 - n : n, visit);
    }
  }

  void addProgram(const char *name) {
    if (const HostProgram *program = plan.program(name))
      forEachStep(program->steps, 0,
                  [&](const Step &step, int64_t i) { addStep(step, i); });
  }

  std::optional<Error> addKernels() {
    for (const Kernel &kernel : plan.kernels) {
      ANEC_ASSIGN(KernelCosts costs,
                  kernelCosts(bundle.programFiles(kernel).text, kernel.file));
      bill.kernels.push_back({kernel.name, std::move(costs), 0});
      bill.compiles += kernel.instances;
    }
    vocabularyOf.resize(plan.kernels.size());
    for (size_t k = 0; k < plan.kernels.size(); ++k)
      for (const Baked &baked : plan.kernels[k].baked)
        noteVocabulary(baked.parameter, vocabularyOf[k]);
    return std::nullopt;
  }

  /// Whether the rows of `parameter` are tokens, all or the active ones.
  bool isVocabulary(const Parameter &parameter) const {
    return parameter.vocabularyRows || (parameter.shape.size() == 2 &&
                                        parameter.shape[0] == plan.vocabulary);
  }

  void noteVocabulary(size_t parameter, std::set<int64_t> &rows) const {
    if (isVocabulary(plan.parameters[parameter]))
      rows.insert(plan.rowsOf(plan.parameters[parameter]));
  }

  /// One step of the program that runs after each update.
  void addStaging(const Step &step) {
    if (step.kind == Step::Kind::Load)
      ++(step.delta ? bill.reloadsPerUpdate : bill.compilesPerUpdate);
    if (step.value.kind != ValueRef::Kind::Parameter)
      return;
    const Parameter &parameter = plan.parameters[step.value.id];
    std::vector<int64_t> shape = plan.fullShape(step.value);
    int64_t elements = 1;
    for (int64_t size : shape)
      elements *= size;
    // What is written stays there, and the device updates it.
    if (step.kind == Step::Kind::Stage)
      bill.stagingPerUpdate += uint64_t(elements * elementBytes);
    if (isVocabulary(parameter))
      vocabularySurfaces[step.to.at.surface].insert(shape[0]);
  }

  void addStep(const Step &step, int64_t i) {
    switch (step.kind) {
    case Step::Kind::Write:
      return traffic.hostWrites(step.to, i);
    case Step::Kind::Read:
      return traffic.hostReads(step.from, i);
    case Step::Kind::Copy:
      traffic.hostReads(step.from, i);
      return traffic.hostWrites(step.to, i);
    case Step::Kind::Dispatch:
      return addDispatch(step, i);
    case Step::Kind::Host:
      return addHostOp(step);
    case Step::Kind::For:
    case Step::Kind::Stage:
    case Step::Kind::Load:
      return;
    }
  }

  void addDispatch(const Step &step, int64_t i) {
    KernelBill &kernel = bill.kernels[step.kernel];
    ++kernel.dispatches;
    ++bill.dispatches;
    bill.device += kernel.costs.work.inputBytes + kernel.costs.work.outputBytes;
    bill.flops.device += kernel.costs.flops();
    const Kernel &described = plan.kernels[step.kernel];
    bill.flops.recomputed += described.recomputedFlops;
    bill.flops.dw += described.gradientFlops;
    for (const SurfaceRef &output : step.outputs)
      traffic.deviceWrites(output, i);
    std::set<int64_t> rows = vocabularyOf[step.kernel];
    for (const SurfaceRef &input : step.inputs)
      if (auto found = vocabularySurfaces.find(input.surface);
          found != vocabularySurfaces.end())
        rows.insert(found->second.begin(), found->second.end());
    double products = 0;
    for (const target::Product &product : kernel.costs.work.products)
      if (rows.count(product.rows) || rows.count(product.summed))
        products += product.flops();
    // Its gradient has the vocabulary's rows too.
    bill.flops.classifier += std::max(products - described.gradientFlops, 0.0);
  }

  void addHostOp(const Step &step) {
    if (step.operands.size() != 2)
      return;
    double flops = hostFlops(step.name, plan.fullShape(step.operands[0]),
                             plan.fullShape(step.operands[1]));
    bill.flops.host += flops;
    bool sumsTokens = step.name == "matmul" && step.attributes.is_object() &&
                      step.attributes.value("transpose_a", false);
    if (sumsTokens)
      bill.flops.dw += flops;
    else if (std::any_of(step.operands.begin(), step.operands.end(),
                         [&](const ValueRef &operand) {
                           return operand.kind == ValueRef::Kind::Parameter &&
                                  isVocabulary(plan.parameters[operand.id]);
                         }))
      bill.flops.classifier += flops;
  }

  const Bundle &bundle;
  const Plan &plan;
  SurfaceTraffic traffic;
  Bill bill;
  /// Rows of the vocabulary parameters baked into a kernel, or staged into a
  /// surface.
  std::vector<std::set<int64_t>> vocabularyOf;
  std::map<size_t, std::set<int64_t>> vocabularySurfaces;
};

} // namespace

int64_t Bill::ops() const {
  int64_t total = 0;
  for (const KernelBill &kernel : kernels)
    total += kernel.costs.ops;
  return total;
}

int64_t Bill::layoutOps() const {
  int64_t total = 0;
  for (const KernelBill &kernel : kernels)
    total += kernel.costs.layoutOps;
  return total;
}

Result<Bill> makeBill(const Bundle &bundle, int64_t accumulation) {
  return BillMaker(bundle, accumulation).make();
}

} // namespace anec::rt

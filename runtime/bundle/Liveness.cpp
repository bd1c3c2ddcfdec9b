//===- Liveness.cpp - Memory that a plan needs ----------------------------===//
//
// Walks programs from their ends: a place is live from where it is read back to
// where it is written.
//
//===----------------------------------------------------------------------===//

#include "runtime/bundle/Liveness.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace anec::rt {
namespace {

constexpr uint64_t surfaceElementBytes = 2, hostElementBytes = 4;

uint64_t bytesOf(const PlanSurface &surface) {
  return uint64_t(surface.spec.channels * surface.spec.width) *
         surfaceElementBytes;
}

uint64_t bytesOf(const Plan &plan, size_t buffer) {
  uint64_t elements = 1;
  for (int64_t size : plan.fullShape({ValueRef::Kind::Buffer, buffer, {}}))
    elements *= uint64_t(size);
  return elements * hostElementBytes;
}

bool holdsWeights(const PlanSurface &surface) {
  return std::any_of(
      surface.spec.regions.begin(), surface.spec.regions.end(),
      [](const Region &region) { return region.kind == RegionKind::Weight; });
}

class BackwardWalk {
public:
  explicit BackwardWalk(const Plan &plan)
      : inTurn(plan.surfaces.size(), true), plan(plan) {
    for (const PlanSurface &surface : plan.surfaces)
      if (holdsWeights(surface))
        always += uint64_t(surface.count) * bytesOf(surface);
  }

  uint64_t peakOf(const HostProgram &program) {
    live.clear();
    // What the end of an update reads from surfaces stays there until then.
    for (const char *name : {"update", "finish_gradients"})
      if (const HostProgram *last = plan.program(name))
        walk(last->steps, 0);
    live.erase(live.begin(), live.lower_bound(Place{1, 0, 0, 0}));
    for (const HostProgram::Output &output : program.outputs)
      for (int64_t i = 0; i < plan.buffers[output.buffer].count; ++i)
        live.insert(buffer(output.buffer, i));
    note();
    walk(program.steps, 0);
    return peak;
  }

  /// Clears `inTurn` of surfaces that hold activations when `program` begins,
  /// or in several instances at the same time.
  void watch(const HostProgram &program) {
    live.clear();
    walk(program.steps, 0);
    for (const Place &place : live)
      if (isActivation(place))
        inTurn[size_t(place[1])] = false;
  }

  std::vector<bool> inTurn;

  /// Finds whether buffers `a` and `b` are needed together anywhere but at
  /// `step`, after which `a` must not be needed either.
  void watchPair(const Step &step, size_t a, size_t b) {
    except = &step;
    pair = {buffer(a, 0), buffer(b, 0)};
  }
  bool foundTogether = false;

private:
  /// Whether it is a surface, which one, which instance, and which region of
  /// it; a surface's memory is held by any of its regions.
  using Place = std::array<int64_t, 4>;

  static Place buffer(size_t id, int64_t index) {
    return {0, int64_t(id), index, 0};
  }
  static Place region(const RegionRef &ref, int64_t i) {
    return {1, int64_t(ref.at.surface), ref.at.index.at(i),
            int64_t(ref.region)};
  }

  bool isActivation(const Place &place) const {
    const auto &[isSurface, id, index, region] = place;
    return isSurface &&
           plan.surfaces[size_t(id)].spec.regions[size_t(region)].kind ==
               RegionKind::Activation;
  }

  void walk(const std::vector<Step> &steps, int64_t i) {
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
      if (step->kind != Step::Kind::For) {
        visit(*step, i);
        continue;
      }
      for (int64_t n = step->count - 1; n >= 0; --n)
        walk(step->body, step->reverse ? step->count - 1 - n : n);
    }
  }

  /// What a step reads and writes is there at the same time; before it, only
  /// what it reads.
  void visit(const Step &step, int64_t i) {
    std::vector<Place> reads, writes;
    auto addValue = [&](std::vector<Place> &places, const ValueRef &value) {
      if (value.kind == ValueRef::Kind::Buffer)
        places.push_back(buffer(value.id, value.index.at(i)));
    };
    auto addSurface = [&](std::vector<Place> &places, const SurfaceRef &ref) {
      size_t regions = plan.surfaces[ref.surface].spec.regions.size();
      for (RegionId r = 0; r < regions; ++r)
        places.push_back(region({ref, r}, i));
    };
    switch (step.kind) {
    case Step::Kind::Write:
      addValue(reads, step.value);
      writes.push_back(region(step.to, i));
      break;
    case Step::Kind::Read:
      reads.push_back(region(step.from, i));
      addValue(writes, step.value);
      break;
    case Step::Kind::Copy:
      reads.push_back(region(step.from, i));
      writes.push_back(region(step.to, i));
      break;
    case Step::Kind::Dispatch:
      for (const SurfaceRef &input : step.inputs)
        addSurface(reads, input);
      for (const SurfaceRef &output : step.outputs)
        addSurface(writes, output);
      break;
    case Step::Kind::Host:
      for (const ValueRef &operand : step.operands)
        addValue(reads, operand);
      for (const ValueRef &result : step.results)
        addValue(writes, result);
      break;
    case Step::Kind::For:
    case Step::Kind::Stage:
    case Step::Kind::Load:
      return;
    }
    if (&step == except)
      foundTogether |= live.count(pair[0]) > 0;
    live.insert(reads.begin(), reads.end());
    live.insert(writes.begin(), writes.end());
    note();
    if (except && &step != except)
      foundTogether |= live.count(pair[0]) > 0 && live.count(pair[1]) > 0;
    for (const Place &place : writes)
      live.erase(place);
    live.insert(reads.begin(), reads.end());
  }

  void note() {
    uint64_t bytes = always;
    std::set<std::pair<int64_t, int64_t>> surfaces;
    for (const auto &[isSurface, id, index, region] : live) {
      if (!isSurface)
        bytes += bytesOf(plan, size_t(id));
      else if (!holdsWeights(plan.surfaces[size_t(id)]) &&
               surfaces.insert({id, index}).second)
        bytes += bytesOf(plan.surfaces[size_t(id)]);
    }
    peak = std::max(peak, bytes);
    noteInstances();
  }

  void noteInstances() {
    std::map<int64_t, int64_t> holders;
    for (const Place &place : live)
      if (isActivation(place) &&
          holders.insert({place[1], place[2]}).first->second != place[2])
        inTurn[size_t(place[1])] = false;
  }

  const Plan &plan;
  uint64_t always = 0, peak = 0;
  std::set<Place> live;
  const Step *except = nullptr;
  std::array<Place, 2> pair;
};

} // namespace

MemoryBill memoryOf(const Plan &plan) {
  MemoryBill bill;
  for (const PlanSurface &surface : plan.surfaces)
    bill.surfaces += uint64_t(surface.count) * bytesOf(surface);
  for (size_t b = 0; b < plan.buffers.size(); ++b)
    bill.buffers += uint64_t(plan.buffers[b].count) * bytesOf(plan, b);
  for (const char *name : {"train_step", "accumulate_step"})
    if (const HostProgram *step = plan.program(name))
      bill.peak = std::max(bill.peak, BackwardWalk(plan).peakOf(*step));
  return bill;
}

std::vector<bool> holdActivationsInTurn(const Plan &plan) {
  BackwardWalk walk(plan);
  for (const HostProgram &program : plan.programs)
    walk.watch(program);
  return walk.inTurn;
}

bool mayTakePlaceOf(const Plan &plan, const Step &step, size_t operand,
                    size_t result) {
  const Buffer &from = plan.buffers[operand], &to = plan.buffers[result];
  if (from.count != 1 || to.count != 1 || from.type != to.type ||
      from.shape != to.shape)
    return false;
  BackwardWalk walk(plan);
  walk.watchPair(step, operand, result);
  for (const HostProgram &program : plan.programs)
    walk.peakOf(program);
  return !walk.foundTogether;
}

} // namespace anec::rt

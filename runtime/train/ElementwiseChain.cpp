//===- ElementwiseChain.cpp - Element-wise steps, tile by tile ------------===//

#include "runtime/train/ElementwiseChain.h"

#include "runtime/host/HostOps.h"
#include "runtime/support/AlignedBuffer.h"
#include "runtime/train/RegionCopy.h"
#include "runtime/train/StepUses.h"

#include <algorithm>

namespace anec::rt {
namespace {

bool isElementwise(const std::string &op) {
  static const std::set<std::string> names = {
      "add",   "exp",  "gelu", "mul",     "relu", "relu_grad",
      "scale", "silu", "sub",  "sigmoid", "tanh"};
  return names.count(op) > 0;
}

class Finder {
public:
  Finder(const Plan &plan, const InPlaceReads &inPlace)
      : plan(plan), inPlace(inPlace) {}

  ElementwiseChains find() {
    forEachPlace(plan, [&](const StepPlace &place) {
      const Step &step = (*place.steps)[place.index];
      if (!found.others.count(&step))
        look(place);
    });
    return std::move(found);
  }

private:
  /// The longest chain that begins at `place`.
  void look(const StepPlace &place) {
    ElementwiseChain chain;
    bool computes = false;
    size_t end = place.index;
    for (; end < place.steps->size(); ++end) {
      const Step &step = (*place.steps)[end];
      if (!mayJoin(step, chain))
        break;
      chain.steps.push_back(&step);
      addBuffers(step, chain);
      computes |= step.kind == Step::Kind::Host;
    }
    // A read that nothing follows has nothing to gain.
    while (!chain.steps.empty() &&
           chain.steps.back()->kind == Step::Kind::Read) {
      chain.steps.pop_back();
      --end;
    }
    if (chain.steps.size() < 2 || !computes)
      return;
    chain.buffers.clear();
    for (const Step *step : chain.steps)
      addBuffers(*step, chain);
    StepPlace last = place;
    last.index = end - 1;
    for (size_t buffer : chain.buffers)
      chain.isTemporary.push_back(firstUse(*place.steps, place.index, end,
                                           buffer) == FirstUse::Written &&
                                  !isReadAfter(last, buffer));
    found.others.insert(chain.steps.begin() + 1, chain.steps.end());
    found.byFirst[chain.steps.front()] = std::move(chain);
  }

  static void addBuffers(const Step &step, ElementwiseChain &chain) {
    auto add = [&](const ValueRef &value) {
      if (std::find(chain.buffers.begin(), chain.buffers.end(), value.id) ==
          chain.buffers.end())
        chain.buffers.push_back(value.id);
    };
    if (step.kind == Step::Kind::Read)
      return add(step.value);
    for (const auto *values : {&step.operands, &step.results})
      for (const ValueRef &value : *values)
        add(value);
  }

  /// Whether the step goes through tensors of the chain's shape, which are all
  /// single buffers.
  bool mayJoin(const Step &step, const ElementwiseChain &chain) const {
    auto fits = [&](const ValueRef &value) {
      if (value.kind != ValueRef::Kind::Buffer)
        return false;
      const Buffer &buffer = plan.buffers[value.id];
      if (buffer.type != Buffer::Type::Real || buffer.count != 1 ||
          buffer.shape.size() != 3 || buffer.shape[2] < 0)
        return false;
      return chain.buffers.empty() ||
             buffer.shape == plan.buffers[chain.buffers.front()].shape;
    };
    if (step.kind == Step::Kind::Read)
      return !inPlace.reads.count(&step) && fits(step.value) &&
             isStoredAsValue(plan, step);
    if (step.kind != Step::Kind::Host || !isElementwise(step.name))
      return false;
    for (const auto *values : {&step.operands, &step.results})
      for (const ValueRef &value : *values)
        if (!fits(value) || plan.buffers[value.id].shape !=
                                plan.buffers[step.results[0].id].shape)
          return false;
    return true;
  }

  const Plan &plan;
  const InPlaceReads &inPlace;
  ElementwiseChains found;
};

} // namespace

size_t ElementwiseChain::placeOf(size_t buffer) const {
  return size_t(std::find(buffers.begin(), buffers.end(), buffer) -
                buffers.begin());
}

ElementwiseChains findElementwiseChains(const Plan &plan,
                                        const InPlaceReads &inPlace) {
  return Finder(plan, inPlace).find();
}

template <typename Real>
void runChain(const ElementwiseChain &chain, const std::vector<Real *> &memory,
              const std::vector<std::unique_ptr<SurfaceMap>> &maps,
              int64_t features, int64_t tokens, ThreadPool &pool) {
  // All tensors of a tile stay in the second cache.
  constexpr int64_t tileElements = 8192;
  const int64_t rows = std::max<int64_t>(1, tileElements / tokens);
  std::vector<HostOp<Real>> functions;
  for (const Step *step : chain.steps)
    functions.push_back(step->kind == Step::Kind::Host
                            ? findHostFunction<Real>(step->name)
                            : nullptr);
  pool.parallelTiles(features, rows, [&](int64_t begin, int64_t end) {
    const int64_t count = (end - begin) * tokens;
    static thread_local AlignedBuffer<Real> temporaries;
    Real *next = temporaries.reserve(rows * tokens * int64_t(memory.size()));
    std::vector<Real *> tile;
    for (size_t b = 0; b < memory.size(); ++b) {
      tile.push_back(chain.isTemporary[b] ? next : memory[b] + begin * tokens);
      next += rows * tokens;
    }
    auto tensor = [&](const ValueRef &value) {
      HostTensor<Real> result;
      result.shape = {count};
      result.data = tile[chain.placeOf(value.id)];
      return result;
    };
    for (size_t s = 0; s < chain.steps.size(); ++s) {
      const Step &step = *chain.steps[s];
      if (!functions[s]) {
        readRows(*maps[s], begin, end - begin,
                 tile[chain.placeOf(step.value.id)]);
        continue;
      }
      HostCall<Real> call{{}, {}, step.attributes, pool};
      for (const ValueRef &operand : step.operands)
        call.operands.push_back(tensor(operand));
      call.results.push_back(tensor(step.results[0]));
      functions[s](call);
    }
  });
}

template void runChain(const ElementwiseChain &, const std::vector<float *> &,
                       const std::vector<std::unique_ptr<SurfaceMap>> &,
                       int64_t, int64_t, ThreadPool &);
template void runChain(const ElementwiseChain &, const std::vector<double *> &,
                       const std::vector<std::unique_ptr<SurfaceMap>> &,
                       int64_t, int64_t, ThreadPool &);

} // namespace anec::rt

//===- HostSide.cpp - What the host computes again ------------------------===//

#include "compiler/Transforms/HostSide.h"

#include "compiler/Kernels/MinCut.h"

using namespace mlir;
using namespace anec;
using namespace anec::nn;

Joint::Joint(FuncOp func) : func(func) {
  auto number = [&](StringRef name) {
    return func->getAttrOfType<IntegerAttr>(name).getInt();
  };
  inputs = number("primal_inputs");
  results = number("primal_results");
  SmallVector<Value> work(func.getReturn().getOperands().take_front(results));
  while (!work.empty())
    if (Operation *op = work.pop_back_val().getDefiningOp())
      if (forward.insert(op))
        llvm::append_range(work, op->getOperands());
}

int64_t anec::bytesOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getNumElements() * 2;
}

namespace {

/// A byte that the host reads costs about as much as this many that the device
/// writes: what one core and what the device moves in a second.
constexpr int64_t hostReadPrice = 8;

class HostSide {
public:
  HostSide(const Joint &joint, ArrayRef<Value> taps, bool copiesTaps)
      : joint(joint), taps(taps.begin(), taps.end()), copiesTaps(copiesTaps) {}

  llvm::DenseSet<Value> choose() {
    collect();
    MinCut graph(2 * values.size() + 2);
    for (auto [index, value] : llvm::enumerate(values))
      addValue(graph, index, value);
    std::vector<bool> behind = graph.sinkSide(source(), sink());
    llvm::DenseSet<Value> host;
    for (auto [index, value] : llvm::enumerate(values))
      if (behind[2 * index])
        host.insert(value);
    return host;
  }

private:
  unsigned source() const { return 2 * values.size(); }
  unsigned sink() const { return 2 * values.size() + 1; }

  /// Whether the host can compute `value` in the backward.
  bool isMovable(Value value) const {
    Operation *op = value.getDefiningOp();
    return op && !taps.contains(value) && op->hasTrait<Cheap>() &&
           op->hasTrait<HostCapable>();
  }

  /// What host ops of the backward read, and what that is computed from.
  void collect() {
    SmallVector<Value> work;
    for (Operation &op : joint.func.getBody().front().without_terminator())
      if (!joint.isForward(&op) && getPlace(&op) == Place::Host)
        llvm::append_range(work, op.getOperands());
    while (!work.empty()) {
      Value value = work.pop_back_val();
      if (!joint.isForward(value) || joint.isParameter(value) ||
          !ids.try_emplace(value, values.size()).second)
        continue;
      values.push_back(value);
      if (isMovable(value))
        llvm::append_range(work, value.getDefiningOp()->getOperands());
    }
  }

  /// A value is node 2i when the host computes it and 2i + 1 when it has it:
  /// the sink's side. The edge between them is the price of reading it.
  void addValue(MinCut &graph, unsigned index, Value value) {
    graph.addEdge(2 * index, 2 * index + 1, price(value));
    if (!isMovable(value))
      graph.addEdge(source(), 2 * index, MinCut::unlimited);
    else if (getPlace(value.getDefiningOp()) == Place::Host ||
             !value.getDefiningOp()->hasTrait<DeviceCapable>())
      graph.addEdge(2 * index, sink(), MinCut::unlimited);
    for (Operation *user : value.getUsers()) {
      if (!joint.isForward(user)) {
        if (getPlace(user) == Place::Host)
          graph.addEdge(2 * index + 1, sink(), MinCut::unlimited);
        continue;
      }
      for (Value result : user->getResults())
        if (auto found = ids.find(result);
            found != ids.end() && isMovable(result))
          graph.addEdge(2 * index + 1, 2 * found->second, MinCut::unlimited);
    }
  }

  int64_t price(Value value) {
    Operation *op = value.getDefiningOp();
    if (op && getPlace(op) == Place::Host)
      return 0;
    // The device writes what is not kept for this alone.
    if (!taps.contains(value))
      return (hostReadPrice + 1) * bytesOf(value);
    return copiesTaps && reachesDevice(value) ? 0
                                              : hostReadPrice * bytesOf(value);
  }

  /// Whether device ops of the backward need this value.
  bool reachesDevice(Value value) {
    return llvm::any_of(value.getUsers(), [&](Operation *user) {
      if (!joint.isForward(user))
        return getPlace(user) == Place::Device;
      return llvm::any_of(user->getResults(), [&](Value result) {
        return !taps.contains(result) && reachesDevice(result);
      });
    });
  }

  const Joint &joint;
  llvm::DenseSet<Value> taps;
  bool copiesTaps;
  SmallVector<Value> values;
  llvm::DenseMap<Value, unsigned> ids;
};

} // namespace

llvm::DenseSet<Value> anec::chooseHostSide(const Joint &joint,
                                           ArrayRef<Value> taps,
                                           bool copiesTaps) {
  return HostSide(joint, taps, copiesTaps).choose();
}

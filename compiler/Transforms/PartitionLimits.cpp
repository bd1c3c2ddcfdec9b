//===- PartitionLimits.cpp - Kernels that fit the target ------------------===//

#include "compiler/Transforms/PartitionLimits.h"

#include "compiler/Kernels/FoldRows.h"

#include "llvm/ADT/SetVector.h"

#include <limits>
#include <set>
#include <tuple>
#include <utility>

using namespace mlir;
using namespace anec;
using rt::target::Rule;

namespace {

/// Surfaces hold fp16.
constexpr int64_t elementBytes = 2;

RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// Only activations [B, S, D] can be inputs and outputs of kernels.
bool canCross(Value value) { return typeOf(value).getRank() == 3; }

/// Bytes that a device moves while it starts a dispatch: 0.1 ms at 100 GB/s;
/// see runtime/target/cost.
constexpr int64_t dispatchBytes = 10'000'000;

int64_t tokensOf(RankedTensorType type) {
  return type.getDimSize(0) * type.getDimSize(1);
}

/// Bytes of the constants that lowering makes: two tables of every rotation of
/// its own, a mask, and as many zeros as the widest result for a witness.
int64_t tableBytes(ArrayRef<Operation *> ops) {
  std::set<std::tuple<int64_t, int64_t, bool>> rotations;
  int64_t mask = 0, zeros = 0, elements = 0;
  for (Operation *op : ops) {
    RankedTensorType type = typeOf(op->getResult(0));
    if (type.getRank() == 3)
      zeros = std::max(zeros, type.getNumElements());
    if (auto rope = dyn_cast<nn::RopeOp>(op))
      if (rotations
              .insert(
                  {type.getDimSize(2), rope.getHeadDim(), rope.getInverse()})
              .second)
        elements += 2 * type.getNumElements();
    if (auto causal = dyn_cast<nn::CausalMaskOp>(op))
      mask = causal.getMask().getType().getNumElements();
  }
  return (elements + mask + zeros) * elementBytes;
}

} // namespace

/// All results in one surface, the narrower ones folded.
PartitionLimits::Need
PartitionLimits::needOfResults(ArrayRef<RankedTensorType> results) const {
  int64_t rows = 0, width = 0;
  for (RankedTensorType type : results)
    width =
        std::max(width, outputWidth(tokensOf(type), columnGranule(profile)));
  for (RankedTensorType type : results)
    rows += foldedRows(type.getShape().back(), tokensOf(type), width);
  Need need{rows, width, rows * width * elementBytes, 0, 0};
  for (RankedTensorType type : results)
    need.content += type.getNumElements() * elementBytes;
  return need;
}

PartitionLimits::Need PartitionLimits::needOf(ArrayRef<Operation *> ops) const {
  llvm::SmallPtrSet<Operation *, 32> inside(ops.begin(), ops.end());
  llvm::SetVector<Value> inputs;
  SmallVector<RankedTensorType> results;
  for (Operation *op : ops) {
    for (Value operand : op->getOperands())
      if (!operand.getDefiningOp() || !inside.contains(operand.getDefiningOp()))
        inputs.insert(operand);
    for (Value result : op->getResults())
      if (llvm::any_of(result.getUsers(),
                       [&](Operation *user) { return !inside.contains(user); }))
        results.push_back(typeOf(result));
  }
  std::vector<PackedMatrix> together;
  Need need = needOfResults(results);
  need.constants = tableBytes(ops);
  auto add = [&](const std::vector<PackedMatrix> &matrices) {
    if (matrices.empty())
      return;
    SurfaceLayout layout = layOutSurface(
        matrices, profile.limit(Rule::Dim16384),
        profile.limit(Rule::IoMinBytes) / elementBytes, columnGranule(profile));
    need.channels = std::max(need.channels, layout.channels);
    need.width = std::max(need.width, layout.width);
    need.bytes += layout.channels * layout.width * elementBytes;
  };
  for (Value input : inputs) {
    RankedTensorType type = typeOf(input);
    StringRef how = strategy(input);
    if (how == "baked" || how == "delta") {
      need.constants += type.getNumElements() * elementBytes;
      continue;
    }
    using Kind = PackedMatrix::Kind;
    need.content += type.getNumElements() * elementBytes;
    PackedMatrix matrix{Kind::Vector, type.getDimSize(0), 1};
    if (type.getRank() == 2)
      matrix = {Kind::Weight, type.getDimSize(0), type.getDimSize(1)};
    else if (type.getRank() == 3)
      matrix = {Kind::Activation, type.getDimSize(2), tokensOf(type)};
    if (profile.takesOneInput() || how == "packed")
      together.push_back(matrix);
    else
      add({matrix});
  }
  add(together);
  return need;
}

bool PartitionLimits::fits(const Need &need) const {
  int64_t limit = profile.limit(Rule::Dim16384);
  return need.channels <= limit && need.width <= limit && !isTooHeavy(need);
}

bool PartitionLimits::isTooHeavy(const Need &need) const {
  return profile.refuses(Rule::WeightsPerProgram) &&
         need.constants > profile.limit(Rule::WeightsPerProgram);
}

/// Positions between which `ops` may be cut, 0 and the end among them.
std::vector<size_t> PartitionLimits::cutsOf(ArrayRef<Operation *> ops) const {
  llvm::DenseMap<Operation *, size_t> position;
  for (size_t i = 0; i < ops.size(); ++i)
    position[ops[i]] = i;
  // How far what is defined before a position reaches without crossing.
  std::vector<size_t> cuts = {0};
  size_t reach = 0;
  for (size_t i = 0; i < ops.size(); ++i) {
    if (i > reach || (i == reach && i != 0))
      cuts.push_back(i);
    reach = std::max(reach, i + 1);
    for (Value result : ops[i]->getResults())
      for (Operation *user : result.getUsers())
        if (!canCross(result) && position.contains(user))
          reach = std::max(reach, position.lookup(user) + 1);
  }
  cuts.push_back(ops.size());
  return cuts;
}

LogicalResult PartitionLimits::refuse(ArrayRef<Operation *> ops,
                                      const Need &need) const {
  const int64_t limit = profile.limit(Rule::Dim16384);
  const bool heavy = need.channels <= limit && need.width <= limit;
  const rt::target::RuleInfo &rule =
      rt::target::ruleInfo(heavy ? Rule::WeightsPerProgram : Rule::Dim16384);
  InFlightDiagnostic error = ops.front()->emitOpError("and ");
  error << ops.size() - 1 << " ops up to '" << ops.back()->getName()
        << "' cannot be cut apart and need ";
  if (heavy)
    error << need.constants << " bytes of constants";
  else
    error << "a surface of " << need.channels << " x " << need.width;
  error << ", at most " << profile.limit(rule.rule) << " [" << rule.id << "]";
  error.attachNote() << "target '" << profile.name() << "': " << rule.evidence;
  error.attachNote() << "instead: "
                     << (heavy ? "--weights=packed, or a shorter --seq"
                               : "a shorter --seq, a smaller --batch, or "
                                 "--target=m4");
  return error;
}

FailureOr<std::vector<KernelOps>>
PartitionLimits::split(ArrayRef<Operation *> ops) const {
  // Several kernels move the content at least.
  Need whole = needOf(ops);
  if (fits(whole) && whole.bytes - whole.content <= dispatchBytes)
    return std::vector<KernelOps>{KernelOps(ops)};
  std::vector<size_t> cuts = cutsOf(ops);
  // The best way to reach each cut.
  constexpr int64_t never = std::numeric_limits<int64_t>::max();
  std::vector<int64_t> best(cuts.size(), never);
  std::vector<size_t> from(cuts.size(), 0);
  best[0] = 0;
  for (size_t end = 1; end < cuts.size(); ++end)
    for (size_t begin = 0; begin < end; ++begin) {
      auto group = ops.slice(cuts[begin], cuts[end] - cuts[begin]);
      Need need = needOf(group);
      bool isAtom = begin + 1 == end;
      if (isAtom && !fits(need) && group.size() > 1)
        return refuse(group, need);
      if (best[begin] == never || !(fits(need) || isAtom))
        continue;
      int64_t cost = best[begin] + need.bytes + dispatchBytes;
      if (cost < best[end]) {
        best[end] = cost;
        from[end] = begin;
      }
    }
  std::vector<KernelOps> kernels;
  for (size_t end = cuts.size() - 1; end > 0; end = from[end])
    kernels.insert(
        kernels.begin(),
        KernelOps(ops.slice(cuts[from[end]], cuts[end] - cuts[from[end]])));
  return kernels;
}

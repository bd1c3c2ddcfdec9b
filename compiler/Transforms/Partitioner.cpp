//===- Partitioner.cpp - Ops become kernels that fit the target -----------===//

#include "compiler/Transforms/Partitioner.h"

#include <algorithm>
#include <set>

using namespace mlir;
using namespace anec;

namespace {

/// Activations [B, S, D] can be inputs and outputs of kernels, gradients of
/// parameters outputs.
bool canCross(Value value) {
  const int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
  auto matmul = value.getDefiningOp<nn::MatmulOp>();
  return rank == 3 || rank == 1 || (matmul && matmul.getTransposeA());
}

constexpr unsigned wordBits = 64;

template <typename Set> void insert(Set &set, unsigned i) {
  set[i / wordBits] |= uint64_t(1) << (i % wordBits);
}
template <typename Set> bool contains(const Set &set, unsigned i) {
  return set[i / wordBits] >> (i % wordBits) & 1;
}
template <typename Set> bool isSubset(const Set &small, const Set &large) {
  for (size_t word = 0; word < small.size(); ++word)
    if (small[word] & ~large[word])
      return false;
  return true;
}
template <typename Set> Set difference(Set large, const Set &small) {
  for (size_t word = 0; word < small.size(); ++word)
    large[word] &= ~small[word];
  return large;
}

/// Which ops have to share a kernel: those that a value joins which cannot
/// cross, and whatever lies between such ops. Each class by its first op.
std::vector<unsigned> findClasses(ArrayRef<Operation *> ops) {
  const unsigned count = ops.size();
  llvm::DenseMap<Operation *, unsigned> number;
  for (auto [i, op] : llvm::enumerate(ops))
    number[op] = i;
  // What each op reads, directly or not, a value that cannot cross both ways.
  std::vector<std::vector<bool>> reaches(count, std::vector<bool>(count));
  for (unsigned user = 0; user < count; ++user)
    for (Value operand : ops[user]->getOperands()) {
      auto producer = number.find(operand.getDefiningOp());
      if (!operand.getDefiningOp() || producer == number.end())
        continue;
      reaches[producer->second][user] = true;
      if (!canCross(operand))
        reaches[user][producer->second] = true;
    }
  for (unsigned via = 0; via < count; ++via)
    for (unsigned from = 0; from < count; ++from)
      if (reaches[from][via])
        for (unsigned to = 0; to < count; ++to)
          if (reaches[via][to])
            reaches[from][to] = true;
  std::vector<unsigned> leader(count);
  for (unsigned i = 0; i < count; ++i) {
    leader[i] = i;
    for (unsigned j = 0; j < i && leader[i] == i; ++j)
      if (reaches[i][j] && reaches[j][i])
        leader[i] = j;
  }
  return leader;
}

} // namespace

void Partitioner::findUnits(ArrayRef<Operation *> ops) {
  const std::vector<unsigned> leader = findClasses(ops);
  llvm::DenseMap<Operation *, unsigned> number;
  for (auto [i, op] : llvm::enumerate(ops))
    number[op] = i;
  // Units in an order in which they can run: one whose producers are all there,
  // the earliest in the program first.
  std::map<unsigned, std::set<unsigned>> before;
  for (auto [i, op] : llvm::enumerate(ops)) {
    std::set<unsigned> &mine = before[leader[i]];
    for (Value operand : op->getOperands()) {
      auto producer = number.find(operand.getDefiningOp());
      if (operand.getDefiningOp() && producer != number.end() &&
          leader[producer->second] != leader[i])
        mine.insert(leader[producer->second]);
    }
  }
  std::map<unsigned, unsigned> unitOf;
  while (unitOf.size() < before.size())
    for (const auto &[first, producers] : before) {
      if (unitOf.count(first) || !llvm::all_of(producers, [&](unsigned each) {
            return unitOf.count(each);
          }))
        continue;
      Unit unit;
      for (auto [i, op] : llvm::enumerate(ops))
        if (leader[i] == first)
          unit.ops.push_back(op);
      for (unsigned producer : producers)
        unit.before.push_back(unitOf.at(producer));
      unitOf[first] = units.size();
      units.push_back(unit);
      break;
    }
}

KernelOps Partitioner::opsOf(const Units &chosen) const {
  KernelOps ops;
  for (unsigned i = 0; i < units.size(); ++i)
    if (contains(chosen, i))
      llvm::append_range(ops, units[i].ops);
  llvm::sort(ops,
             [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  return ops;
}

std::optional<int64_t> Partitioner::price(const Units &chosen) {
  auto [known, isNew] = prices.try_emplace(chosen);
  if (!isNew)
    return known->second;
  --effort;
  const KernelOps ops = opsOf(chosen);
  const KernelNeed need = needs.of(ops);
  if (ops.size() == 1 || needs.fits(need))
    known->second = need.bytes + dispatchBytes;
  return known->second;
}

/// The best cuts of the order that units have.
void Partitioner::searchOrder() {
  std::vector<std::optional<int64_t>> reached(units.size() + 1);
  std::vector<std::pair<unsigned, Units>> last(units.size() + 1);
  reached[0] = 0;
  for (unsigned begin = 0; begin < units.size(); ++begin) {
    Units chosen((units.size() + wordBits - 1) / wordBits, 0);
    for (unsigned end = begin + 1; end <= units.size(); ++end) {
      insert(chosen, end - 1);
      std::optional<int64_t> mine = price(chosen);
      if (!mine || !reached[begin] ||
          (reached[end] && *reached[end] <= *reached[begin] + *mine))
        continue;
      reached[end] = *reached[begin] + *mine;
      last[end] = {begin, chosen};
    }
  }
  best = reached.back();
  if (!best)
    return;
  for (unsigned end = units.size(); end > 0; end = last[end].first)
    kernels.insert(kernels.begin(), last[end].second);
}

/// All sets of units that contain what they read. False when there are too
/// many.
bool Partitioner::findSets() {
  std::set<Units> level = {Units((units.size() + wordBits - 1) / wordBits, 0)};
  while (!level.empty()) {
    std::set<Units> next;
    for (const Units &set : level) {
      sets.push_back(set);
      if (int64_t(sets.size()) > effort)
        return false;
      for (unsigned i = 0; i < units.size(); ++i) {
        if (contains(set, i) ||
            !llvm::all_of(units[i].before,
                          [&](unsigned each) { return contains(set, each); }))
          continue;
        Units larger = set;
        insert(larger, i);
        next.insert(larger);
      }
    }
    level = std::move(next);
  }
  return true;
}

/// Adds one kernel to each of `ways`: the rest, or any.
void Partitioner::extend(const Ways &ways, Ways &longer, bool toEnd) {
  const Units &all = sets.back();
  // What is still to come costs at least so much.
  const int64_t rest = toEnd ? 0 : dispatchBytes;
  for (const auto &[from, way] : ways)
    for (const Units &to : sets) {
      if ((to == all) != toEnd || to == from || !isSubset(from, to))
        continue;
      if (effort <= 0)
        return;
      std::optional<int64_t> mine = price(difference(to, from));
      if (!mine || (best && way.price + *mine + rest >= *best))
        continue;
      Way &found = longer[to];
      if (found.price == 0 || way.price + *mine < found.price)
        found = {way.price + *mine, from};
    }
}

/// The best of all ways, if effort suffices. `content`: bytes that kernels move
/// at least.
void Partitioner::searchSets(int64_t content) {
  if (!findSets())
    return;
  std::vector<Ways> ways(1);
  ways[0][sets.front()] = {0, {}};
  for (int64_t count = 1; effort > 0 && !ways.back().empty() &&
                          !(best && content + count * dispatchBytes >= *best);
       ++count) {
    Ways complete, partial;
    extend(ways.back(), complete, /*toEnd=*/true);
    if (!complete.empty()) {
      best = complete.begin()->second.price;
      kernels.clear();
      Units at = sets.back(), from = complete.begin()->second.from;
      for (size_t i = ways.size() - 1;; --i) {
        kernels.insert(kernels.begin(), difference(at, from));
        at = from;
        if (i == 0)
          break;
        from = ways[i].at(at).from;
      }
    }
    extend(ways.back(), partial, /*toEnd=*/false);
    ways.push_back(std::move(partial));
  }
}

/// Names the smallest unit that is in no kernel that fits.
LogicalResult Partitioner::refuse() const {
  auto fitsSomewhere = [&](unsigned unit) {
    return llvm::any_of(prices, [&](const auto &entry) {
      return entry.second && contains(entry.first, unit);
    });
  };
  const Unit *smallest = nullptr;
  for (unsigned i = 0; i < units.size(); ++i)
    if (!fitsSomewhere(i) &&
        (!smallest || units[i].ops.size() < smallest->ops.size()))
      smallest = &units[i];
  // Every unit fits beside others, but not all at once.
  if (!smallest)
    for (const Unit &unit : units)
      if (!needs.fits(needs.of(unit.ops)) &&
          (!smallest || unit.ops.size() < smallest->ops.size()))
        smallest = &unit;
  return refuse(smallest->ops);
}

/// Says by how much these ops exceed which limits.
LogicalResult Partitioner::refuse(ArrayRef<Operation *> ops) const {
  const SmallVector<Excess> excesses = needs.excesses(needs.of(ops));
  InFlightDiagnostic error = ops.front()->emitOpError("and ");
  error << ops.size() - 1 << " more, up to '" << ops.back()->getName()
        << "', cannot be cut apart and need ";
  llvm::interleave(
      excesses,
      [&](const Excess &excess) {
        error << excess.found << " " << excess.what << ", "
              << excess.found - excess.limit << " above " << excess.limit
              << " [" << rt::target::ruleInfo(excess.rule).id << "]";
      },
      [&] { error << ", and "; });
  for (Operation *op : ops.drop_front())
    error.attachNote(op->getLoc()) << "with '" << op->getName() << "'";
  for (const Excess &excess : excesses)
    error.attachNote() << "target '" << needs.targetName()
                       << "': " << rt::target::ruleInfo(excess.rule).evidence
                       << "; instead: " << excess.wayOut;
  return error;
}

FailureOr<std::vector<KernelOps>>
Partitioner::split(ArrayRef<Operation *> ops) {
  units.clear();
  sets.clear();
  prices.clear();
  kernels.clear();
  best.reset();
  // Several kernels move the content at least.
  const KernelNeed whole = needs.of(ops);
  if (needs.fits(whole) && whole.bytes - whole.content <= dispatchBytes)
    return std::vector<KernelOps>{KernelOps(ops)};
  findUnits(ops);
  searchOrder();
  searchSets(whole.content);
  if (!best)
    return refuse();
  std::vector<KernelOps> found;
  for (const Units &kernel : kernels)
    found.push_back(opsOf(kernel));
  return found;
}

//===- BorrowedRegions.cpp - Copies that dispatches do without ------------===//
//
// A program is compiled once, so all dispatches of its kernel must borrow the
// same regions.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/BorrowedRegions.h"

#include "runtime/train/StepUses.h"

#include <algorithm>
#include <optional>

namespace anec::rt {
namespace {

bool isSame(const SurfaceRef &a, const SurfaceRef &b) {
  return a.surface == b.surface && a.index.loop == b.index.loop &&
         a.index.constant == b.index.constant;
}

/// A copy, and the dispatch that reads what it leaves.
struct Loan {
  const Step *copy, *dispatch;
  size_t input;
};

class Finder {
public:
  explicit Finder(const Plan &plan) : plan(plan) {}

  BorrowedRegions find() {
    std::vector<Loan> loans;
    forEachPlace(plan, [&](const StepPlace &place) {
      all.push_back(&(*place.steps)[place.index]);
      if (std::optional<Loan> loan = loanOf(place))
        loans.push_back(*loan);
    });
    for (const Loan &loan : loans)
      if (!found.copies.count(loan.copy))
        accept(loan, loans);
    return std::move(found);
  }

private:
  std::optional<Loan> loanOf(const StepPlace &place) const;
  bool mayLend(const Step &copy) const;
  void accept(const Loan &loan, const std::vector<Loan> &loans);
  bool isOnlyUse(const Loan &loan, const std::vector<const Step *> &copies,
                 const std::vector<const Step *> &dispatches) const;

  const Region &region(const RegionRef &ref) const {
    return plan.surfaces[ref.at.surface].spec.regions[ref.region];
  }
  /// Whether `ref` is part of the region that the loan's copy writes, in any
  /// instance.
  bool concerns(const Loan &loan, const RegionRef &ref) const {
    const RegionRef &to = loan.copy->to;
    return ref.at.surface == to.at.surface && overlap(region(ref), region(to));
  }

  const Plan &plan;
  std::vector<const Step *> all;
  BorrowedRegions found;
};

/// The lender's region lies side by side in memory, as values do.
bool Finder::mayLend(const Step &copy) const {
  const Region &from = region(copy.from), &to = region(copy.to);
  return from.kind == RegionKind::Activation &&
         to.kind == RegionKind::Activation && from.order.isNatural() &&
         to.order.isNatural() && from.rows == to.rows &&
         from.columns == to.columns && from.rows <= from.blockRows &&
         from.columns == plan.surfaces[copy.from.at.surface].spec.width;
}

/// The next dispatch on the surface that a copy writes, when nothing happens to
/// either region before it.
std::optional<Loan> Finder::loanOf(const StepPlace &place) const {
  const Step &copy = (*place.steps)[place.index];
  if (copy.kind != Step::Kind::Copy || !mayLend(copy))
    return std::nullopt;
  const size_t lender = copy.from.at.surface, target = copy.to.at.surface;
  for (size_t i = place.index + 1; i < place.steps->size(); ++i) {
    const Step &step = (*place.steps)[i];
    if (writesSurface(step, lender) || step.kind == Step::Kind::For)
      return std::nullopt;
    if (step.kind != Step::Kind::Dispatch)
      continue;
    std::vector<size_t> inputs;
    for (size_t p = 0; p < step.inputs.size(); ++p)
      if (step.inputs[p].surface == target)
        inputs.push_back(p);
    if (inputs.empty() && !writesSurface(step, target))
      continue;
    if (inputs.size() != 1 || !isSame(step.inputs[inputs[0]], copy.to.at))
      return std::nullopt;
    return Loan{&copy, &step, inputs[0]};
  }
  return std::nullopt;
}

/// Whether the region that the copies write is read by the dispatches alone,
/// which are all of the kernel's, and written by the copies alone.
bool Finder::isOnlyUse(const Loan &loan,
                       const std::vector<const Step *> &copies,
                       const std::vector<const Step *> &dispatches) const {
  auto isOne = [](const std::vector<const Step *> &of, const Step *step) {
    return std::find(of.begin(), of.end(), step) != of.end();
  };
  for (const Step *step : all) {
    const bool writes = step->kind == Step::Kind::Write ||
                        step->kind == Step::Kind::Copy ||
                        step->kind == Step::Kind::Stage;
    const bool reads =
        step->kind == Step::Kind::Read || step->kind == Step::Kind::Copy;
    if ((writes && concerns(loan, step->to) && !isOne(copies, step)) ||
        (reads && concerns(loan, step->from)))
      return false;
    if (step->kind != Step::Kind::Dispatch)
      continue;
    const size_t target = loan.copy->to.at.surface;
    if (writesSurface(*step, target))
      return false;
    if (isOne(dispatches, step))
      continue;
    const bool usesTarget = std::any_of(
        step->inputs.begin(), step->inputs.end(),
        [&](const SurfaceRef &ref) { return ref.surface == target; });
    if (step->kernel == loan.dispatch->kernel || usesTarget)
      return false;
  }
  return true;
}

/// Takes the loan and those like it, at other dispatches of the kernel.
void Finder::accept(const Loan &loan, const std::vector<Loan> &loans) {
  std::vector<const Step *> copies, dispatches;
  for (const Loan &other : loans)
    if (other.dispatch->kernel == loan.dispatch->kernel &&
        other.input == loan.input &&
        other.copy->to.region == loan.copy->to.region &&
        other.copy->to.at.surface == loan.copy->to.at.surface &&
        other.copy->from.region == loan.copy->from.region &&
        other.copy->from.at.surface == loan.copy->from.at.surface &&
        std::find(dispatches.begin(), dispatches.end(), other.dispatch) ==
            dispatches.end()) {
      copies.push_back(other.copy);
      dispatches.push_back(other.dispatch);
    }
  if (!isOnlyUse(loan, copies, dispatches))
    return;
  found.byKernel[loan.dispatch->kernel].push_back(
      {loan.input, region(loan.copy->to), region(loan.copy->from)});
  for (size_t i = 0; i < copies.size(); ++i) {
    found.copies.insert(copies[i]);
    found.lenders[dispatches[i]].push_back(copies[i]->from.at);
  }
}

} // namespace

BorrowedRegions findBorrowedRegions(const Plan &plan) {
  return Finder(plan).find();
}

} // namespace anec::rt

//===- Fusion.cpp - Steps that go through rows together -------------------===//
//
// Steps are added one by one to the last group that can take them: one that
// shares a value with them and that nothing they wait for waits for.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/Fusion.h"

#include "runtime/device/cpu/MemoryPlan.h"
#include "runtime/device/cpu/RowGroup.h"

#include <algorithm>
#include <map>
#include <set>

namespace anec::rt::cpu {

namespace {

/// More operations than this would need more slots than the first cache holds.
constexpr size_t maxGroupSize = 32;
/// Shorter rows cost more in calls than in arithmetic.
constexpr int64_t shortRow = 64;

/// Steps that become one.
struct Group {
  std::vector<size_t> steps;
  /// Groups that have to be executed before this one.
  std::set<size_t> before;
};

class Fuser {
public:
  Fuser(const std::vector<Buffer> &buffers, std::vector<Step> &steps)
      : buffers(buffers), steps(steps) {}

  void run();

private:
  std::vector<size_t> writersOf(const ValueRef &value, size_t before) const;
  std::vector<size_t> candidates(size_t step,
                                 const std::set<size_t> &before) const;
  std::vector<bool> waitedFor(const std::set<size_t> &waiting) const;
  std::optional<RowPlan> plan(const std::vector<size_t> &members) const;
  bool isWorthwhile(const RowPlan &plan) const;
  bool join(size_t step, const std::set<size_t> &before);
  std::vector<size_t> order() const;
  std::optional<Step> fused(const std::vector<size_t> &members) const;

  const std::vector<Buffer> &buffers;
  std::vector<Step> &steps;
  std::vector<Group> groups;
  std::vector<size_t> groupOf;
  /// Steps by the roots of the buffers they write and read.
  std::map<size_t, std::vector<size_t>> writers, readers;
};

std::vector<size_t> Fuser::writersOf(const ValueRef &value,
                                     size_t before) const {
  std::vector<size_t> result;
  auto found = writers.find(rootOf(buffers, value.buffer));
  if (found == writers.end())
    return result;
  for (size_t step : found->second)
    if (step < before &&
        overlap(buffers, steps[step].results[0].buffer, value.buffer))
      result.push_back(step);
  return result;
}

/// Groups that write or read what the step reads, the last one first.
std::vector<size_t> Fuser::candidates(size_t step,
                                      const std::set<size_t> &before) const {
  std::set<size_t> found = before;
  for (const ValueRef &input : steps[step].inputs) {
    const Buffer &root = buffers[rootOf(buffers, input.buffer)];
    auto others = readers.find(rootOf(buffers, input.buffer));
    if (root.kind == BufferKind::Constant || others == readers.end())
      continue;
    for (size_t other : others->second) {
      const auto &values = steps[other].inputs;
      if (other < step && std::any_of(
                              values.begin(), values.end(),
                              [&](const ValueRef &value) {
                                return value.buffer == input.buffer &&
                                       value.offset == input.offset;
                              }))
        found.insert(groupOf[other]);
    }
  }
  return {found.rbegin(), found.rend()};
}

/// For each group, whether one of `waiting` has to be executed after it. Looked
/// for once a step: a kernel that joins hundreds of parts has as many groups.
std::vector<bool> Fuser::waitedFor(const std::set<size_t> &waiting) const {
  std::vector<size_t> open(waiting.begin(), waiting.end());
  std::vector<bool> seen(groups.size());
  while (!open.empty()) {
    const size_t current = open.back();
    open.pop_back();
    for (size_t before : groups[current].before)
      if (!seen[before]) {
        seen[before] = true;
        open.push_back(before);
      }
  }
  return seen;
}

std::optional<RowPlan> Fuser::plan(const std::vector<size_t> &members) const {
  std::vector<const Step *> list;
  for (size_t member : members)
    list.push_back(&steps[member]);
  auto isRead = [&](const Step &step) {
    const size_t buffer = step.results[0].buffer;
    const size_t root = rootOf(buffers, buffer);
    if (root != buffer || buffers[root].kind != BufferKind::Temporary)
      return true;
    auto found = readers.find(root);
    if (found == readers.end())
      return false;
    return std::any_of(found->second.begin(), found->second.end(),
                       [&](size_t reader) {
                         return std::find(members.begin(), members.end(),
                                          reader) == members.end();
                       });
  };
  return planRows(buffers, list, isRead);
}

bool Fuser::isWorthwhile(const RowPlan &plan) const {
  return plan.space.length >= shortRow || plan.space.count() < shortRow;
}

bool Fuser::join(size_t step, const std::set<size_t> &before) {
  const std::vector<bool> isEarly = waitedFor(before);
  for (size_t group : candidates(step, before)) {
    if (!steps[groups[group].steps[0]].rows ||
        groups[group].steps.size() == maxGroupSize)
      continue;
    if (isEarly[group])
      continue;
    std::vector<size_t> members = groups[group].steps;
    members.push_back(step);
    std::optional<RowPlan> joined = plan(members);
    if (!joined || !isWorthwhile(*joined))
      continue;
    groups[group].steps = std::move(members);
    for (size_t other : before)
      if (other != group)
        groups[group].before.insert(other);
    groupOf[step] = group;
    return true;
  }
  return false;
}

/// Groups in an order of execution, early steps first.
std::vector<size_t> Fuser::order() const {
  std::vector<size_t> result;
  std::vector<size_t> missing;
  std::vector<std::vector<size_t>> after(groups.size());
  std::set<size_t> ready;
  for (size_t g = 0; g < groups.size(); ++g) {
    missing.push_back(groups[g].before.size());
    for (size_t before : groups[g].before)
      after[before].push_back(g);
    if (missing[g] == 0)
      ready.insert(g);
  }
  while (!ready.empty()) {
    const size_t next = *ready.begin();
    ready.erase(ready.begin());
    result.push_back(next);
    for (size_t g : after[next])
      if (--missing[g] == 0)
        ready.insert(g);
  }
  return result;
}

/// The members as one step. A step alone that computes goes through rows too
/// where it can: kernels of single operators convert every number.
std::optional<Step> Fuser::fused(const std::vector<size_t> &members) const {
  const Step &first = steps[members[0]];
  const bool isAlone = members.size() == 1;
  if (isAlone && (!first.rows || first.rows->kind == RowOperation::Kind::Copy))
    return std::nullopt;
  std::optional<RowPlan> rows = plan(members);
  if (isAlone && (!rows || !isWorthwhile(*rows)))
    return std::nullopt;
  Step step(isAlone ? first.op : "fused", rowGroup(*rows),
            std::move(rows->inputs), std::move(rows->results));
  step.place = isAlone ? first.place : "";
  return step;
}

void Fuser::run() {
  for (size_t i = 0; i < steps.size(); ++i) {
    for (const ValueRef &result : steps[i].results)
      writers[rootOf(buffers, result.buffer)].push_back(i);
    for (const ValueRef &input : steps[i].inputs)
      readers[rootOf(buffers, input.buffer)].push_back(i);
  }
  groupOf.resize(steps.size());
  for (size_t i = 0; i < steps.size(); ++i) {
    std::set<size_t> before;
    for (const ValueRef &input : steps[i].inputs)
      for (size_t writer : writersOf(input, i))
        before.insert(groupOf[writer]);
    if (steps[i].rows && join(i, before))
      continue;
    groupOf[i] = groups.size();
    groups.push_back({{i}, std::move(before)});
  }
  // Plans look at all steps, so none is moved before the last plan is made.
  const std::vector<size_t> sorted = order();
  std::map<size_t, Step> planned;
  for (size_t g : sorted)
    if (std::optional<Step> step = fused(groups[g].steps))
      planned.emplace(g, std::move(*step));
  std::vector<Step> result;
  for (size_t g : sorted) {
    auto found = planned.find(g);
    result.push_back(std::move(
        found != planned.end() ? found->second : steps[groups[g].steps[0]]));
  }
  steps = std::move(result);
}

} // namespace

void fuseRows(const std::vector<Buffer> &buffers, std::vector<Step> &steps) {
  Fuser(buffers, steps).run();
}

} // namespace anec::rt::cpu

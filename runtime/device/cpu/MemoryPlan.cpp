//===- MemoryPlan.cpp - Where temporary buffers lie -----------------------===//
//
// First fit in the order of first use.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/MemoryPlan.h"

#include <algorithm>

namespace anec::rt::cpu {

size_t rootOf(const std::vector<Buffer> &buffers, size_t buffer) {
  while (buffers[buffer].parent != buffer)
    buffer = buffers[buffer].parent;
  return buffer;
}

bool overlap(const std::vector<Buffer> &buffers, size_t a, size_t b) {
  auto isIn = [&](size_t part, size_t whole) {
    for (; part != whole; part = buffers[part].parent)
      if (buffers[part].parent == part)
        return false;
    return true;
  };
  return isIn(a, b) || isIn(b, a);
}

void removeDeadSteps(const std::vector<Buffer> &buffers,
                     std::vector<Step> &steps) {
  std::vector<bool> needed(buffers.size(), false);
  for (size_t i = 0; i < buffers.size(); ++i)
    needed[i] = buffers[i].kind == BufferKind::Output;
  std::vector<Step> kept;
  for (size_t i = steps.size(); i-- > 0;) {
    bool isNeeded = false;
    for (const ValueRef &result : steps[i].results)
      isNeeded |= needed[rootOf(buffers, result.buffer)];
    if (!isNeeded)
      continue;
    for (const ValueRef &input : steps[i].inputs)
      needed[rootOf(buffers, input.buffer)] = true;
    kept.push_back(std::move(steps[i]));
  }
  std::reverse(kept.begin(), kept.end());
  steps = std::move(kept);
}

int64_t planMemory(std::vector<Buffer> &buffers,
                   const std::vector<Step> &steps) {
  struct Interval {
    size_t buffer, first, last;
  };
  constexpr size_t unused = ~size_t(0);
  std::vector<Interval> intervals;
  std::vector<size_t> place(buffers.size(), unused);
  auto use = [&](const ValueRef &value, size_t step) {
    const size_t root = rootOf(buffers, value.buffer);
    if (buffers[root].kind != BufferKind::Temporary)
      return;
    if (place[root] == unused) {
      place[root] = intervals.size();
      intervals.push_back({root, step, step});
    }
    intervals[place[root]].last = step;
  };
  for (size_t step = 0; step < steps.size(); ++step) {
    for (const ValueRef &value : steps[step].results)
      use(value, step);
    for (const ValueRef &value : steps[step].inputs)
      use(value, step);
  }

  // Intervals are in the order of their first step.
  int64_t size = 0;
  std::vector<Interval> live;
  for (const Interval &interval : intervals) {
    live.erase(std::remove_if(live.begin(), live.end(),
                              [&](const Interval &other) {
                                return other.last < interval.first;
                              }),
               live.end());
    int64_t offset = 0;
    size_t at = 0;
    const int64_t bytes = (buffers[interval.buffer].bytes + 127) / 128 * 128;
    for (; at < live.size(); ++at) {
      const Buffer &other = buffers[live[at].buffer];
      if (offset + bytes <= other.arenaOffset)
        break;
      offset = other.arenaOffset + (other.bytes + 127) / 128 * 128;
    }
    buffers[interval.buffer].arenaOffset = offset;
    live.insert(live.begin() + static_cast<int64_t>(at), interval);
    size = std::max(size, offset + bytes);
  }
  return size;
}

} // namespace anec::rt::cpu

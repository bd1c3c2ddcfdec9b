//===- MemoryPlan.cpp - Where temporary buffers lie -----------------------===//
//
// First fit in the order of first use.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/MemoryPlan.h"

#include <algorithm>
#include <map>

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

namespace {

/// The ports of one kind that steps use, and the last step that used each.
struct PortUses {
  std::map<size_t, std::vector<size_t>> steps;

  void note(const std::vector<Buffer> &buffers, BufferKind kind,
            const std::vector<ValueRef> &values, size_t step) {
    for (const ValueRef &value : values) {
      const Buffer &root = buffers[rootOf(buffers, value.buffer)];
      if (root.kind == kind)
        steps[root.index].push_back(step);
    }
  }
};

/// Whether the value is all of a port, row-major.
bool isWhole(const std::vector<Buffer> &buffers, const ValueRef &value) {
  const Buffer &buffer = buffers[value.buffer];
  const size_t root = rootOf(buffers, value.buffer);
  return value.offset == 0 && value.layout.isContiguous() &&
         (buffer.parent == value.buffer || buffer.parentOffset == 0) &&
         buffer.parent == root && buffer.bytes == buffers[root].bytes;
}

} // namespace

std::vector<SharedPorts> findSharedPorts(const std::vector<Buffer> &buffers,
                                         const std::vector<Step> &steps) {
  PortUses reads, writes;
  for (size_t i = 0; i < steps.size(); ++i) {
    reads.note(buffers, BufferKind::Input, steps[i].inputs, i);
    writes.note(buffers, BufferKind::Output, steps[i].results, i);
  }
  std::vector<SharedPorts> found;
  for (const auto &[input, readers] : reads.steps)
    for (const auto &[output, writers] : writes.steps) {
      const Step &step = steps[writers[0]];
      if (readers != writers || writers.size() != 1 ||
          (step.op != "add" && step.op != "mul") || step.inputs.size() != 2 ||
          !isWhole(buffers, step.results[0]))
        continue;
      // C++17 does not capture the names of a structured binding.
      const auto isInput = [&buffers, index = input](const ValueRef &value) {
        const Buffer &root = buffers[rootOf(buffers, value.buffer)];
        return root.kind == BufferKind::Input && root.index == index;
      };
      const auto read =
          std::find_if(step.inputs.begin(), step.inputs.end(), isInput);
      if (isWhole(buffers, *read) &&
          read->layout.dims == step.results[0].layout.dims)
        found.push_back({input, output});
    }
  return found;
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

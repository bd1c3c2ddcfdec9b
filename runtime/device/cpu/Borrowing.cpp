//===- Borrowing.cpp - Regions that a program finds elsewhere -------------===//
//
// A region of an input is seen through slices, and a folded one is put together
// from them again. All of that becomes views of the lender's memory.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/Compiler.h"
#include "runtime/device/cpu/InputParts.h"
#include "runtime/device/cpu/MemoryPlan.h"

#include <algorithm>
#include <cassert>

namespace anec::rt::cpu {

namespace {

/// A block of a region in the input, and the region's row that it begins with.
struct Block {
  SurfacePart part;
  int64_t row;
};

std::vector<Block> blocksOf(const BorrowedRegion &borrowed) {
  const Region &region = borrowed.region;
  std::vector<Block> blocks;
  for (int64_t row = 0; row < region.rows; row += region.blockRows)
    blocks.push_back(
        {{region.channel, std::min(region.blockRows, region.rows - row),
          region.column + row / region.blockRows * region.columns,
          region.columns},
         row});
  return blocks;
}

/// The same elements of a block where the region's rows lie side by side, in
/// `buffer`. `width` is that of the input.
ValueRef moved(const ValueRef &value, const Block &block, int64_t width,
               size_t buffer) {
  const int64_t columns = block.part.columns;
  const int64_t row = value.offset / width - block.part.channel + block.row;
  const int64_t column = value.offset % width - block.part.column;
  ValueRef result{buffer, row * columns + column, value.layout};
  for (int64_t &stride : result.layout.strides)
    if (stride % width == 0)
      stride = stride / width * columns;
  return result;
}

/// How far the elements of a buffer are from those of another one that are
/// copied to it.
struct Origin {
  size_t buffer;
  int64_t distance;
};

/// Where all elements of `target` come from, when nothing but copies from a
/// borrowed buffer, `isBorrowed`, writes it, and they keep the order.
template <typename Predicate>
std::optional<Origin>
originOf(size_t target, const std::vector<Buffer> &buffers,
         const std::vector<Step> &steps, const Predicate &isBorrowed) {
  std::optional<Origin> origin;
  int64_t bytes = 0;
  for (const Step &step : steps)
    for (const ValueRef &result : step.results) {
      if (!overlap(buffers, target, result.buffer))
        continue;
      if (step.op != "copy" || result.buffer != target)
        return std::nullopt;
      const ValueRef &from = step.inputs[0];
      const Origin found{from.buffer, from.offset - result.offset};
      if (!isBorrowed(from.buffer) || !from.layout.isContiguous() ||
          !result.layout.isContiguous() ||
          (origin && (origin->buffer != found.buffer ||
                      origin->distance != found.distance)))
        return std::nullopt;
      origin = found;
      bytes +=
          elementCount(result.layout.dims) * storageSize(result.layout.storage);
    }
  return bytes == buffers[target].bytes ? origin : std::nullopt;
}

} // namespace

/// The values that steps read of a borrowed region, each with its block;
/// nothing when one of them is not inside of a block.
std::optional<std::vector<std::pair<ValueRef *, size_t>>>
Compiler::readersOf(const BorrowedRegion &borrowed) {
  const Layout &port = program->inputPorts[borrowed.input].layout;
  const std::vector<Block> blocks = blocksOf(borrowed);
  std::vector<std::pair<ValueRef *, size_t>> readers;
  for (Step &step : program->steps)
    for (ValueRef &value : step.inputs) {
      const Buffer &buffer = program->buffers[value.buffer];
      if (!program->isPort(buffer) || buffer.index != borrowed.input)
        continue;
      const SurfacePart bounds = boundsOf(value.layout, value.offset, port);
      for (size_t b = 0; b < blocks.size(); ++b) {
        if (!touch(bounds, blocks[b].part))
          continue;
        if (!isWithin(bounds, blocks[b].part))
          return std::nullopt;
        readers.push_back({&value, b});
      }
    }
  return readers;
}

void Compiler::readBorrowed() {
  for (const BorrowedRegion &what : files.borrowed) {
    assert(what.input < program->inputPorts.size() &&
           what.region.rows == what.lenders.rows &&
           what.region.columns == what.lenders.columns && "another region");
    const Layout &port = program->inputPorts[what.input].layout;
    const size_t buffer = addBuffer(
        BufferKind::Input, program->inputPorts.size() + program->borrows.size(),
        what.region.rows * what.region.columns * storageSize(port.storage));
    const auto readers = readersOf(what);
    program->borrows.push_back({what, readers.has_value()});
    if (!readers)
      continue;
    const std::vector<Block> blocks = blocksOf(what);
    for (const auto &[value, block] : *readers)
      *value = moved(*value, blocks[block], widthOf(port), buffer);
  }
  if (!program->borrows.empty())
    replaceCopies();
}

/// Lets steps read the originals of what would only be copied.
void Compiler::replaceCopies() {
  std::vector<Buffer> &buffers = program->buffers;
  std::vector<Step> &steps = program->steps;
  auto isBorrowed = [&](size_t buffer) {
    return buffers[buffer].kind == BufferKind::Input &&
           !program->isPort(buffers[buffer]);
  };
  for (size_t target = 0; target < buffers.size(); ++target) {
    if (buffers[target].kind != BufferKind::Temporary ||
        buffers[target].parent != target)
      continue;
    const auto origin = originOf(target, buffers, steps, isBorrowed);
    if (!origin)
      continue;
    for (Step &step : steps)
      for (ValueRef &value : step.inputs)
        if (value.buffer == target) {
          value.buffer = origin->buffer;
          value.offset += origin->distance;
        }
    steps.erase(std::remove_if(steps.begin(), steps.end(),
                               [&](const Step &step) {
                                 return step.results[0].buffer == target;
                               }),
                steps.end());
  }
}

} // namespace anec::rt::cpu

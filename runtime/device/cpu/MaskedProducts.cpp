//===- MaskedProducts.cpp - Scores that a causal mask covers --------------===//
//
// The shape that compilers give attention: matmul, add of a constant, softmax.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/MaskedProducts.h"

#include "runtime/device/cpu/Elements.h"
#include "runtime/device/cpu/MemoryPlan.h"

#include <algorithm>

namespace anec::rt::cpu {

namespace {

class Finder {
public:
  Finder(const std::vector<Buffer> &buffers,
         const std::vector<AlignedBuffer<uint8_t>> &constants,
         const std::vector<Step> &steps)
      : buffers(buffers), constants(constants), steps(steps) {}

  bool isMasked(const Step &product) const;

private:
  const Step *onlyReader(const ValueRef &value) const;
  bool isMask(const ValueRef &value, int64_t size) const;

  const std::vector<Buffer> &buffers;
  const std::vector<AlignedBuffer<uint8_t>> &constants;
  const std::vector<Step> &steps;
};

/// The step that reads a value whole; null when somebody else may look at its
/// memory.
const Step *Finder::onlyReader(const ValueRef &value) const {
  const Buffer &buffer = buffers[value.buffer];
  if (buffer.kind != BufferKind::Temporary || buffer.parent != value.buffer)
    return nullptr;
  const Step *reader = nullptr;
  for (const Step &step : steps)
    for (const ValueRef &input : step.inputs) {
      if (!overlap(buffers, value.buffer, input.buffer))
        continue;
      if (reader || !(input == value))
        return nullptr;
      reader = &step;
    }
  return reader;
}

/// Of scores [.., size, size].
bool Finder::isMask(const ValueRef &value, int64_t size) const {
  const Layout &layout = value.layout;
  const size_t rank = layout.dims.size();
  if (buffers[value.buffer].kind != BufferKind::Constant || rank < 2 ||
      layout.dims[rank - 1] != size || layout.dims[rank - 2] != size ||
      elementCount(layout.dims) != size * size)
    return false;
  Tensor mask;
  static_cast<Layout &>(mask) = layout;
  mask.data = constants[buffers[value.buffer].index].data();
  const int64_t rowStride = layout.strides[rank - 2];
  const int64_t columnStride = layout.strides[rank - 1];
  auto at = [&](int64_t i, int64_t j) {
    return numberAt(mask, value.offset + i * rowStride + j * columnStride);
  };
  for (int64_t i = 0; i < size; ++i) {
    if (at(i, i) != 0)
      return false;
    for (int64_t j = i + 1; j < size; ++j)
      if (!(at(i, j) <= coveringMask))
        return false;
  }
  return true;
}

bool Finder::isMasked(const Step &product) const {
  if (product.op != "matmul")
    return false;
  const ValueRef &scores = product.results[0];
  const Dims &dims = scores.layout.dims;
  const size_t rank = dims.size();
  if (scores.layout.storage != Storage::F16 || rank < 2 ||
      dims[rank - 1] != dims[rank - 2])
    return false;
  const Step *add = onlyReader(scores);
  if (!add || add->op != "add" || add->results[0].layout.dims != dims)
    return false;
  const ValueRef &mask = add->inputs[add->inputs[0] == scores ? 1 : 0];
  if (!isMask(mask, dims[rank - 1]))
    return false;
  const Step *softmax = onlyReader(add->results[0]);
  return softmax && softmax->op == "softmax" &&
         softmax->inputs[0].layout.dims == dims && softmax->rows &&
         softmax->rows->axes == Dims{static_cast<int64_t>(rank) - 1};
}

} // namespace

void findMaskedProducts(const std::vector<Buffer> &buffers,
                        const std::vector<AlignedBuffer<uint8_t>> &constants,
                        std::vector<Step> &steps) {
  const Finder finder(buffers, constants, steps);
  for (Step &step : steps)
    step.isMasked = finder.isMasked(step);
}

} // namespace anec::rt::cpu

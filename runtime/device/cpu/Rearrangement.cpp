//===- Rearrangement.cpp - Blocks between channels and space --------------===//
//
// Each is a copy between two views of six dimensions: a block is two
// dimensions of its own.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/Kernels.h"

namespace anec::rt::cpu {

namespace {

/// `tensor` with the dimension `axis` cut into [size / inner, inner].
Tensor cut(Tensor tensor, size_t axis, int64_t inner) {
  const auto place = static_cast<int64_t>(axis);
  const int64_t stride = tensor.strides[axis];
  tensor.dims[axis] /= inner;
  tensor.strides[axis] = stride * inner;
  tensor.dims.insert(tensor.dims.begin() + place + 1, inner);
  tensor.strides.insert(tensor.strides.begin() + place + 1, stride);
  return tensor;
}

Tensor permute(const Tensor &tensor, const std::vector<size_t> &order) {
  Tensor result = tensor;
  for (size_t i = 0; i < order.size(); ++i) {
    result.dims[i] = tensor.dims[order[i]];
    result.strides[i] = tensor.strides[order[i]];
  }
  return result;
}

/// [n, c, h * f, w * f] as [n, c, h, f, w, f].
Tensor cutSpace(const Tensor &image, int64_t size) {
  return cut(cut(image, 3, size), 2, size);
}

/// x[n, c * f * f + i * f + j, h, w] goes to y[n, c, h * f + i, w * f + j], as
/// in Shi et al., arXiv:1609.05158.
void pixelShuffle(const KernelArguments &arguments, int64_t size) {
  // [n, c, i, j, h, w] to [n, c, h, i, w, j].
  const Tensor x = cut(cut(arguments.inputs[0], 1, size), 1, size);
  copy(permute(x, {0, 1, 4, 2, 5, 3}), cutSpace(arguments.results[0], size));
}

/// x[n, (i * f + j) * C + c, h, w] goes to y[n, c, h * f + i, w * f + j].
void depthToSpace(const Tensor &depth, const Tensor &space, int64_t size,
                  bool isInverse) {
  const int64_t channels = space.dims[1];
  // [n, i, j, c, h, w] to [n, c, h, i, w, j].
  const Tensor from =
      permute(cut(cut(depth, 1, channels), 1, size), {0, 3, 4, 1, 5, 2});
  const Tensor to = cutSpace(space, size);
  if (isInverse)
    copy(to, from);
  else
    copy(from, to);
}

Result<Kernel> preparePixelShuffle(Preparation &preparation) {
  ANEC_ASSIGN(int64_t size, preparation.operands.integer("upscale_factor"));
  preparation.input("x");
  return Kernel([size](const KernelArguments &arguments) {
    pixelShuffle(arguments, size);
  });
}

Result<Kernel> prepareDepthToSpace(Preparation &preparation) {
  ANEC_ASSIGN(int64_t size, preparation.operands.integer("block_size"));
  preparation.input("x");
  const bool isInverse = preparation.op == "space_to_depth";
  return Kernel([=](const KernelArguments &arguments) {
    const Tensor &x = arguments.inputs[0], &y = arguments.results[0];
    depthToSpace(isInverse ? y : x, isInverse ? x : y, size, isInverse);
  });
}

} // namespace

void addRearrangementKernels(KernelTable &table) {
  table["pixel_shuffle"] = preparePixelShuffle;
  table["depth_to_space"] = prepareDepthToSpace;
  table["space_to_depth"] = prepareDepthToSpace;
}

} // namespace anec::rt::cpu

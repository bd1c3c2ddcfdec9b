//===- Quantization.cpp - Integers with a scale ---------------------------===//
//
// Scales and zero points are one number, one per element of an axis, or one
// per block.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/Elementwise.h"

#include <cmath>

namespace anec::rt::cpu {

namespace {

/// A vector along `axis` of a tensor of `rank` dimensions, ready to broadcast.
Tensor alongAxis(Tensor vector, int64_t rank, int64_t axis) {
  if (vector.rank() == 0)
    return vector;
  const int64_t size = vector.dims[0], stride = vector.strides[0];
  vector.dims.assign(static_cast<size_t>(rank), 1);
  vector.strides.assign(static_cast<size_t>(rank), 0);
  const size_t place = size == 1 ? 0 : static_cast<size_t>(axis);
  vector.dims[place] = size;
  vector.strides[place] = stride;
  return vector;
}

/// A tensor with one element per block as a view with one per element; the
/// data's dimensions are cut into [blocks, block].
Tensor blockwise(const Tensor &blocks, const Dims &dims) {
  Tensor view = blocks;
  view.dims.clear();
  view.strides.clear();
  for (size_t i = 0; i < dims.size(); ++i) {
    view.dims.push_back(blocks.dims[i]);
    view.strides.push_back(blocks.strides[i]);
    view.dims.push_back(dims[i] / blocks.dims[i]);
    view.strides.push_back(0);
  }
  return view;
}

Tensor cutLike(const Tensor &data, const Dims &blocks) {
  Tensor view = data;
  view.dims.clear();
  view.strides.clear();
  for (size_t i = 0; i < data.dims.size(); ++i) {
    const int64_t size = data.dims[i] / blocks[i];
    view.dims.push_back(blocks[i]);
    view.strides.push_back(size * data.strides[i]);
    view.dims.push_back(size);
    view.strides.push_back(data.strides[i]);
  }
  return view;
}

/// scale * (data - offset)
void dequantizeRow(const std::array<const double *, 3> &rows, double *y,
                   int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    y[i] = rows[1][i] * (rows[0][i] - rows[2][i]);
}

Tensor zero() {
  static const int32_t none = 0;
  Tensor tensor;
  tensor.storage = Storage::I32;
  tensor.data = const_cast<int32_t *>(&none);
  return tensor;
}

Result<Kernel> prepareDequantize(Preparation &preparation) {
  const mil::Operands &operands = preparation.operands;
  const int64_t rank = preparation.results[0].rank();
  ANEC_ASSIGN(int64_t axis, operands.integer("axis", 0));
  axis = axis < 0 ? axis + rank : axis;
  preparation.input(operands.has("quantized_data") ? "quantized_data"
                                                   : "input");
  preparation.input("scale");
  if (operands.has("zero_point"))
    preparation.input("zero_point");
  return Kernel([=](const KernelArguments &arguments) {
    std::vector<Tensor> inputs = arguments.inputs;
    if (inputs.size() == 2)
      inputs.push_back(zero());
    inputs[1] = alongAxis(inputs[1], rank, axis);
    inputs[2] = alongAxis(inputs[2], rank, axis);
    forEachChunk<double, 3>(
        KernelArguments{inputs, arguments.results, arguments.pool},
        dequantizeRow);
  });
}

Result<Kernel> prepareBlockwise(Preparation &preparation) {
  preparation.input("data");
  preparation.input("scale");
  if (preparation.operands.has("offset"))
    preparation.input("offset");
  return Kernel([](const KernelArguments &arguments) {
    const Dims dims = arguments.inputs[0].dims;
    const Dims blocks = arguments.inputs[1].dims;
    std::vector<Tensor> inputs = {cutLike(arguments.inputs[0], blocks),
                                  blockwise(arguments.inputs[1], dims),
                                  arguments.inputs.size() > 2
                                      ? blockwise(arguments.inputs[2], dims)
                                      : zero()};
    const std::vector<Tensor> results = {cutLike(arguments.results[0], blocks)};
    forEachChunk<double, 3>(KernelArguments{inputs, results, arguments.pool},
                            dequantizeRow);
  });
}

Result<Kernel> prepareQuantize(Preparation &preparation) {
  const mil::Operands &operands = preparation.operands;
  const int64_t rank = preparation.results[0].rank();
  ANEC_ASSIGN(int64_t axis, operands.integer("axis", 0));
  axis = axis < 0 ? axis + rank : axis;
  ANEC_ASSIGN(std::string name, operands.string("output_dtype"));
  const double lowest = name == "int8" ? -128 : 0;
  preparation.input("input");
  preparation.input("scale");
  if (operands.has("zero_point"))
    preparation.input("zero_point");
  return Kernel([=](const KernelArguments &arguments) {
    std::vector<Tensor> inputs = arguments.inputs;
    if (inputs.size() == 2)
      inputs.push_back(zero());
    inputs[1] = alongAxis(inputs[1], rank, axis);
    inputs[2] = alongAxis(inputs[2], rank, axis);
    forEachChunk<double, 3>(
        KernelArguments{inputs, arguments.results, arguments.pool},
        [lowest](const auto &rows, double *y, int64_t count) {
          for (int64_t i = 0; i < count; ++i)
            y[i] =
                std::clamp(std::nearbyint(rows[0][i] / rows[1][i]) + rows[2][i],
                           lowest, lowest + 255);
        });
  });
}

} // namespace

void addQuantizationKernels(KernelTable &table) {
  table["constexpr_affine_dequantize"] = prepareDequantize;
  table["dequantize"] = prepareDequantize;
  table["quantize"] = prepareQuantize;
  table["constexpr_blockwise_shift_scale"] = prepareBlockwise;
}

} // namespace anec::rt::cpu

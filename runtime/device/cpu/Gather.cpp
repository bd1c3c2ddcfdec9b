//===- Gather.cpp - Elements chosen by indices ----------------------------===//
//
// Negative indices count from the end; what is still outside is an error,
// because no result would be right.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/Indexing.h"
#include "runtime/device/cpu/Kernels.h"

namespace anec::rt::cpu {

namespace {

/// The index tensor of one statement as places, counted from 0; false after
/// an error.
bool readPlaces(const KernelArguments &arguments, const Tensor &indices,
                int64_t size, std::vector<int64_t> &places) {
  for (double index : numbersOf(indices)) {
    std::optional<int64_t> place = placeOf(index, size, arguments);
    if (!place)
      return false;
    places.push_back(*place);
  }
  return true;
}

/// `count` elements of `tensor` along `axis`, from `begin`.
Tensor slice(const Tensor &tensor, size_t axis, int64_t begin, int64_t count) {
  Tensor part = tensor;
  part.data = tensor.at(begin * tensor.strides[axis]);
  part.dims[axis] = count;
  return part;
}

/// gather of one batch: the indices' dimensions replace the axis.
bool gather(const KernelArguments &arguments, const Tensor &from,
            const Tensor &indices, Tensor to, size_t axis) {
  std::vector<int64_t> places;
  if (!readPlaces(arguments, indices, from.dims[axis], places))
    return false;
  // The result is contiguous, so the dimensions of the indices are one.
  to.dims = from.dims;
  to.dims[axis] = static_cast<int64_t>(places.size());
  to.strides = contiguousStrides(to.dims);
  for (size_t i = 0; i < places.size(); ++i)
    copy(slice(from, axis, places[i], 1),
         slice(to, axis, static_cast<int64_t>(i), 1));
  return true;
}

/// The part of `tensor` at `index` of its first dimension.
Tensor batchOf(const Tensor &tensor, int64_t index) {
  Tensor part = tensor;
  part.data = tensor.at(index * tensor.strides[0]);
  part.dims.erase(part.dims.begin());
  part.strides.erase(part.strides.begin());
  return part;
}

bool gatherBatches(const KernelArguments &arguments, const Tensor &from,
                   const Tensor &indices, const Tensor &to, size_t axis,
                   int64_t batchDims) {
  if (batchDims == 0)
    return gather(arguments, from, indices, to, axis);
  for (int64_t i = 0; i < from.dims[0]; ++i)
    if (!gatherBatches(arguments, batchOf(from, i), batchOf(indices, i),
                       batchOf(to, i), axis - 1, batchDims - 1))
      return false;
  return true;
}

Result<Kernel> prepareGather(Preparation &preparation) {
  const mil::Operands &operands = preparation.operands;
  ANEC_ASSIGN(mil::Type x, operands.type("x"));
  ANEC_ASSIGN(int64_t axis, operands.axis("axis", x.rank(), 0));
  ANEC_ASSIGN(int64_t batch, operands.integer("batch_dims", 0));
  preparation.input("x");
  preparation.input("indices");
  return Kernel([axis, batch](const KernelArguments &arguments) {
    gatherBatches(arguments, arguments.inputs[0], arguments.inputs[1],
                  arguments.results[0], static_cast<size_t>(axis), batch);
  });
}

Result<Kernel> prepareGatherAlongAxis(Preparation &preparation) {
  const mil::Operands &operands = preparation.operands;
  ANEC_ASSIGN(mil::Type x, operands.type("x"));
  ANEC_ASSIGN(int64_t axis, operands.axis("axis", x.rank(), 0));
  preparation.input("x");
  preparation.input("indices");
  return Kernel([axis](const KernelArguments &arguments) {
    const AxisSplit from(arguments.inputs[0].dims, axis);
    const AxisSplit to(arguments.results[0].dims, axis);
    const Numbers x = numbersOf(arguments.inputs[0]);
    std::vector<int64_t> places;
    if (!readPlaces(arguments, arguments.inputs[1], from.length, places))
      return;
    Numbers y(places.size());
    for (int64_t block = 0; block < to.outer; ++block)
      for (int64_t i = 0; i < to.length; ++i)
        for (int64_t lane = 0; lane < to.inner; ++lane) {
          const size_t place = static_cast<size_t>(to.at(block, i, lane));
          y[place] =
              x[static_cast<size_t>(from.at(block, places[place], lane))];
        }
    storeNumbers(y, arguments.results[0]);
  });
}

Result<Kernel> prepareGatherND(Preparation &preparation) {
  ANEC_ASSIGN(int64_t batch, preparation.operands.integer("batch_dims", 0));
  preparation.input("x");
  preparation.input("indices");
  return Kernel([batch](const KernelArguments &arguments) {
    const Numbers x = numbersOf(arguments.inputs[0]);
    std::optional<IndexedSlices> slices = indexedSlices(
        arguments, arguments.inputs[0].dims, arguments.inputs[1], batch);
    if (!slices)
      return;
    Numbers y;
    y.reserve(slices->begins.size() * static_cast<size_t>(slices->length));
    for (int64_t begin : slices->begins)
      y.insert(y.end(), x.begin() + begin, x.begin() + begin + slices->length);
    storeNumbers(y, arguments.results[0]);
  });
}

} // namespace

void addGatherKernels(KernelTable &table) {
  table["gather"] = prepareGather;
  table["gather_along_axis"] = prepareGatherAlongAxis;
  table["gather_nd"] = prepareGatherND;
}

} // namespace anec::rt::cpu

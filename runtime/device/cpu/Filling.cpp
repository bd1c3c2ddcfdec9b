//===- Filling.cpp - Tensors made from few numbers ------------------------===//
//
// Ranges, fills, look-up tables and tensors with one slice replaced.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/Elementwise.h"
#include "runtime/device/cpu/Views.h"

namespace anec::rt::cpu {

namespace {

Result<Kernel> prepareRange(Preparation &preparation) {
  ANEC_ASSIGN(double start, preparation.operands.number("start"));
  ANEC_ASSIGN(double step, preparation.operands.number("step"));
  return Kernel([start, step](const KernelArguments &arguments) {
    const Tensor &y = arguments.results[0];
    for (int64_t i = 0; i < y.dims[0]; ++i) {
      const double number = start + static_cast<double>(i) * step;
      storeRow<double>(&number, y.storage, y.at(i * y.strides[0]), 1, 1);
    }
  });
}

Result<Kernel> prepareFill(Preparation &preparation) {
  ANEC_ASSIGN(double value, preparation.operands.number("value", 0));
  return Kernel([value](const KernelArguments &arguments) {
    forEachChunk<double, 0>(arguments,
                            [&](const auto &, double *row, int64_t count) {
                              std::fill_n(row, count, value);
                            });
  });
}

Result<Kernel> prepareSliceUpdate(Preparation &preparation) {
  ANEC_ASSIGN(mil::Type update, preparation.operands.type("update"));
  // The slice is the same for every layout of x; strides come later.
  mil::Operands operands = preparation.operands;
  preparation.input("x");
  preparation.input("update");
  ANEC_ASSIGN(std::optional<Views> views,
              makeViews("slice_by_index", operands, preparation.results[0],
                        {update.dims}));
  if (!views)
    return makeError(ErrorCode::Unsupported, "this slice is not supported");
  return Kernel([view = views->front()](const KernelArguments &arguments) {
    const Tensor &y = arguments.results[0];
    copy(arguments.inputs[0], y);
    Tensor slice = y;
    static_cast<Layout &>(slice) = view.layout;
    slice.data = y.at(view.offset);
    copy(arguments.inputs[1], slice);
  });
}

double numberAt(const Tensor &tensor, int64_t offset) {
  double number;
  return *loadRow<double>(tensor.storage, tensor.at(offset), 1, 1, &number);
}

/// Indices of `bits` bits each, packed from the least significant bit on.
void lookUpPacked(const KernelArguments &arguments, int64_t bits) {
  const Tensor &indices = arguments.inputs[0], &lut = arguments.inputs[1];
  const Tensor &y = arguments.results[0];
  for (int64_t i = 0; i < elementCount(y.dims); ++i) {
    int64_t index = 0;
    for (int64_t b = 0; b < bits; ++b) {
      const int64_t position = i * bits + b;
      const int64_t byte = static_cast<int64_t>(
          numberAt(indices, position / 8 * indices.strides[0]));
      index |= (byte >> (position % 8) & 1) << b;
    }
    const double number = numberAt(lut, index * lut.strides[0]);
    storeRow<double>(&number, y.storage, y.at(i), 1, 1);
  }
}

/// Every group of indices has a table of its own.
void lookUp(const KernelArguments &arguments) {
  const Tensor &indices = arguments.inputs[0], &lut = arguments.inputs[1];
  const Tensor &y = arguments.results[0];
  const size_t rank = indices.dims.size();
  Dims place(rank, 0);
  for (int64_t i = 0; i < elementCount(y.dims); ++i) {
    int64_t source = 0, table = 0;
    for (size_t d = 0; d < rank; ++d) {
      source += place[d] * indices.strides[d];
      table += place[d] / (indices.dims[d] / lut.dims[d]) * lut.strides[d];
    }
    const int64_t index = std::clamp<int64_t>(
        static_cast<int64_t>(numberAt(indices, source)), 0, lut.dims[rank] - 1);
    const double number = numberAt(lut, table + index * lut.strides[rank]);
    storeRow<double>(&number, y.storage, y.at(i), 1, 1);
    for (size_t d = rank; d-- > 0 && ++place[d] == indices.dims[d];)
      place[d] = 0;
  }
}

Result<Kernel> prepareLookup(Preparation &preparation) {
  ANEC_ASSIGN(mil::Type lut, preparation.operands.type("lut"));
  preparation.input("indices");
  preparation.input("lut");
  if (!preparation.operands.has("shape"))
    return Kernel(lookUp);
  int64_t bits = 0;
  while (int64_t(1) << bits < lut.dims[0])
    ++bits;
  return Kernel([bits](const KernelArguments &arguments) {
    lookUpPacked(arguments, bits);
  });
}

Result<Kernel> prepareConstexprCast(Preparation &preparation) {
  preparation.input("source_val");
  return Kernel([](const KernelArguments &arguments) {
    forEachChunk<double, 1>(arguments,
                            [](const auto &rows, double *y, int64_t count) {
                              std::copy_n(rows[0], count, y);
                            });
  });
}

} // namespace

void addFillingKernels(KernelTable &table) {
  table["range_1d"] = prepareRange;
  table["fill"] = prepareFill;
  table["slice_update"] = prepareSliceUpdate;
  table["constexpr_lut_to_dense"] = prepareLookup;
  table["constexpr_cast"] = prepareConstexprCast;
}

} // namespace anec::rt::cpu

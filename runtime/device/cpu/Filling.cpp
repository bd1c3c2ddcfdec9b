//===- Filling.cpp - Tensors made from few numbers ------------------------===//
//
// Ranges, fills and tensors with one slice replaced.
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

} // namespace

void addFillingKernels(KernelTable &table) {
  table["range_1d"] = prepareRange;
  table["fill"] = prepareFill;
  table["slice_update"] = prepareSliceUpdate;
}

} // namespace anec::rt::cpu

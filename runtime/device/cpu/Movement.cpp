//===- Movement.cpp - Operators that only move elements -------------------===//
//
// Those that are views of their operand are resolved when a program is
// loaded; these copy.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/Elementwise.h"

namespace anec::rt::cpu {

namespace {

/// `count` elements of `tensor` along `axis`, from `begin`, `stride` apart.
Tensor slice(const Tensor &tensor, size_t axis, int64_t begin, int64_t count,
             int64_t stride = 1) {
  Tensor part = tensor;
  part.data = tensor.at(begin * tensor.strides[axis]);
  part.dims[axis] = count;
  part.strides[axis] *= stride;
  return part;
}

Result<Kernel> prepareConcat(Preparation &preparation) {
  const mil::Operands &operands = preparation.operands;
  const int64_t rank = preparation.results[0].rank();
  const bool isStack = preparation.op == "stack";
  ANEC_ASSIGN(int64_t axis, operands.axis("axis", rank));
  ANEC_ASSIGN(bool interleave, operands.flag("interleave", false));
  for (size_t i = 0; i < operands.all("values").size(); ++i)
    preparation.input("values", i);
  return Kernel([=](const KernelArguments &arguments) {
    const size_t along = static_cast<size_t>(axis);
    const int64_t count = static_cast<int64_t>(arguments.inputs.size());
    int64_t begin = 0;
    for (Tensor value : arguments.inputs) {
      if (isStack) {
        value.dims.insert(value.dims.begin() + axis, 1);
        value.strides.insert(value.strides.begin() + axis, 0);
      }
      const int64_t size = value.dims[along];
      copy(value, slice(arguments.results[0], along, begin, size,
                        interleave ? count : 1));
      begin += interleave ? 1 : size;
    }
  });
}

/// Repeats by reading x through a view with strides of 0.
Result<Kernel> prepareTile(Preparation &preparation) {
  ANEC_ASSIGN(Dims reps, preparation.operands.integers("reps"));
  preparation.input("x");
  return Kernel([reps](const KernelArguments &arguments) {
    const Tensor &x = arguments.inputs[0], &y = arguments.results[0];
    Tensor from = x, to = y;
    from.dims.clear(), from.strides.clear();
    to.dims.clear(), to.strides.clear();
    for (size_t i = 0; i < reps.size(); ++i) {
      for (Tensor *tensor : {&from, &to}) {
        tensor->dims.push_back(reps[i]);
        tensor->dims.push_back(x.dims[i]);
      }
      from.strides.push_back(0);
      from.strides.push_back(x.strides[i]);
      to.strides.push_back(x.dims[i] * y.strides[i]);
      to.strides.push_back(y.strides[i]);
    }
    copy(from, to);
  });
}

/// The elements of `x` at `places` along `axis`, one slice at a time.
void takeAlong(const Tensor &x, const Tensor &y, size_t axis,
               const std::vector<int64_t> &places) {
  for (size_t i = 0; i < places.size(); ++i)
    copy(slice(x, axis, places[i], 1),
         slice(y, axis, static_cast<int64_t>(i), 1));
}

/// Pads the dimensions one after the other, from the inside out.
Result<Kernel> preparePad(Preparation &preparation) {
  const mil::Operands &operands = preparation.operands;
  ANEC_ASSIGN(Dims pad, operands.integers("pad"));
  ANEC_ASSIGN(std::string mode, operands.string("mode", "constant"));
  ANEC_ASSIGN(double constant, operands.number("constant_val", 0));
  preparation.input("x");
  return Kernel([=](const KernelArguments &arguments) {
    const Tensor &x = arguments.inputs[0], &y = arguments.results[0];
    const size_t first = x.dims.size() - pad.size() / 2;
    Tensor inside = y;
    for (size_t i = 0; i < pad.size(); i += 2)
      inside = slice(inside, first + i / 2, pad[i], x.dims[first + i / 2]);
    if (mode == "constant") {
      const std::vector<Tensor> none;
      forEachChunk<double, 0>(
          KernelArguments{none, arguments.results, arguments.pool},
          [&](const auto &, double *row, int64_t count) {
            std::fill_n(row, count, constant);
          });
      copy(x, inside);
      return;
    }
    copy(x, inside);
    for (size_t i = 0; i < pad.size(); i += 2) {
      const size_t axis = first + i / 2;
      const int64_t size = x.dims[axis];
      // Everything but this and later padded dimensions is complete.
      Tensor whole = inside;
      whole = slice(whole, axis, -pad[i], y.dims[axis]);
      for (int64_t place = 0; place < y.dims[axis]; ++place) {
        int64_t source = place - pad[i];
        if (source >= 0 && source < size)
          continue;
        if (mode == "replicate")
          source = std::clamp<int64_t>(source, 0, size - 1);
        else
          source = source < 0 ? -source : 2 * (size - 1) - source;
        copy(slice(whole, axis, source + pad[i], 1),
             slice(whole, axis, place, 1));
      }
      inside = whole;
    }
  });
}

/// Brings an index into [0, size); NumPy's negative ones count from the end.
int64_t wrapIndex(double index, int64_t size) {
  int64_t place = static_cast<int64_t>(index);
  place = place < 0 ? place + size : place;
  // Programs that read outside have no defined result; this one stays inside.
  return std::clamp<int64_t>(place, 0, size - 1);
}

double numberAt(const Tensor &tensor, int64_t offset) {
  double number;
  return *loadRow<double>(tensor.storage, tensor.at(offset), 1, 1, &number);
}

/// gather of one batch: the indices' dimensions replace the axis.
void gather(const Tensor &from, const Tensor &indices, Tensor to, size_t axis) {
  std::vector<int64_t> places;
  const Iteration<1> rows(indices.dims, {indices.strides});
  rows.forEach(0, rows.rowCount(), [&](const auto &row) {
    for (int64_t i = 0; i < rows.rowLength(); ++i)
      places.push_back(
          wrapIndex(numberAt(indices, row[0] + i * rows.innerStride(0)),
                    from.dims[axis]));
  });
  // The result is contiguous, so the dimensions of the indices are one.
  to.dims = from.dims;
  to.dims[axis] = static_cast<int64_t>(places.size());
  to.strides = contiguousStrides(to.dims);
  takeAlong(from, to, axis, places);
}

/// The part of `tensor` at `index` of its first dimension.
Tensor batchOf(const Tensor &tensor, int64_t index) {
  Tensor part = tensor;
  part.data = tensor.at(index * tensor.strides[0]);
  part.dims.erase(part.dims.begin());
  part.strides.erase(part.strides.begin());
  return part;
}

void gatherBatches(const Tensor &from, const Tensor &indices, const Tensor &to,
                   size_t axis, int64_t batchDims) {
  if (batchDims == 0) {
    gather(from, indices, to, axis);
    return;
  }
  for (int64_t i = 0; i < from.dims[0]; ++i)
    gatherBatches(batchOf(from, i), batchOf(indices, i), batchOf(to, i),
                  axis - 1, batchDims - 1);
}

Result<Kernel> prepareGather(Preparation &preparation) {
  const mil::Operands &operands = preparation.operands;
  ANEC_ASSIGN(mil::Type x, operands.type("x"));
  ANEC_ASSIGN(int64_t axis, operands.axis("axis", x.rank(), 0));
  ANEC_ASSIGN(int64_t batch, operands.integer("batch_dims", 0));
  preparation.input("x");
  preparation.input("indices");
  return Kernel([axis, batch](const KernelArguments &arguments) {
    gatherBatches(arguments.inputs[0], arguments.inputs[1],
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
    const Tensor &from = arguments.inputs[0], &indices = arguments.inputs[1];
    const Tensor &to = arguments.results[0];
    const size_t along = static_cast<size_t>(axis);
    Dims strides = from.strides;
    strides[along] = 0;
    const Iteration<3> rows(to.dims, {strides, indices.strides, to.strides});
    Tensor source = from, target = to;
    source.dims = target.dims = {1};
    source.strides = target.strides = {1};
    rows.forEach(0, rows.rowCount(), [&](const auto &row) {
      for (int64_t i = 0; i < rows.rowLength(); ++i) {
        const int64_t place =
            wrapIndex(numberAt(indices, row[1] + i * rows.innerStride(1)),
                      from.dims[along]);
        source.data = from.at(row[0] + i * rows.innerStride(0) +
                              place * from.strides[along]);
        target.data = to.at(row[2] + i * rows.innerStride(2));
        copy(source, target);
      }
    });
  });
}

Result<Kernel> prepareCopy(Preparation &preparation) {
  preparation.input("x");
  return Kernel([](const KernelArguments &arguments) {
    Tensor to = arguments.results[0];
    to.dims = arguments.inputs[0].dims;
    to.strides = contiguousStrides(to.dims);
    copy(arguments.inputs[0], to);
  });
}

} // namespace

void addMovementKernels(KernelTable &table) {
  table["concat"] = prepareConcat;
  table["stack"] = prepareConcat;
  table["tile"] = prepareTile;
  table["pad"] = preparePad;
  table["gather"] = prepareGather;
  table["gather_along_axis"] = prepareGatherAlongAxis;
  // For reshapes that no view can express.
  table["reshape"] = prepareCopy;
}

} // namespace anec::rt::cpu

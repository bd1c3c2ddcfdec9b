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
      // Scalars are concatenated like vectors of one.
      if (isStack || value.dims.empty()) {
        value.dims.insert(value.dims.begin() + axis, 1);
        value.strides.insert(value.strides.begin() + axis, 0);
      }
      const int64_t size = value.dims[along];
      copy(value,
           slice(arguments.results[0], along, begin, size,
                 interleave ? count : 1),
           arguments.pool);
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
    copy(from, to, arguments.pool);
  });
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
  // For reshapes that no view can express.
  for (const char *name : {"reshape", "reshape_like", "flatten2d"})
    table[name] = prepareCopy;
}

} // namespace anec::rt::cpu

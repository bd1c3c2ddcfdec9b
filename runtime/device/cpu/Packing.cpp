//===- Packing.cpp - Left operands of products that are packed ------------===//
//
// Constants are packed when a program is compiled. Parts of inputs are packed
// by whoever stages them: the program only says which parts those are, and what
// it reads in any other way.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/Compiler.h"
#include "runtime/device/cpu/InputParts.h"

#include <algorithm>
#include <cstdlib>

namespace anec::rt::cpu {

namespace {

/// A matrix inside a layout; strides in elements.
struct LeftOperand {
  int64_t rows, terms, rowStride, termStride;
};

std::optional<LeftOperand> leftOperand(const Layout &layout, PackedForm form) {
  if (layout.storage != Storage::F16 && layout.storage != Storage::F32)
    return std::nullopt;
  const size_t rank = layout.dims.size();
  if (form == PackedForm::Filters) {
    const int64_t terms = elementCount(layout.dims) / layout.dims[0];
    if (!layout.isContiguous())
      return std::nullopt;
    return LeftOperand{layout.dims[0], terms, terms, 1};
  }
  if (rank < 2 || std::any_of(
                      layout.dims.begin(), layout.dims.end() - 2,
                      [](int64_t size) { return size != 1; }))
    return std::nullopt;
  LeftOperand operand{layout.dims[rank - 2], layout.dims[rank - 1],
                      layout.strides[rank - 2], layout.strides[rank - 1]};
  if (form == PackedForm::Transposed) {
    std::swap(operand.rows, operand.terms);
    std::swap(operand.rowStride, operand.termStride);
  }
  return operand;
}

/// The rectangle that the operand is, when it is one.
std::optional<PackedPart> partOf(const LeftOperand &operand, int64_t offset,
                                 size_t port, int64_t width) {
  PackedPart part;
  part.port = port;
  part.channel = offset / width;
  part.column = offset % width;
  if (operand.rowStride == width && operand.termStride == 1) {
    part.channels = operand.rows;
    part.columns = operand.terms;
  } else if (operand.rowStride == 1 && operand.termStride == width) {
    part.channels = operand.terms;
    part.columns = operand.rows;
    part.transposed = true;
  } else {
    return std::nullopt;
  }
  if (part.column + part.columns > width)
    return std::nullopt;
  return part;
}

} // namespace

void Compiler::planPacking(Step &step) {
  if (!step.packable)
    return;
  const ValueRef &value = step.inputs[step.packable->input];
  const Buffer &buffer = program->buffers[value.buffer];
  std::optional<LeftOperand> operand =
      leftOperand(value.layout, step.packable->form);
  if (!operand)
    return;
  if (buffer.kind == BufferKind::Constant) {
    Tensor constant;
    static_cast<Layout &>(constant) = value.layout;
    constant.data = program->constants[buffer.index].data();
    const MatrixType type = matrixTypeOf(value.layout.storage);
    step.packedConstant = program->packedConstants.size();
    program->packedConstants.emplace_back(operand->rows, operand->terms, type);
    program->packedConstants.back().pack(ConstMatrix(constant.at(value.offset),
                                                     type, operand->rowStride,
                                                     operand->termStride),
                                         pool);
    return;
  }
  if (!program->isPort(buffer))
    return;
  const int64_t width = widthOf(program->inputPorts[buffer.index].layout);
  if (width == 0)
    return;
  if (auto part = partOf(*operand, value.offset, buffer.index, width)) {
    step.packedPart = program->parts.size();
    program->parts.push_back(*part);
  }
}

void Compiler::findReads() {
  for (const Step &step : program->steps)
    for (size_t i = 0; i < step.inputs.size(); ++i) {
      const ValueRef &value = step.inputs[i];
      const Buffer &buffer = program->buffers[value.buffer];
      if (!program->isPort(buffer) ||
          (step.packedPart && step.packable->input == i))
        continue;
      program->reads.push_back(
          {boundsOf(value.layout, value.offset,
                    program->inputPorts[buffer.index].layout),
           buffer.index});
    }
}

void Compiler::freePackedConstants() {
  std::vector<bool> isRead(program->constants.size(), false);
  for (const Step &step : program->steps)
    for (size_t i = 0; i < step.inputs.size(); ++i) {
      const Buffer &buffer = program->buffers[step.inputs[i].buffer];
      if (buffer.kind == BufferKind::Constant &&
          !(step.packedConstant && step.packable->input == i))
        isRead[buffer.index] = true;
    }
  for (size_t i = 0; i < isRead.size(); ++i)
    if (!isRead[i])
      program->constants[i] = AlignedBuffer<uint8_t>();
}

} // namespace anec::rt::cpu

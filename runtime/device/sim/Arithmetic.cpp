//===- Arithmetic.cpp - Where the ANE's results differ --------------------===//
//
// Works on the bits of fp16 numbers. Healthy results are only looked at.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/sim/Arithmetic.h"

#include "runtime/gemm/PackedMatrix.h"
#include "runtime/support/Half.h"
#include "runtime/support/ThreadPool.h"

#include <atomic>
#include <cstring>

namespace anec::rt::sim {
namespace {

constexpr uint16_t infinity = 0x7c00, signBit = 0x8000, magnitude = 0x7fff;
constexpr uint16_t smallestNormal = 0x0400;
/// -45440, which the device answers for log(0).
constexpr uint16_t logarithmOfZero = 0xf98c;
constexpr int64_t tile = 1 << 15;

uint16_t bitsOf(double value) {
  const half number = static_cast<half>(value);
  uint16_t bits;
  std::memcpy(&bits, &number, sizeof bits);
  return bits;
}

/// What is corrected in the results of one kernel.
struct Correction {
  /// Magnitudes from here on become infinite.
  uint16_t limit = infinity;
  /// Magnitudes below become 0.
  uint16_t smallest = 0;
  bool isLogarithm = false, hasNoNan = true;

  bool concerns(uint16_t bits) const {
    const uint16_t size = bits & magnitude;
    return size >= limit || (size != 0 && size < smallest);
  }
};

bool anyConcerned(const Correction &correction, const uint16_t *values,
                  int64_t count) {
  bool found = false;
  for (int64_t i = 0; i < count; ++i)
    found |= correction.concerns(values[i]);
  return found;
}

uint16_t corrected(const Correction &correction, uint16_t bits,
                   bool operandHasNan) {
  const uint16_t size = bits & magnitude;
  if (size > infinity)
    return !correction.hasNoNan ? bits : operandHasNan ? infinity : 0;
  if (size < correction.smallest)
    return 0;
  if (size < correction.limit)
    return bits;
  if (correction.isLogarithm && bits == (signBit | infinity))
    return logarithmOfZero;
  return static_cast<uint16_t>((bits & signBit) | infinity);
}

bool hasNan(const cpu::Tensor &tensor) {
  if (tensor.storage != cpu::Storage::F16)
    return false;
  cpu::Tensor copy = tensor;
  copy.strides = cpu::contiguousStrides(copy.dims);
  std::vector<uint16_t> values(
      static_cast<size_t>(cpu::elementCount(tensor.dims)));
  copy.data = values.data();
  if (tensor.packed) {
    const PackedMatrix &packed = *tensor.packed;
    values.resize(static_cast<size_t>(packed.rows() * packed.depth()));
    packed.unpack(Matrix(values.data(), MatrixType::F16, packed.depth(), 1));
  } else {
    cpu::copy(tensor, copy);
  }
  for (uint16_t value : values)
    if ((value & magnitude) > infinity)
      return true;
  return false;
}

void correct(const Correction &correction,
             const cpu::KernelArguments &arguments) {
  for (const cpu::Tensor &result : arguments.results) {
    if (result.storage != cpu::Storage::F16)
      continue;
    auto *values = static_cast<uint16_t *>(result.data);
    const int64_t count = cpu::elementCount(result.dims);
    std::atomic<bool> concerned{false};
    arguments.pool.parallelTiles(count, tile, [&](int64_t begin, int64_t end) {
      if (anyConcerned(correction, values + begin, end - begin))
        concerned = true;
    });
    if (!concerned)
      continue;
    bool operandHasNan = false;
    for (const cpu::Tensor &input : arguments.inputs)
      operandHasNan |= hasNan(input);
    for (int64_t i = 0; i < count; ++i)
      values[i] = corrected(correction, values[i], operandHasNan);
  }
}

bool isProduct(const std::string &op) {
  return op == "matmul" || op == "linear" || op == "conv" ||
         op == "conv_transpose";
}

} // namespace

cpu::KernelWrapper aneArithmetic(const RuntimeRules &rules,
                                 bool flushDenormals) {
  const uint16_t limit = bitsOf(rules.productLimit);
  const uint16_t smallest =
      flushDenormals && rules.flushesDenormals ? smallestNormal : 0;
  return [limit, smallest,
          noNan = rules.hasNoNan](const cpu::Preparation &preparation,
                                  cpu::Kernel kernel) -> cpu::Kernel {
    Correction correction;
    correction.hasNoNan = noNan;
    if (isProduct(preparation.op)) {
      correction.limit = limit;
      correction.smallest = smallest;
    }
    correction.isLogarithm = preparation.op == "log";
    return [correction,
            kernel = std::move(kernel)](const cpu::KernelArguments &arguments) {
      kernel(arguments);
      correct(correction, arguments);
    };
  };
}

} // namespace anec::rt::sim

//===- Arithmetic.cpp - Where the ANE's results differ --------------------===//
//
// Works on the bits of fp16 numbers. Healthy results are only looked at.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/sim/Arithmetic.h"

#include "runtime/device/sim/ActivationTable.h"
#include "runtime/device/sim/PartialSums.h"
#include "runtime/gemm/PackedMatrix.h"
#include "runtime/support/Half.h"
#include "runtime/support/ThreadPool.h"

#include <algorithm>
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

bool isNan(uint16_t bits) { return (bits & magnitude) > infinity; }

/// The elements of an fp16 tensor, row by row.
std::vector<uint16_t> elementsOf(const cpu::Tensor &tensor) {
  std::vector<uint16_t> values(
      static_cast<size_t>(cpu::elementCount(tensor.dims)));
  if (tensor.packed) {
    const PackedMatrix &packed = *tensor.packed;
    values.resize(static_cast<size_t>(packed.rows() * packed.depth()));
    packed.unpack(Matrix(values.data(), MatrixType::F16, packed.depth(), 1));
    return values;
  }
  cpu::Tensor copy = tensor;
  copy.strides = cpu::contiguousStrides(copy.dims);
  copy.data = values.data();
  cpu::copy(tensor, copy);
  return values;
}

bool hasNan(const cpu::Tensor &tensor) {
  if (tensor.storage != cpu::Storage::F16)
    return false;
  const std::vector<uint16_t> values = elementsOf(tensor);
  return std::any_of(values.begin(), values.end(), isNan);
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

bool isOneOf(const std::string &op, std::initializer_list<const char *> ops) {
  return std::find(ops.begin(), ops.end(), op) != ops.end();
}

bool isProduct(const std::string &op) {
  return isOneOf(op, {"matmul", "linear", "conv", "conv_transpose"});
}

/// Whether the result for a NaN is another than a NaN or +infinity.
bool hidesNan(const std::string &op) {
  return isOneOf(op, {"sigmoid", "tanh", "erf", "sigmoid_hard", "atan", "sign",
                      "relu", "relu6", "clip", "maximum", "minimum", "inverse",
                      "rsqrt", "real_div", "pow", "softmax"});
}

/// Calls `kernel` on inputs in which NaN is +infinity; the largest finite
/// number for softmax, of which such an element gets everything.
cpu::Kernel takingNanAsInfinity(cpu::Kernel kernel, bool isSoftmax) {
  return [kernel = std::move(kernel),
          isSoftmax](const cpu::KernelArguments &arguments) {
    std::vector<std::vector<uint16_t>> copies;
    std::vector<cpu::Tensor> inputs = arguments.inputs;
    const uint16_t replacement = isSoftmax ? infinity - 1 : infinity;
    auto replaced = [&](uint16_t bits) {
      return isNan(bits) || (isSoftmax && bits == infinity);
    };
    for (cpu::Tensor &input : inputs) {
      if (input.storage != cpu::Storage::F16)
        continue;
      std::vector<uint16_t> values = elementsOf(input);
      if (std::none_of(values.begin(), values.end(), replaced))
        continue;
      std::replace_if(values.begin(), values.end(), replaced, replacement);
      copies.push_back(std::move(values));
      input.data = copies.back().data();
      input.strides = cpu::contiguousStrides(input.dims);
      input.packed = nullptr;
    }
    cpu::KernelArguments changed{inputs, arguments.results, arguments.pool,
                                 arguments.error, arguments.product};
    kernel(changed);
  };
}

/// The table's value for each fp16 number, by its bits.
std::vector<uint16_t> allValues(const ActivationTable &table) {
  std::vector<uint16_t> values(1 << 16);
  for (size_t bits = 0; bits < values.size(); ++bits) {
    const auto pattern = static_cast<uint16_t>(bits);
    half x;
    std::memcpy(&x, &pattern, sizeof x);
    values[bits] = bitsOf(static_cast<float>(table(x)));
  }
  return values;
}

cpu::Kernel fromTable(const ActivationTable &table, cpu::Kernel exact) {
  return [values = allValues(table),
          exact = std::move(exact)](const cpu::KernelArguments &arguments) {
    const cpu::Tensor &y = arguments.results[0];
    if (arguments.inputs[0].storage != cpu::Storage::F16 ||
        y.storage != cpu::Storage::F16)
      return exact(arguments);
    cpu::copy(arguments.inputs[0], y, arguments.pool);
    auto *elements = static_cast<uint16_t *>(y.data);
    arguments.pool.parallelTiles(cpu::elementCount(y.dims), tile,
                                 [&](int64_t begin, int64_t end) {
                                   for (int64_t i = begin; i < end; ++i)
                                     elements[i] = values[elements[i]];
                                 });
  };
}

/// Calls `kernel` with `product` in place of gemm.
cpu::Kernel withProduct(cpu::Kernel kernel,
                        const cpu::ProductFunction &product) {
  return [kernel = std::move(kernel),
          product](const cpu::KernelArguments &arguments) {
    kernel({arguments.inputs, arguments.results, arguments.pool,
            arguments.error, &product});
  };
}

/// The kernel as the chip computes it, before its results are corrected.
cpu::Kernel imitated(cpu::Preparation &preparation, cpu::Kernel kernel,
                     const RuntimeRules &rules, const Imitations &imitations) {
  const std::string &op = preparation.op;
  if (imitations.tables)
    if (auto table = ActivationTable::of(op, rules.tableKnots))
      return fromTable(*table, std::move(kernel));
  if (imitations.narrowSums && (op == "reduce_sum" || op == "reduce_mean"))
    if (auto sum = narrowSum(preparation, rules.exactCount))
      return *sum;
  if (imitations.partialSums) {
    preparation.neverPacked();
    kernel =
        withProduct(std::move(kernel),
                    [lanes = rules.lanes, limit = rules.productLimit](
                        int64_t m, int64_t n, int64_t k, const ConstMatrix &a,
                        const ConstMatrix &b, GemmMode mode, const Matrix &c,
                        ThreadPool &pool) {
                      laneProduct(lanes, limit, m, n, k, a, b, mode, c, pool);
                    });
  }
  if (rules.hasNoNan && hidesNan(op))
    kernel = takingNanAsInfinity(std::move(kernel), op == "softmax");
  return kernel;
}

} // namespace

cpu::KernelWrapper aneArithmetic(const RuntimeRules &rules,
                                 const Imitations &imitations) {
  return [rules, imitations](cpu::Preparation &preparation,
                             cpu::Kernel kernel) -> cpu::Kernel {
    Correction correction;
    correction.hasNoNan = rules.hasNoNan;
    if (isProduct(preparation.op)) {
      correction.limit = bitsOf(rules.productLimit);
      if (imitations.denormals && rules.flushesDenormals)
        correction.smallest = smallestNormal;
    }
    correction.isLogarithm = preparation.op == "log";
    return [correction, kernel = imitated(preparation, std::move(kernel), rules,
                                          imitations)](
               const cpu::KernelArguments &arguments) {
      kernel(arguments);
      correct(correction, arguments);
    };
  };
}

} // namespace anec::rt::sim

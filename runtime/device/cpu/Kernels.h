//===- Kernels.h - What computes operators ----------------------*- C++ -*-===//
//
// One row per operator. A row prepares a statement once, checking everything
// that can be wrong; the kernel it returns only computes.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_CPU_KERNELS_H
#define ANEC_RUNTIME_DEVICE_CPU_KERNELS_H

#include "runtime/device/cpu/RowOperation.h"
#include "runtime/mil/Operands.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace anec::rt {
class ThreadPool;
}

namespace anec::rt::cpu {

/// Computes c = a b or c += a b, as gemm does, with another arithmetic.
using ProductFunction = std::function<void(
    int64_t m, int64_t n, int64_t k, const ConstMatrix &a, const ConstMatrix &b,
    GemmMode mode, const Matrix &c, ThreadPool &pool)>;

/// What a kernel works on. Results never overlap inputs.
struct KernelArguments {
  const std::vector<Tensor> &inputs;
  const std::vector<Tensor> &results;
  ThreadPool &pool;
  /// Takes what only the elements can show to be wrong, such as an index
  /// outside a tensor; empty otherwise. Not to be used on several threads.
  std::string *error = nullptr;
  /// In place of gemm, for devices that imitate others; then no input is
  /// packed.
  const ProductFunction *product = nullptr;
  /// For products: that of the step before may have the same right operand.
  RepeatedRight *right = nullptr;
  /// For products: nobody needs what is above the diagonals of the result, as
  /// long as its numbers are at most `maskedScore`.
  bool isMasked = false;
};

/// What masks cover: scores of at most 1,000 and masks of at most -30,000 make
/// probabilities of 0 beside one of at least -1,000.
constexpr float maskedScore = 1000, coveringMask = -30000;

/// Computes one statement; every element of every result is written unless
/// there is an error.
using Kernel = std::function<void(const KernelArguments &)>;

/// Which matrix [rows, terms] a packed input is: the last two dimensions where
/// all others are 1, the same transposed, or the first and all others.
enum class PackedForm { Matrix, Transposed, Filters };

/// An input of a kernel that may come as a packed matrix.
struct PackableInput {
  size_t input;
  PackedForm form;
};

/// One statement before execution.
class Preparation {
public:
  Preparation(std::string op, const mil::Operands &operands,
              std::vector<Layout> results, Numerics numerics)
      : op(std::move(op)), operands(operands), results(std::move(results)),
        numerics(numerics) {}

  const std::string op;
  const mil::Operands &operands;
  const std::vector<Layout> results;
  const Numerics numerics;

  /// Makes a value an input of the kernel; its place among the inputs.
  size_t input(const std::string &parameter, size_t index = 0) {
    used.push_back({parameter, index});
    return used.size() - 1;
  }
  /// Unsupported when `parameter` does not hold floats.
  std::optional<Error> expectFloat(const std::string &parameter) const;

  /// Says that the kernel takes an input as a packed matrix too.
  void mayBePacked(size_t input, PackedForm form) {
    packable = PackableInput{input, form};
  }
  const std::optional<PackableInput> &packableInput() const { return packable; }
  /// Takes that back.
  void neverPacked() { packable.reset(); }

  /// Says that the kernel computes what `operation` describes.
  void goesByRows(RowOperation operation) { rows = std::move(operation); }
  const std::optional<RowOperation> &rowOperation() const { return rows; }

  struct Use {
    std::string parameter;
    size_t index;
  };
  const std::vector<Use> &inputs() const { return used; }

private:
  std::vector<Use> used;
  std::optional<PackableInput> packable;
  std::optional<RowOperation> rows;
};

/// Makes another kernel of the one of a statement, for devices that imitate
/// others. The compiler then leaves statements apart.
using KernelWrapper = std::function<Kernel(Preparation &, Kernel)>;

using Prepare = Result<Kernel> (*)(Preparation &preparation);
using KernelTable = std::map<std::string, Prepare, std::less<>>;

/// All operators that compute. Constants and views are not among them.
const KernelTable &kernelTable();

void addElementwiseKernels(KernelTable &table);
void addUnaryKernels(KernelTable &table);
void addReductionKernels(KernelTable &table);
void addLineKernels(KernelTable &table);
void addSoftmaxKernels(KernelTable &table);
void addProductKernels(KernelTable &table);
void addConvolutionKernels(KernelTable &table);
void addMovementKernels(KernelTable &table);
void addFillingKernels(KernelTable &table);
void addPoolingKernels(KernelTable &table);
void addQuantizationKernels(KernelTable &table);
void addCompressedKernels(KernelTable &table);
void addGatherKernels(KernelTable &table);
void addIndexingKernels(KernelTable &table);
void addLstmKernels(KernelTable &table);
void addNormalizationKernels(KernelTable &table);
void addRearrangementKernels(KernelTable &table);
void addResamplingKernels(KernelTable &table);
void addScatterKernels(KernelTable &table);
void addTransposedConvolutionKernels(KernelTable &table);

} // namespace anec::rt::cpu

#endif // ANEC_RUNTIME_DEVICE_CPU_KERNELS_H

//===- Convolution.cpp - Convolution in one to three dimensions -----------===//
//
// A kernel of size 1 is a matrix product on the image as it is; any other
// first gathers what each output position sees.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/Elementwise.h"
#include "runtime/gemm/PackedMatrix.h"
#include "runtime/mil/OpTable.h"
#include "runtime/support/AlignedBuffer.h"

#include <cstring>

namespace anec::rt::cpu {

namespace {

using mil::ConvWindow;

/// Dimensions of x are [batch, channel, space...], of the weight [output
/// channel, channel of the group, space...].
struct Convolution {
  std::vector<ConvWindow> windows;
  int64_t groups;

  /// Every output position sees one input position, in the same order.
  bool isPointwise() const {
    for (const ConvWindow &window : windows)
      if (window.kernel != 1 || window.stride != 1 || window.before != 0 ||
          window.after != 0)
        return false;
    return true;
  }
};

/// The layout with all spatial dimensions as one, where that is a view.
std::optional<Tensor> flattenSpace(const Tensor &tensor, size_t kept) {
  Dims dims(tensor.dims.begin(),
            tensor.dims.begin() + static_cast<int64_t>(kept));
  int64_t space = 1;
  for (size_t i = kept; i < tensor.dims.size(); ++i)
    space *= tensor.dims[i];
  dims.push_back(space);
  std::optional<Dims> strides = reshapedStrides(tensor, dims);
  if (!strides)
    return std::nullopt;
  Tensor flat = tensor;
  flat.dims = dims;
  flat.strides = *strides;
  return flat;
}

/// A contiguous copy in `memory`.
Tensor compact(const Tensor &tensor, AlignedBuffer<uint8_t> &memory) {
  Tensor result = tensor;
  result.strides = contiguousStrides(tensor.dims);
  result.data =
      memory.reserve(elementCount(tensor.dims) * storageSize(tensor.storage));
  copy(tensor, result);
  return result;
}

/// What each output position sees, as a matrix [channels * kernel, outputs] in
/// `target`, for the channels of one group of one image.
void gatherWindows(const Tensor &x, int64_t image, int64_t firstChannel,
                   int64_t channels, const std::vector<ConvWindow> &windows,
                   uint8_t *target, ThreadPool &pool) {
  const int64_t size = storageSize(x.storage);
  int64_t kernel = 1, outputs = 1;
  for (const ConvWindow &window : windows) {
    kernel *= window.kernel;
    outputs *= window.output;
  }
  auto gatherRow = [&](int64_t row) {
    const int64_t channel = firstChannel + row / kernel;
    Dims tap(windows.size());
    for (int64_t d = static_cast<int64_t>(windows.size()) - 1,
                 rest = row % kernel;
         d >= 0; --d) {
      tap[d] = rest % windows[d].kernel;
      rest /= windows[d].kernel;
    }
    const int64_t base = image * x.strides[0] + channel * x.strides[1];
    for (int64_t output = 0; output < outputs; ++output) {
      int64_t offset = base, rest = output;
      bool inside = true;
      for (int64_t d = static_cast<int64_t>(windows.size()) - 1; d >= 0; --d) {
        const ConvWindow &window = windows[d];
        const int64_t place = rest % window.output * window.stride +
                              tap[d] * window.dilation - window.before;
        rest /= window.output;
        inside &= place >= 0 && place < x.dims[d + 2];
        offset += place * x.strides[d + 2];
      }
      uint8_t *to = target + (row * outputs + output) * size;
      if (inside)
        std::memcpy(to, x.at(offset), static_cast<size_t>(size));
      else
        std::memset(to, 0, static_cast<size_t>(size));
    }
  };
  pool.parallelTiles(channels * kernel,
                     std::max<int64_t>(1, elementsPerTask / (outputs + 1)),
                     [&](int64_t begin, int64_t end) {
                       for (int64_t row = begin; row < end; ++row)
                         gatherRow(row);
                     });
}

/// Fills the sums [channels, outputs] with the bias of their channel.
template <typename T>
void fillBias(const Tensor &bias, int64_t firstChannel, int64_t channels,
              int64_t outputs, void *sums) {
  T *row = static_cast<T *>(sums);
  for (int64_t c = 0; c < channels; ++c, row += outputs) {
    T number;
    const void *place = bias.at((firstChannel + c) * bias.strides[0]);
    std::fill_n(row, outputs, *loadRow<T>(bias.storage, place, 1, 1, &number));
  }
}

/// Rounds the sums [channels, outputs] into the result.
template <typename T>
void storeSums(const void *sums, int64_t channels, int64_t outputs,
               const Tensor &y, int64_t offset) {
  for (int64_t c = 0; c < channels; ++c)
    storeRow<T>(static_cast<const T *>(sums) + c * outputs, y.storage,
                y.at(offset + c * y.strides[1]), y.strides[2], outputs);
}

/// One image, one group: y = weight * seen + bias.
void convolve(const ConstMatrix &weight, const PackedMatrix *packed,
              const ConstMatrix &seen, int64_t inner, const Tensor *bias,
              const Tensor &y, int64_t image, int64_t firstChannel,
              int64_t channels, const KernelArguments &arguments) {
  ThreadPool &pool = arguments.pool;
  const int64_t outputs = y.dims[2];
  const int64_t offset = image * y.strides[0] + firstChannel * y.strides[1];
  const MatrixType type = matrixTypeOf(y.storage);
  auto multiply = [&](GemmMode mode, const Matrix &result) {
    if (arguments.product)
      (*arguments.product)(channels, outputs, inner, weight, seen, mode, result,
                           pool);
    else if (packed)
      gemm(outputs, 1, *packed, seen, mode, result, pool);
    else
      gemm(channels, outputs, inner, 1, weight, seen, mode, result, pool);
  };
  if (!bias)
    return multiply(GemmMode::Overwrite,
                    Matrix(y.at(offset), type, y.strides[1], y.strides[2]));
  // The bias is part of the sum, which is rounded once.
  const bool isDouble = type == MatrixType::F64;
  AlignedBuffer<double> sums(channels * outputs);
  if (isDouble)
    fillBias<double>(*bias, firstChannel, channels, outputs, sums.data());
  else
    fillBias<float>(*bias, firstChannel, channels, outputs, sums.data());
  multiply(GemmMode::Accumulate,
           Matrix(sums.data(), isDouble ? MatrixType::F64 : MatrixType::F32,
                  outputs, 1));
  if (isDouble)
    storeSums<double>(sums.data(), channels, outputs, y, offset);
  else
    storeSums<float>(sums.data(), channels, outputs, y, offset);
}

void run(const Convolution &convolution, const KernelArguments &arguments) {
  const Tensor &image = arguments.inputs[0];
  AlignedBuffer<uint8_t> imageCopy, weightCopy, windows;
  const bool isPointwise = convolution.isPointwise();
  Tensor x = image;
  if (isPointwise) {
    std::optional<Tensor> flat = flattenSpace(image, 2);
    x = flat ? *flat : *flattenSpace(compact(image, imageCopy), 2);
  }
  const Tensor &filter = arguments.inputs[1];
  std::optional<Tensor> flatFilter = flattenSpace(filter, 1);
  const Tensor weight =
      flatFilter ? *flatFilter : *flattenSpace(compact(filter, weightCopy), 1);
  const Tensor y = *flattenSpace(arguments.results[0], 2);
  const Tensor *bias =
      arguments.inputs.size() > 2 ? &arguments.inputs[2] : nullptr;

  const int64_t groups = convolution.groups;
  const int64_t channels = y.dims[1] / groups;
  const int64_t inputChannels = image.dims[1] / groups;
  const int64_t inner = weight.dims[1];
  for (int64_t n = 0; n < y.dims[0]; ++n)
    for (int64_t g = 0; g < groups; ++g) {
      const ConstMatrix filters(weight.at(g * channels * weight.strides[0]),
                                matrixTypeOf(weight.storage), weight.strides[0],
                                weight.strides[1]);
      ConstMatrix seen(
          x.at(n * x.strides[0] + g * inputChannels * x.strides[1]),
          matrixTypeOf(x.storage), x.strides[1], x.strides[2]);
      if (!isPointwise) {
        uint8_t *memory =
            windows.reserve(inner * y.dims[2] * storageSize(x.storage));
        gatherWindows(image, n, g * inputChannels, inputChannels,
                      convolution.windows, memory, arguments.pool);
        seen = ConstMatrix(memory, matrixTypeOf(x.storage), y.dims[2], 1);
      }
      convolve(filters, filter.packed, seen, inner, bias, y, n, g * channels,
               channels, arguments);
    }
}

Result<Kernel> prepareConvolution(Preparation &preparation) {
  ANEC_TRY(preparation.expectFloat("x"));
  ANEC_TRY(preparation.expectFloat("weight"));
  const mil::Operands &operands = preparation.operands;
  ANEC_ASSIGN(mil::Type x, operands.type("x"));
  ANEC_ASSIGN(mil::Type weight, operands.type("weight"));
  Convolution convolution;
  ANEC_ASSIGN(convolution.groups, operands.integer("groups", 1));
  ANEC_ASSIGN(convolution.windows,
              mil::convWindows(operands, x.dims, weight.dims));
  preparation.input("x");
  const size_t filters = preparation.input("weight");
  if (convolution.groups == 1)
    preparation.mayBePacked(filters, PackedForm::Filters);
  if (operands.has("bias"))
    preparation.input("bias");
  return Kernel([convolution](const KernelArguments &arguments) {
    run(convolution, arguments);
  });
}

} // namespace

void addConvolutionKernels(KernelTable &table) {
  table["conv"] = prepareConvolution;
}

} // namespace anec::rt::cpu

//===- TransposedConvolution.cpp - The gradient of a convolution ----------===//
//
//   y[o * stride + k * dilation - before] += x[o] * w[k]
//
// Shapes    x: [batch, inputs, space...]; w: [inputs, outputs / groups,
//           space...]; y: [batch, outputs, space...], up to three dimensions.
// Numerics  double sums, rounded once with the bias.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/Elements.h"
#include "runtime/device/cpu/Kernels.h"
#include "runtime/mil/OpTable.h"
#include "runtime/support/ThreadPool.h"

#include <array>

namespace anec::rt::cpu {

namespace {

using mil::ConvWindow;
using Windows = std::array<ConvWindow, 3>;

/// Missing dimensions in front have size 1.
struct TransposedConvolution {
  Windows windows;
  std::array<int64_t, 3> sizes;
  int64_t groups;

  int64_t inputSpace() const { return sizes[0] * sizes[1] * sizes[2]; }
  int64_t outputSpace() const {
    return windows[0].output * windows[1].output * windows[2].output;
  }
  int64_t kernelSpace() const {
    return windows[0].kernel * windows[1].kernel * windows[2].kernel;
  }

  /// Adds one input channel, filtered, to one output channel.
  void addChannel(const double *x, const double *weight, double *y) const {
    std::array<int64_t, 3> k{};
    for (k[0] = 0; k[0] < windows[0].kernel; ++k[0])
      for (k[1] = 0; k[1] < windows[1].kernel; ++k[1])
        for (k[2] = 0; k[2] < windows[2].kernel; ++k[2])
          addTap(x, *weight++, k, y);
  }

private:
  /// Where position `o` of dimension `d` goes; -1 when it is cut off.
  int64_t target(size_t d, int64_t o, int64_t tap) const {
    const ConvWindow &window = windows[d];
    const int64_t place =
        o * window.stride + tap * window.dilation - window.before;
    return place >= 0 && place < window.output ? place : -1;
  }

  void addTap(const double *x, double weight, const std::array<int64_t, 3> &k,
              double *y) const {
    for (int64_t a = 0; a < sizes[0]; ++a) {
      const int64_t plane = target(0, a, k[0]);
      for (int64_t b = 0; b < sizes[1]; ++b) {
        const int64_t row = target(1, b, k[1]);
        for (int64_t c = 0; c < sizes[2]; ++c, ++x) {
          const int64_t column = target(2, c, k[2]);
          if (plane >= 0 && row >= 0 && column >= 0)
            y[(plane * windows[1].output + row) * windows[2].output + column] +=
                *x * weight;
        }
      }
    }
  }
};

void run(const TransposedConvolution &convolution,
         const KernelArguments &arguments) {
  const Numbers x = numbersOf(arguments.inputs[0]);
  const Numbers weight = numbersOf(arguments.inputs[1]);
  const bool hasBias = arguments.inputs.size() > 2;
  const Numbers bias = hasBias ? numbersOf(arguments.inputs[2]) : Numbers();
  const int64_t batch = arguments.inputs[0].dims[0];
  const int64_t inputs = arguments.inputs[0].dims[1];
  const int64_t outputs = arguments.results[0].dims[1];
  const int64_t perGroup = outputs / convolution.groups;
  const int64_t inputsPerGroup = inputs / convolution.groups;
  const int64_t space = convolution.outputSpace();
  Numbers y(static_cast<size_t>(batch * outputs * space), 0);
  arguments.pool.parallelFor(batch * outputs, [&](int64_t i) {
    const int64_t image = i / outputs, channel = i % outputs;
    double *target = y.data() + i * space;
    if (hasBias)
      std::fill_n(target, space, bias[static_cast<size_t>(channel)]);
    const int64_t first = channel / perGroup * inputsPerGroup;
    for (int64_t c = first; c < first + inputsPerGroup; ++c)
      convolution.addChannel(
          x.data() + (image * inputs + c) * convolution.inputSpace(),
          weight.data() +
              (c * perGroup + channel % perGroup) * convolution.kernelSpace(),
          target);
  });
  storeNumbers(y, arguments.results[0]);
}

Result<Kernel> prepareTransposed(Preparation &preparation) {
  ANEC_TRY(preparation.expectFloat("x"));
  ANEC_TRY(preparation.expectFloat("weight"));
  const mil::Operands &operands = preparation.operands;
  ANEC_ASSIGN(mil::Type x, operands.type("x"));
  ANEC_ASSIGN(mil::Type weight, operands.type("weight"));
  ANEC_ASSIGN(std::vector<ConvWindow> windows,
              mil::transposedWindows(operands, x.dims, weight.dims));
  TransposedConvolution convolution{};
  ANEC_ASSIGN(convolution.groups, operands.integer("groups", 1));
  const size_t missing = convolution.windows.size() - windows.size();
  for (size_t d = 0; d < convolution.windows.size(); ++d) {
    const bool isMissing = d < missing;
    convolution.windows[d] =
        isMissing ? ConvWindow{1, 1, 1, 0, 0, 1} : windows[d - missing];
    convolution.sizes[d] = isMissing ? 1 : x.dims[2 + d - missing];
  }
  preparation.input("x");
  preparation.input("weight");
  if (operands.has("bias"))
    preparation.input("bias");
  return Kernel([convolution](const KernelArguments &arguments) {
    run(convolution, arguments);
  });
}

} // namespace

void addTransposedConvolutionKernels(KernelTable &table) {
  table["conv_transpose"] = prepareTransposed;
}

} // namespace anec::rt::cpu

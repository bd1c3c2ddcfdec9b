//===- Lines.cpp - Operators along an axis --------------------------------===//
//
// Each needs one whole line at a time: the elements that differ only in the
// given axes. Lines are copied out as numbers, computed and written back.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/Elementwise.h"
#include "runtime/support/AlignedBuffer.h"
#include "runtime/vector/VectorMath.h"

#include <cmath>
#include <limits>
#include <numeric>

namespace anec::rt::cpu {

namespace {

/// Offsets of all positions of `dims`, the last axis fastest.
std::vector<int64_t> allOffsets(const Dims &dims, const Dims &strides) {
  std::vector<int64_t> offsets;
  const Iteration<1> rows(dims, {strides});
  rows.forEach(0, rows.rowCount(), [&](const auto &row) {
    for (int64_t i = 0; i < rows.rowLength(); ++i)
      offsets.push_back(row[0] + i * rows.innerStride(0));
  });
  return offsets;
}

/// Where the lines of a tensor start and where their elements are.
struct LineOffsets {
  std::vector<int64_t> starts, elements;
};

/// Axes of size 1 that a reduction removed do not matter: they have one place.
LineOffsets lineOffsets(const Tensor &tensor, const Dims &axes) {
  Dims outerDims, outerStrides, innerDims, innerStrides;
  for (size_t i = 0; i < tensor.dims.size(); ++i)
    if (std::find(axes.begin(), axes.end(), static_cast<int64_t>(i)) ==
        axes.end()) {
      outerDims.push_back(tensor.dims[i]);
      outerStrides.push_back(tensor.strides[i]);
    }
  for (int64_t axis : axes) {
    innerDims.push_back(tensor.dims[static_cast<size_t>(axis)]);
    innerStrides.push_back(tensor.strides[static_cast<size_t>(axis)]);
  }
  return {allOffsets(outerDims, outerStrides),
          allOffsets(innerDims, innerStrides)};
}

/// Calls `body(line, count, results...)` with the numbers of every line of
/// input 0; the body fills one line per result, which is written back.
template <typename T>
using LineBody = std::function<void(const std::vector<T> &line,
                                    std::vector<std::vector<T>> &results)>;

/// `resultAxes` are the axes of the results that belong to a line; none when
/// they were removed.
template <typename T>
void forEachLine(const KernelArguments &arguments, const Dims &axes,
                 const Dims &resultAxes, const LineBody<T> &body) {
  const Tensor &x = arguments.inputs[0];
  const LineOffsets from = lineOffsets(x, axes);
  std::vector<LineOffsets> to;
  for (const Tensor &result : arguments.results)
    to.push_back(lineOffsets(result, resultAxes));
  const int64_t length = static_cast<int64_t>(from.elements.size());
  const int64_t perTask =
      std::max<int64_t>(1, elementsPerTask / std::max<int64_t>(1, length * 4));
  arguments.pool.parallelTiles(
      static_cast<int64_t>(from.starts.size()), perTask,
      [&](int64_t begin, int64_t end) {
        std::vector<T> line(from.elements.size());
        std::vector<std::vector<T>> results(to.size());
        for (size_t r = 0; r < to.size(); ++r)
          results[r].resize(to[r].elements.size());
        for (int64_t l = begin; l < end; ++l) {
          const size_t start = static_cast<size_t>(l);
          for (size_t i = 0; i < line.size(); ++i) {
            T number;
            line[i] = *loadRow<T>(x.storage,
                                  x.at(from.starts[start] + from.elements[i]),
                                  1, 1, &number);
          }
          body(line, results);
          for (size_t r = 0; r < to.size(); ++r)
            for (size_t i = 0; i < to[r].elements.size(); ++i)
              storeRow<T>(&results[r][i], arguments.results[r].storage,
                          arguments.results[r].at(to[r].starts[start] +
                                                  to[r].elements[i]),
                          1, 1);
        }
      });
}

/// Makes the kernel of a body for both widths.
template <template <typename> class Body, typename... Parameters>
Kernel lineKernel(const Dims &axes, const Dims &resultAxes,
                  Parameters... parameters) {
  return [=](const KernelArguments &arguments) {
    if (computesWithDouble(arguments))
      forEachLine<double>(arguments, axes, resultAxes,
                          Body<double>{parameters...});
    else
      forEachLine<float>(arguments, axes, resultAxes,
                         Body<float>{parameters...});
  };
}

// ---- reduce_argmax, reduce_argmin: the first of equal elements ----

template <typename T> struct Extremum {
  bool isMaximum;

  void operator()(const std::vector<T> &line,
                  std::vector<std::vector<T>> &results) const {
    size_t best = 0;
    for (size_t i = 1; i < line.size(); ++i)
      if (isMaximum ? line[i] > line[best] : line[i] < line[best])
        best = i;
    results[0][0] = static_cast<T>(best);
  }
};

Result<Kernel> prepareExtremum(Preparation &preparation) {
  const mil::Operands &operands = preparation.operands;
  ANEC_ASSIGN(mil::Type x, operands.type("x"));
  ANEC_ASSIGN(int64_t axis, operands.axis("axis", x.rank(), -1));
  ANEC_ASSIGN(bool keep, operands.flag("keep_dims", false));
  preparation.input("x");
  return lineKernel<Extremum>({axis}, keep ? Dims{axis} : Dims{},
                              preparation.op == "reduce_argmax");
}

// ---- reduce_log_sum_exp, with the largest element taken out ----

template <typename T> struct LogSumExp {
  void operator()(const std::vector<T> &line,
                  std::vector<std::vector<T>> &results) const {
    const T largest = maxRow(line.data(), static_cast<int64_t>(line.size()));
    T sum = 0;
    for (T number : line)
      sum += std::exp(number - largest);
    results[0][0] = std::isinf(largest) ? largest : largest + std::log(sum);
  }
};

Result<Kernel> prepareLogSumExp(Preparation &preparation) {
  const mil::Operands &operands = preparation.operands;
  ANEC_ASSIGN(mil::Type x, operands.type("x"));
  ANEC_ASSIGN(Dims axes, operands.axes("axes", x.rank()));
  ANEC_ASSIGN(bool keep, operands.flag("keep_dims", false));
  preparation.input("x");
  return lineKernel<LogSumExp>(axes, keep ? axes : Dims{});
}

// ---- cumsum ----

template <typename T> struct CumulativeSum {
  bool exclusive, reverse;

  void operator()(const std::vector<T> &line,
                  std::vector<std::vector<T>> &results) const {
    T sum = 0;
    for (size_t i = 0; i < line.size(); ++i) {
      const size_t place = reverse ? line.size() - 1 - i : i;
      const T before = sum;
      sum += line[place];
      results[0][place] = exclusive ? before : sum;
    }
  }
};

Result<Kernel> prepareCumulativeSum(Preparation &preparation) {
  const mil::Operands &operands = preparation.operands;
  ANEC_ASSIGN(mil::Type x, operands.type("x"));
  ANEC_ASSIGN(int64_t axis, operands.axis("axis", x.rank(), 0));
  ANEC_ASSIGN(bool exclusive, operands.flag("exclusive", false));
  ANEC_ASSIGN(bool reverse, operands.flag("reverse", false));
  preparation.input("x");
  return lineKernel<CumulativeSum>({axis}, {axis}, exclusive, reverse);
}

// ---- topk: values, indices; the first of equal elements first ----

template <typename T> struct TopK {
  bool ascending;

  void operator()(const std::vector<T> &line,
                  std::vector<std::vector<T>> &results) const {
    std::vector<size_t> order(line.size());
    std::iota(order.begin(), order.end(), size_t(0));
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      // Numbers before NaN, so that the order is one.
      if (std::isnan(line[a]) || std::isnan(line[b]))
        return !std::isnan(line[a]) && std::isnan(line[b]);
      return ascending ? line[a] < line[b] : line[a] > line[b];
    });
    for (size_t i = 0; i < results[0].size(); ++i) {
      results[0][i] = line[order[i]];
      if (results.size() > 1)
        results[1][i] = static_cast<T>(order[i]);
    }
  }
};

Result<Kernel> prepareTopK(Preparation &preparation) {
  const mil::Operands &operands = preparation.operands;
  ANEC_ASSIGN(mil::Type x, operands.type("x"));
  ANEC_ASSIGN(int64_t axis, operands.axis("axis", x.rank(), -1));
  ANEC_ASSIGN(bool ascending, operands.flag("ascending", false));
  preparation.input("x");
  return lineKernel<TopK>({axis}, {axis}, ascending);
}

// ---- layer_norm ----

template <typename T> struct LayerNorm {
  double epsilon;
  std::vector<T> gamma, beta;

  void operator()(const std::vector<T> &line,
                  std::vector<std::vector<T>> &results) const {
    const int64_t count = static_cast<int64_t>(line.size());
    const T mean = sumRow(line.data(), count) / static_cast<T>(count);
    std::vector<T> &y = results[0];
    std::vector<T> squares(line.size());
    for (size_t i = 0; i < line.size(); ++i) {
      y[i] = line[i] - mean;
      squares[i] = y[i] * y[i];
    }
    const T variance = sumRow(squares.data(), count) / static_cast<T>(count);
    const T scale = 1 / std::sqrt(variance + static_cast<T>(epsilon));
    for (size_t i = 0; i < line.size(); ++i) {
      y[i] *= scale;
      if (!gamma.empty())
        y[i] *= gamma[i];
      if (!beta.empty())
        y[i] += beta[i];
    }
  }
};

template <typename T> std::vector<T> numbersOf(const Tensor &tensor) {
  std::vector<T> numbers;
  for (int64_t offset : allOffsets(tensor.dims, tensor.strides)) {
    T number;
    numbers.push_back(
        *loadRow<T>(tensor.storage, tensor.at(offset), 1, 1, &number));
  }
  return numbers;
}

template <typename T>
void layerNorm(const KernelArguments &arguments, const Dims &axes,
               double epsilon, size_t gamma, size_t beta) {
  LayerNorm<T> body{epsilon, {}, {}};
  if (gamma != 0)
    body.gamma = numbersOf<T>(arguments.inputs[gamma]);
  if (beta != 0)
    body.beta = numbersOf<T>(arguments.inputs[beta]);
  forEachLine<T>(arguments, axes, axes, body);
}

Result<Kernel> prepareLayerNorm(Preparation &preparation) {
  const mil::Operands &operands = preparation.operands;
  ANEC_ASSIGN(mil::Type x, operands.type("x"));
  ANEC_ASSIGN(Dims axes, operands.axes("axes", x.rank()));
  ANEC_ASSIGN(double epsilon, operands.number("epsilon", 1e-5));
  preparation.input("x");
  // Input 0 is x, so 0 means that there is none.
  size_t gamma = operands.has("gamma") ? preparation.input("gamma") : 0;
  size_t beta = operands.has("beta") ? preparation.input("beta") : 0;
  return Kernel([=](const KernelArguments &arguments) {
    if (computesWithDouble(arguments))
      layerNorm<double>(arguments, axes, epsilon, gamma, beta);
    else
      layerNorm<float>(arguments, axes, epsilon, gamma, beta);
  });
}

} // namespace

void addLineKernels(KernelTable &table) {
  table["reduce_argmax"] = prepareExtremum;
  table["reduce_argmin"] = prepareExtremum;
  table["reduce_log_sum_exp"] = prepareLogSumExp;
  table["cumsum"] = prepareCumulativeSum;
  table["topk"] = prepareTopK;
  table["layer_norm"] = prepareLayerNorm;
}

} // namespace anec::rt::cpu

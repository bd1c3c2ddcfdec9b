//===- Pooling.cpp - Pooling and batch normalisation ----------------------===//
//
// One window after the other; statistics are given, not computed.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/Elementwise.h"
#include "runtime/mil/OpTable.h"

#include <cmath>
#include <limits>

namespace anec::rt::cpu {

namespace {

using mil::ConvWindow;

enum class PoolKind { Maximum, Average, AverageWithoutPadding, L2 };

struct Pool {
  PoolKind kind;
  std::vector<ConvWindow> windows;
};

/// The result of the window whose position is `output`, in a picture that
/// starts at `base`.
double poolWindow(const Pool &pool, const Tensor &x, int64_t base,
                  const Dims &output) {
  const size_t rank = pool.windows.size();
  double sum = 0, largest = -std::numeric_limits<double>::infinity();
  int64_t inside = 0, all = 0;
  Dims tap(rank, 0);
  for (bool more = true; more;) {
    int64_t offset = base;
    bool isInside = true, isPadded = true;
    for (size_t d = 0; d < rank; ++d) {
      const ConvWindow &window = pool.windows[d];
      const int64_t place = output[d] * window.stride + tap[d] - window.before;
      isInside &= place >= 0 && place < x.dims[d + 2];
      // With ceil_mode a window may reach beyond the padding.
      isPadded &= place < x.dims[d + 2] + window.after;
      offset += place * x.strides[d + 2];
    }
    all += isPadded;
    if (isInside) {
      double number;
      number = *loadRow<double>(x.storage, x.at(offset), 1, 1, &number);
      sum += pool.kind == PoolKind::L2 ? number * number : number;
      largest = number <= largest ? largest : number;
      ++inside;
    }
    more = false;
    for (size_t d = rank; d-- > 0 && !more;) {
      more = ++tap[d] < pool.windows[d].kernel;
      if (!more)
        tap[d] = 0;
    }
  }
  switch (pool.kind) {
  case PoolKind::Maximum:
    return largest;
  case PoolKind::Average:
    return sum / static_cast<double>(all);
  case PoolKind::AverageWithoutPadding:
    return sum / static_cast<double>(inside);
  case PoolKind::L2:
    break;
  }
  return std::sqrt(sum);
}

void runPool(const Pool &pool, const KernelArguments &arguments) {
  const Tensor &x = arguments.inputs[0], &y = arguments.results[0];
  const int64_t pictures = y.dims[0] * y.dims[1];
  const int64_t outputs = pictures == 0 ? 0 : elementCount(y.dims) / pictures;
  arguments.pool.parallelFor(pictures, [&](int64_t picture) {
    const int64_t base =
        picture / y.dims[1] * x.strides[0] + picture % y.dims[1] * x.strides[1];
    Dims output(pool.windows.size());
    for (int64_t i = 0; i < outputs; ++i) {
      int64_t rest = i;
      for (size_t d = output.size(); d-- > 0;) {
        output[d] = rest % y.dims[d + 2];
        rest /= y.dims[d + 2];
      }
      const double number = poolWindow(pool, x, base, output);
      storeRow<double>(&number, y.storage, y.at(picture * outputs + i), 1, 1);
    }
  });
}

Result<Kernel> preparePool(Preparation &preparation) {
  const mil::Operands &operands = preparation.operands;
  ANEC_ASSIGN(mil::Type x, operands.type("x"));
  ANEC_ASSIGN(bool exclude,
              operands.flag("exclude_padding_from_average", false));
  Pool pool;
  pool.kind = preparation.op == "max_pool"  ? PoolKind::Maximum
              : preparation.op == "l2_pool" ? PoolKind::L2
              : exclude                     ? PoolKind::AverageWithoutPadding
                                            : PoolKind::Average;
  ANEC_ASSIGN(pool.windows, mil::poolWindows(operands, x.dims));
  preparation.input("x");
  return Kernel(
      [pool](const KernelArguments &arguments) { runPool(pool, arguments); });
}

/// A vector with one value per channel as a tensor that broadcasts.
Tensor perChannel(Tensor vector, size_t rank) {
  const int64_t size = vector.dims[0], stride = vector.strides[0];
  vector.dims.assign(rank, 1);
  vector.strides.assign(rank, 0);
  vector.dims[1] = size;
  vector.strides[1] = stride;
  return vector;
}

/// gamma * (x - mean) / sqrt(variance + epsilon) + beta
Result<Kernel> prepareBatchNorm(Preparation &preparation) {
  const mil::Operands &operands = preparation.operands;
  ANEC_ASSIGN(double epsilon, operands.number("epsilon", 1e-5));
  for (const char *name : {"x", "mean", "variance"})
    preparation.input(name);
  const bool hasGamma = operands.has("gamma"), hasBeta = operands.has("beta");
  // Missing ones are read from the mean and not used.
  preparation.input(hasGamma ? "gamma" : "mean");
  preparation.input(hasBeta ? "beta" : "mean");
  return Kernel([=](const KernelArguments &arguments) {
    std::vector<Tensor> inputs = arguments.inputs;
    for (size_t i = 1; i < inputs.size(); ++i)
      inputs[i] = perChannel(inputs[i], inputs[0].dims.size());
    forEachChunk<double, 5>(
        KernelArguments{inputs, arguments.results, arguments.pool},
        [&](const auto &rows, double *y, int64_t count) {
          for (int64_t i = 0; i < count; ++i) {
            y[i] = (rows[0][i] - rows[1][i]) / std::sqrt(rows[2][i] + epsilon);
            y[i] = (hasGamma ? rows[3][i] * y[i] : y[i]) +
                   (hasBeta ? rows[4][i] : 0);
          }
        });
  });
}

} // namespace

void addPoolingKernels(KernelTable &table) {
  for (const char *name : {"max_pool", "avg_pool", "l2_pool"})
    table[name] = preparePool;
  table["batch_norm"] = prepareBatchNorm;
}

} // namespace anec::rt::cpu

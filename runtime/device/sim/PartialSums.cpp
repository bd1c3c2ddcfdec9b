//===- PartialSums.cpp - How the chip adds up -----------------------------===//

#include "runtime/device/sim/PartialSums.h"

#include "runtime/device/cpu/Elements.h"
#include "runtime/support/ThreadPool.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace anec::rt::sim {
namespace {

/// Row-major f32 values of a view.
std::vector<float> valuesOf(const ConstMatrix &from, int64_t rows,
                            int64_t columns) {
  std::vector<float> values(size_t(rows * columns));
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c) {
      const int64_t at = r * from.rowStride + c * from.columnStride;
      values[size_t(r * columns + c)] =
          from.type == MatrixType::F16
              ? static_cast<float>(static_cast<const half *>(from.data)[at])
              : static_cast<const float *>(from.data)[at];
    }
  return values;
}

/// a + b, both rounded to the grid of the larger first.
inline float addOnGrid(float a, float b) {
  const float larger = std::max(std::abs(a), std::abs(b));
  uint32_t bits;
  std::memcpy(&bits, &larger, sizeof bits);
  // The power of two at or below it; far below infinity, which stays what it
  // is so.
  bits = std::min(bits & 0x7f800000U, uint32_t(0x71800000));
  float power;
  std::memcpy(&power, &bits, sizeof power);
  // Adding 1.5 * 2^12 powers leaves f32 with 12 bits below them.
  const float shift = 6144 * power;
  const float roundedA = (a + shift) - shift, roundedB = (b + shift) - shift;
  return roundedA + roundedB;
}

/// Columns at a time, so that sums stay in registers and caches.
constexpr int64_t blockColumns = 64;

/// One row of a times `columns` columns of b, into `sums`.
void laneRow(int64_t lanes, float limit, const float *a, const float *b,
             int64_t k, int64_t stride, int64_t columns, float *sums) {
  float tile[blockColumns];
  std::fill_n(sums, columns, 0.0F);
  for (int64_t first = 0; first < k; first += lanes) {
    std::fill_n(tile, columns, 0.0F);
    for (int64_t i = first; i < std::min(k, first + lanes); ++i)
      for (int64_t c = 0; c < columns; ++c)
        tile[c] = addOnGrid(tile[c], a[i] * b[i * stride + c]);
    for (int64_t c = 0; c < columns; ++c) {
      const float sum = sums[c] + tile[c];
      sums[c] = std::abs(sum) >= limit ? std::copysign(INFINITY, sum) : sum;
    }
  }
}

/// To so many significant bits, ties to even.
double roundedTo(int bits, double value) {
  if (value == 0 || !std::isfinite(value))
    return value;
  int exponent;
  std::frexp(value, &exponent);
  return std::ldexp(std::nearbyint(std::ldexp(value, bits - exponent)),
                    exponent - bits);
}

} // namespace

void laneProduct(int64_t lanes, double limit, int64_t m, int64_t n, int64_t k,
                 const ConstMatrix &a, const ConstMatrix &b, GemmMode mode,
                 const Matrix &c, ThreadPool &pool) {
  const std::vector<float> left = valuesOf(a, m, k), right = valuesOf(b, k, n);
  pool.parallelFor(m, [&](int64_t r) {
    float sums[blockColumns];
    for (int64_t first = 0; first < n; first += blockColumns) {
      const int64_t columns = std::min(blockColumns, n - first);
      laneRow(lanes, static_cast<float>(limit), left.data() + r * k,
              right.data() + first, k, n, columns, sums);
      for (int64_t i = 0; i < columns; ++i) {
        const int64_t at = r * c.rowStride + (first + i) * c.columnStride;
        if (c.type == MatrixType::F16) {
          half &to = static_cast<half *>(c.data)[at];
          to = static_cast<half>(mode == GemmMode::Accumulate
                                     ? static_cast<float>(to) + sums[i]
                                     : sums[i]);
        } else {
          float &to = static_cast<float *>(c.data)[at];
          to = mode == GemmMode::Accumulate ? to + sums[i] : sums[i];
        }
      }
    }
  });
}

std::optional<cpu::Kernel> narrowSum(const cpu::Preparation &preparation,
                                     int64_t limit) {
  const Result<mil::Type> type = preparation.operands.type("x");
  const std::vector<int64_t> none;
  Result<std::vector<int64_t>> axes =
      preparation.operands.integers("axes", &none);
  if (!type || !axes)
    return std::nullopt;
  const int64_t rank = type->rank();
  // Of the result, for each axis of the input; 0 for those that are added up.
  std::vector<bool> isReduced(size_t(rank), axes->empty());
  for (int64_t axis : *axes)
    isReduced[size_t(axis < 0 ? axis + rank : axis)] = true;
  const int bits = int(std::log2(double(limit)));
  const bool isMean = preparation.op == "reduce_mean";
  return cpu::Kernel([isReduced, bits,
                      isMean](const cpu::KernelArguments &arguments) {
    const cpu::Tensor &x = arguments.inputs[0];
    const cpu::Numbers numbers = cpu::numbersOf(x);
    cpu::Numbers sums(size_t(cpu::elementCount(arguments.results[0].dims)), 0);
    for (size_t i = 0; i < numbers.size(); ++i) {
      size_t rest = i, place = 0, stride = 1;
      for (size_t axis = x.dims.size(); axis-- > 0;) {
        const auto size = size_t(x.dims[axis]);
        if (!isReduced[axis]) {
          place += rest % size * stride;
          stride *= size;
        }
        rest /= size;
      }
      sums[place] = roundedTo(bits, sums[place] + numbers[i]);
    }
    const size_t terms = sums.empty() ? 1 : numbers.size() / sums.size();
    if (isMean)
      for (double &sum : sums)
        sum /= double(terms);
    cpu::storeNumbers(sums, arguments.results[0]);
  });
}

} // namespace anec::rt::sim

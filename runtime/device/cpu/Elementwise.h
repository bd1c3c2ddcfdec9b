//===- Elementwise.h - Kernels that go element by element -------*- C++ -*-===//
//
// Cuts the work into chunks that fit the first cache and spreads them over the
// pool, in pieces that do not depend on the number of threads.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_CPU_ELEMENTWISE_H
#define ANEC_RUNTIME_DEVICE_CPU_ELEMENTWISE_H

#include "runtime/device/cpu/Iteration.h"
#include "runtime/device/cpu/Kernels.h"
#include "runtime/device/cpu/Rows.h"
#include "runtime/support/ThreadPool.h"

#include <algorithm>
#include <utility>

namespace anec::rt::cpu {

constexpr int64_t chunkLength = 1024;
/// Elements that are worth handing to another thread.
constexpr int64_t elementsPerTask = 32768;

/// Calls `body(rows, result, count)` for chunks of the result: `rows[i]` are
/// numbers of input i, broadcast to the result, `result` takes the numbers
/// computed from them.
template <typename T, size_t N, typename Body>
void forEachChunk(const KernelArguments &arguments, Body body) {
  const Tensor &result = arguments.results[0];
  std::array<Dims, N + 1> strides;
  for (size_t i = 0; i < N; ++i)
    strides[i] = broadcastStrides(arguments.inputs[i], result.dims);
  strides[N] = result.strides;
  const Iteration<N + 1> rows(result.dims, strides);

  auto chunk = [&](const std::array<int64_t, N + 1> &offsets, int64_t begin,
                   int64_t count) {
    T buffers[N + 1][chunkLength];
    std::array<const T *, N> numbers;
    for (size_t i = 0; i < N; ++i) {
      const Tensor &input = arguments.inputs[i];
      const int64_t stride = rows.innerStride(i);
      numbers[i] =
          loadRow<T>(input.storage, input.at(offsets[i] + begin * stride),
                     stride, count, buffers[i]);
    }
    const int64_t stride = rows.innerStride(N);
    void *target = result.at(offsets[N] + begin * stride);
    const bool inPlace =
        stride == 1 &&
        result.storage == (sizeof(T) == 4 ? Storage::F32 : Storage::F64);
    T *computed = inPlace ? static_cast<T *>(target) : buffers[N];
    body(numbers, computed, count);
    if (!inPlace)
      storeRow<T>(computed, result.storage, target, stride, count);
  };

  // A unit is one chunk of one row.
  const int64_t length = rows.rowLength();
  const int64_t chunks = (length + chunkLength - 1) / chunkLength;
  const int64_t unitLength =
      std::max<int64_t>(1, std::min(length, chunkLength));
  const int64_t unitsPerTask =
      std::max<int64_t>(1, elementsPerTask / unitLength);
  arguments.pool.parallelTiles(
      rows.rowCount() * chunks, unitsPerTask, [&](int64_t begin, int64_t end) {
        for (int64_t unit = begin; unit < end;) {
          // Whole rows where they are short, parts of one row otherwise.
          const int64_t row = unit / chunks;
          const int64_t last = chunks == 1 ? end : row + 1;
          const int64_t first = unit - row * chunks;
          const int64_t stop = std::min(chunks, first + end - unit);
          rows.forEach(row, last, [&](const auto &offsets) {
            for (int64_t c = first; c < stop; ++c)
              chunk(offsets, c * chunkLength,
                    std::min(chunkLength, length - c * chunkLength));
          });
          unit = chunks == 1 ? end : unit + stop - first;
        }
      });
}

/// True when an input or result makes a kernel compute with double.
inline bool computesWithDouble(const KernelArguments &arguments) {
  auto isWide = [](const Tensor &tensor) {
    return needsDouble(tensor.storage);
  };
  return std::any_of(arguments.inputs.begin(), arguments.inputs.end(),
                     isWide) ||
         std::any_of(arguments.results.begin(), arguments.results.end(),
                     isWide);
}

} // namespace anec::rt::cpu

#endif // ANEC_RUNTIME_DEVICE_CPU_ELEMENTWISE_H

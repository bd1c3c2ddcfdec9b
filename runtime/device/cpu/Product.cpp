//===- Product.cpp - Matrix products and attention ------------------------===//
//
// Every product is a gemm on views; batches run side by side.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/Elementwise.h"
#include "runtime/device/cpu/Softmax.h"
#include "runtime/gemm/PackedMatrix.h"
#include "runtime/support/AlignedBuffer.h"
#include "runtime/support/Convert.h"
#include "runtime/vector/VectorMath.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace anec::rt::cpu {

namespace {

/// The largest magnitude, or NaN; infinity where it would take long to find.
float largestMagnitude(const ConstMatrix &x, int64_t rows, int64_t columns) {
  const bool byRows = x.columnStride == 1;
  if (x.type != MatrixType::F16 || (!byRows && x.rowStride != 1))
    return std::numeric_limits<float>::infinity();
  const int64_t lines = byRows ? rows : columns;
  const int64_t length = byRows ? columns : rows;
  const int64_t stride = byRows ? x.rowStride : x.columnStride;
  static thread_local AlignedBuffer<half> memory;
  half *largest = memory.reserve(length);
  std::fill_n(largest, length, half(0));
  const half *line = static_cast<const half *>(x.data);
  for (int64_t i = 0; i < lines; ++i)
    foldMagnitudes(line + i * stride, largest, length);
  static thread_local AlignedBuffer<float> wideMemory;
  float *wide = wideMemory.reserve(length);
  convert(largest, wide, length);
  return maxRow(wide, length);
}

/// Three tensors whose last two dimensions are matrices a [m, k], b [k, n] and
/// c [m, n], a and b or their transposes; the others are batches, broadcast to
/// those of c.
struct BatchedProduct {
  const Tensor &a, &b, &c;
  bool transposeA = false, transposeB = false;

  void run(const KernelArguments &arguments) const {
    const Dims batch(c.dims.begin(), c.dims.end() - 2);
    if (elementCount(batch) == 1)
      return multiply({0, 0, 0}, arguments, arguments.right);
    const Iteration<3> matrices(batch,
                                {batchStrides(a, batch), batchStrides(b, batch),
                                 batchStrides(c, batch)});
    std::vector<Place> places;
    matrices.forEach(0, matrices.rowCount(), [&](const auto &row) {
      for (int64_t i = 0; i < matrices.rowLength(); ++i)
        places.push_back({row[0] + i * matrices.innerStride(0),
                          row[1] + i * matrices.innerStride(1),
                          row[2] + i * matrices.innerStride(2)});
    });
    arguments.pool.parallelFor(
        static_cast<int64_t>(places.size()), [&](int64_t i) {
          multiply(places[static_cast<size_t>(i)], arguments, nullptr);
        });
  }

private:
  /// Offsets of the matrices.
  using Place = std::array<int64_t, 3>;

  void multiply(const Place &place, const KernelArguments &arguments,
                RepeatedRight *repeated) const {
    const size_t rank = c.dims.size();
    const int64_t m = c.dims[rank - 2], n = c.dims[rank - 1];
    const int64_t k = a.dims[a.dims.size() - (transposeA ? 2 : 1)];
    ThreadPool &pool = arguments.pool;
    const ConstMatrix right = matrix(b, place[1], transposeB);
    if (arguments.product)
      (*arguments.product)(m, n, k, matrix(a, place[0], transposeA), right,
                           GemmMode::Overwrite, result(place[2]), pool);
    else if (a.packed)
      gemm(n, 1, *a.packed, right, GemmMode::Overwrite, result(place[2]), pool,
           repeated);
    else
      multiplyInPlace(m, n, k, place, right, arguments, repeated);
  }

  void multiplyInPlace(int64_t m, int64_t n, int64_t k, const Place &place,
                       const ConstMatrix &right,
                       const KernelArguments &arguments,
                       RepeatedRight *repeated) const {
    const ConstMatrix left = matrix(a, place[0], transposeA);
    const bool isCovered =
        arguments.isMasked && float(k) * largestMagnitude(left, m, k) *
                                      largestMagnitude(right, k, n) <=
                                  maskedScore;
    GemmOptions options;
    options.part = isCovered ? GemmPart::Lower : GemmPart::Whole;
    options.right = repeated;
    gemm(m, n, k, 1, left, right, GemmMode::Overwrite, result(place[2]),
         arguments.pool, options);
  }

  static Dims batchStrides(const Tensor &tensor, const Dims &batch) {
    Layout layout = tensor;
    layout.dims.resize(layout.dims.size() - 2);
    layout.strides.resize(layout.dims.size());
    return broadcastStrides(layout, batch);
  }
  static ConstMatrix matrix(const Tensor &tensor, int64_t offset,
                            bool transposed) {
    const size_t rank = tensor.dims.size();
    const ConstMatrix matrix(tensor.at(offset), matrixTypeOf(tensor.storage),
                             tensor.strides[rank - 2],
                             tensor.strides[rank - 1]);
    return transposed ? matrix.transposed() : matrix;
  }
  Matrix result(int64_t offset) const {
    const size_t rank = c.dims.size();
    return Matrix(c.at(offset), matrixTypeOf(c.storage), c.strides[rank - 2],
                  c.strides[rank - 1]);
  }
};

Tensor withAxis(Tensor tensor, size_t axis) {
  const auto place = static_cast<int64_t>(axis);
  tensor.dims.insert(tensor.dims.begin() + place, 1);
  tensor.strides.insert(tensor.strides.begin() + place, 0);
  return tensor;
}

/// A vector on the left is a row, one on the right a column.
void multiplyVectors(const KernelArguments &arguments, bool transposeX,
                     bool transposeY) {
  Tensor x = arguments.inputs[0], y = arguments.inputs[1];
  Tensor z = arguments.results[0];
  if (y.rank() == 1) {
    y = withAxis(y, 1);
    z = withAxis(z, z.dims.size());
  }
  if (x.rank() == 1) {
    x = withAxis(x, 0);
    z = withAxis(z, z.dims.size() - 1);
  }
  BatchedProduct{x, y, z, transposeX, transposeY}.run(arguments);
}

Result<Kernel> prepareMatmul(Preparation &preparation) {
  ANEC_TRY(preparation.expectFloat("x"));
  ANEC_TRY(preparation.expectFloat("y"));
  const mil::Operands &operands = preparation.operands;
  ANEC_ASSIGN(bool transposeX, operands.flag("transpose_x", false));
  ANEC_ASSIGN(bool transposeY, operands.flag("transpose_y", false));
  preparation.mayBePacked(preparation.input("x"), transposeX
                                                      ? PackedForm::Transposed
                                                      : PackedForm::Matrix);
  preparation.input("y");
  return Kernel([=](const KernelArguments &arguments) {
    const Tensor &x = arguments.inputs[0], &y = arguments.inputs[1];
    if (x.rank() == 1 || y.rank() == 1)
      multiplyVectors(arguments, transposeX, transposeY);
    else
      BatchedProduct{x, y, arguments.results[0], transposeX, transposeY}.run(
          arguments);
  });
}

/// Adds `bias` along the last dimension, in float or double, before rounding.
template <typename T>
void addBias(const Tensor &sums, const Tensor &bias,
             const KernelArguments &arguments) {
  const std::vector<Tensor> inputs = {sums, bias};
  forEachChunk<T, 2>(KernelArguments{inputs, arguments.results, arguments.pool},
                     [](const auto &rows, T *y, int64_t count) {
                       for (int64_t i = 0; i < count; ++i)
                         y[i] = rows[0][i] + rows[1][i];
                     });
}

/// A contiguous tensor of `dims` in `memory`, as wide as sums are.
Tensor sumsTensor(const Dims &dims, bool isDouble,
                  AlignedBuffer<uint8_t> &memory) {
  Tensor sums;
  sums.storage = isDouble ? Storage::F64 : Storage::F32;
  sums.dims = dims;
  sums.strides = contiguousStrides(dims);
  sums.data = memory.reserve(elementCount(dims) * storageSize(sums.storage));
  return sums;
}

Result<Kernel> prepareLinear(Preparation &preparation) {
  ANEC_TRY(preparation.expectFloat("x"));
  ANEC_TRY(preparation.expectFloat("weight"));
  preparation.input("x");
  preparation.input("weight");
  const bool hasBias = preparation.operands.has("bias");
  if (hasBias)
    preparation.input("bias");
  return Kernel([hasBias](const KernelArguments &arguments) {
    const Tensor &x = arguments.inputs[0], &weight = arguments.inputs[1];
    const Tensor &y = arguments.results[0];
    const bool isDouble = y.storage == Storage::F64;
    AlignedBuffer<uint8_t> memory;
    const Tensor sums = hasBias ? sumsTensor(y.dims, isDouble, memory) : y;
    if (x.rank() == 1)
      BatchedProduct{withAxis(x, 0), weight, withAxis(sums, 0), false, true}
          .run(arguments);
    else
      BatchedProduct{x, weight, sums, false, true}.run(arguments);
    if (!hasBias)
      return;
    if (isDouble)
      addBias<double>(sums, arguments.inputs[2], arguments);
    else
      addBias<float>(sums, arguments.inputs[2], arguments);
  });
}

// ---- scaled_dot_product_attention ----

/// Softmax over the rows of `scores`, scaled and masked first.
template <typename T>
void maskedSoftmax(const Tensor &scores, const Tensor *mask, T scale,
                   ThreadPool &pool) {
  const size_t last = scores.dims.size() - 1;
  const int64_t length = scores.dims[last];
  const Dims outer(scores.dims.begin(), scores.dims.end() - 1);
  Dims maskStrides(scores.dims.size(), 0), scoreStrides = scores.strides;
  if (mask)
    maskStrides = broadcastStrides(*mask, scores.dims);
  const int64_t maskStride = maskStrides[last];
  maskStrides.pop_back();
  scoreStrides.pop_back();
  const Iteration<2> rows(outer, {scoreStrides, maskStrides});
  auto line = [&](int64_t score, int64_t place, T *buffer) {
    T *row = static_cast<T *>(scores.at(score));
    for (int64_t i = 0; i < length; ++i)
      row[i] *= scale;
    if (mask) {
      const T *added = loadRow<T>(mask->storage, mask->at(place), maskStride,
                                  length, buffer);
      const bool isBool = mask->storage == Storage::Bool;
      for (int64_t i = 0; i < length; ++i)
        row[i] = !isBool         ? row[i] + added[i]
                 : added[i] != 0 ? row[i]
                                 : -std::numeric_limits<T>::infinity();
    }
    softmaxRow(row, row, length);
  };
  pool.parallelFor(rows.rowCount(), [&](int64_t r) {
    AlignedBuffer<T> buffer(length);
    rows.forEach(r, r + 1, [&](const auto &place) {
      for (int64_t i = 0; i < rows.rowLength(); ++i)
        line(place[0] + i * rows.innerStride(0),
             place[1] + i * rows.innerStride(1), buffer.data());
    });
  });
}

Result<Kernel> prepareAttention(Preparation &preparation) {
  for (const char *name : {"query", "key", "value"}) {
    ANEC_TRY(preparation.expectFloat(name));
    preparation.input(name);
  }
  const bool hasMask = preparation.operands.has("attn_mask");
  if (hasMask)
    preparation.input("attn_mask");
  return Kernel([hasMask](const KernelArguments &arguments) {
    const Tensor &query = arguments.inputs[0], &key = arguments.inputs[1];
    const Tensor &value = arguments.inputs[2];
    const Tensor &result = arguments.results[0];
    const Tensor *mask = hasMask ? &arguments.inputs[3] : nullptr;
    const size_t rank = query.dims.size();
    const bool isDouble = result.storage == Storage::F64;
    Dims dims = query.dims;
    dims[rank - 1] = key.dims[rank - 2];
    AlignedBuffer<uint8_t> memory;
    const Tensor scores = sumsTensor(dims, isDouble, memory);
    BatchedProduct{query, key, scores, false, true}.run(arguments);
    const double scale =
        1 / std::sqrt(static_cast<double>(query.dims[rank - 1]));
    if (isDouble)
      maskedSoftmax<double>(scores, mask, scale, arguments.pool);
    else
      maskedSoftmax<float>(scores, mask, static_cast<float>(scale),
                           arguments.pool);
    BatchedProduct{scores, value, result}.run(arguments);
  });
}

// ---- einsum: nchw,nwhu->nchu and chw,whr->chr ----

void swapAxes(Tensor &tensor, size_t a, size_t b) {
  std::swap(tensor.dims[a], tensor.dims[b]);
  std::swap(tensor.strides[a], tensor.strides[b]);
}

Result<Kernel> prepareEinsum(Preparation &preparation) {
  if (!isFloat(preparation.results[0].storage))
    return makeError(ErrorCode::Unsupported, "only floats are supported");
  preparation.input("values", 0);
  preparation.input("values", 1);
  return Kernel([](const KernelArguments &arguments) {
    // h becomes a batch dimension: [.., h, c, w], [.., h, w, u], [.., h, c, u].
    Tensor a = arguments.inputs[0], b = arguments.inputs[1];
    Tensor c = arguments.results[0];
    const size_t rank = a.dims.size();
    swapAxes(a, rank - 3, rank - 2);
    swapAxes(b, rank - 3, rank - 2);
    swapAxes(c, rank - 3, rank - 2);
    BatchedProduct{a, b, c}.run(arguments);
  });
}

} // namespace

void addProductKernels(KernelTable &table) {
  table["matmul"] = prepareMatmul;
  table["linear"] = prepareLinear;
  table["einsum"] = prepareEinsum;
  table["scaled_dot_product_attention"] = prepareAttention;
}

} // namespace anec::rt::cpu

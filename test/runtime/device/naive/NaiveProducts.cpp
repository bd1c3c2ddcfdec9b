//===- NaiveProducts.cpp - Sums of products -------------------------------===//
//
// matmul, linear, conv and attention, one result at a time.
//
//===----------------------------------------------------------------------===//
#include "test/runtime/device/naive/NaiveExecutor.h"

namespace anec::rt::naive {

namespace {

/// A sum of products with what f32 sums in any order may be off by.
class Dot {
public:
  void add(const Number &x, const Number &y) {
    value += x.value * y.value;
    ++terms;
    magnitude += x.magnitude() * y.magnitude();
    if (x.isPoint() && y.isPoint())
      return;
    isCertain = false;
    const double ex = x.error(), ey = y.error();
    error += std::abs(x.value) * ey + std::abs(y.value) * ex + ex * ey;
  }
  /// One rounding per product and per sum.
  Number result() const {
    // Infinities and NaN come out of any order of the sum.
    if (!std::isfinite(value))
      return isCertain ? Number(value) : Number::open(value);
    return widened(Number(value), error + (terms + 1) * unit * magnitude);
  }

private:
  double value = 0, magnitude = 0, error = 0, terms = 0;
  bool isCertain = true;
};

/// The last two dimensions as a matrix, the others as batches.
struct Matrices {
  const Tensor *tensor;
  Dims batch;
  int64_t rows, columns;
  bool isTransposed;

  /// First element of the matrix of a batch of the larger shape.
  int64_t start(const Dims &index) const {
    const size_t skip = index.size() - batch.size();
    int64_t place = 0;
    for (size_t i = 0; i < batch.size(); ++i)
      place = place * batch[i] + (batch[i] == 1 ? 0 : index[skip + i]);
    return place * rows * columns;
  }
  const Number &at(int64_t start, int64_t row, int64_t column) const {
    return tensor->numbers[static_cast<size_t>(
        start + (isTransposed ? column * rows + row : row * columns + column))];
  }
};

Matrices matricesOf(const Tensor &tensor, bool isTransposed, bool isRight) {
  Dims dims = tensor.dims;
  if (dims.size() == 1)
    dims.insert(isRight ? dims.end() : dims.begin(), 1);
  int64_t rows = dims[dims.size() - 2], columns = dims[dims.size() - 1];
  if (isTransposed)
    std::swap(rows, columns);
  dims.resize(dims.size() - 2);
  return Matrices{&tensor, dims, rows, columns, isTransposed};
}

Dims broadcastBatch(const Dims &a, const Dims &b) {
  Dims dims = a.size() >= b.size() ? a : b;
  const Dims &other = a.size() >= b.size() ? b : a;
  for (size_t i = 0; i < other.size(); ++i) {
    int64_t &dim = dims[dims.size() - other.size() + i];
    dim = std::max(dim, other[i]);
  }
  return dims;
}

Tensor multiply(const Tensor &x, const Tensor &y, bool transposeX,
                bool transposeY) {
  const Matrices a = matricesOf(x, transposeX, false);
  const Matrices b = matricesOf(y, transposeY, true);
  Dims dims = broadcastBatch(a.batch, b.batch);
  const Dims batch = dims;
  if (x.rank() > 1)
    dims.push_back(a.rows);
  if (y.rank() > 1)
    dims.push_back(b.columns);
  Tensor z(x.element, dims);
  size_t place = 0;
  forEachIndex(batch, [&](const Dims &index) {
    const int64_t startA = a.start(index), startB = b.start(index);
    for (int64_t i = 0; i < a.rows; ++i)
      for (int64_t j = 0; j < b.columns; ++j) {
        Dot dot;
        for (int64_t k = 0; k < a.columns; ++k)
          dot.add(a.at(startA, i, k), b.at(startB, k, j));
        z.numbers[place++] = dot.result();
      }
  });
  return z;
}

std::vector<Tensor> matmul(const Call &call) {
  return {multiply(call.tensor("x"), call.tensor("y"), call.flag("transpose_x"),
                   call.flag("transpose_y"))};
}

Number plus(const Number &x, const Number &y) {
  return rounded(corners([](double a, double b) { return a + b; }, x, y), 1);
}

std::vector<Tensor> linear(const Call &call) {
  Tensor y = multiply(call.tensor("x"), call.tensor("weight"), false, true);
  if (call.has("bias")) {
    const Tensor &bias = call.tensor("bias");
    for (size_t i = 0; i < y.numbers.size(); ++i)
      y.numbers[i] = plus(y.numbers[i], bias.numbers[i % bias.numbers.size()]);
  }
  return {y};
}

/// softmax(Q K^T / sqrt(E) + mask) V; everything inside is f32.
std::vector<Tensor> attention(const Call &call) {
  const Tensor &query = call.tensor("query");
  Call inner;
  inner.op = "softmax";
  Tensor scores = multiply(query, call.tensor("key"), false, true);
  const double scale = 1 / std::sqrt(static_cast<double>(query.dims.back()));
  for (Number &score : scores.numbers)
    score = rounded(monotone([=](double x) { return x * scale; }, score), 3);
  OperatorTable table;
  addElementwise(table);
  addReductions(table);
  if (call.has("attn_mask")) {
    inner.op = "add";
    inner.results = {mil::Type::tensor(mil::ScalarType::FP32, scores.dims)};
    inner.operands = {{"x", {scores}}, {"y", {call.tensor("attn_mask")}}};
    scores = table["add"](inner)[0];
    for (Number &score : scores.numbers)
      score = rounded(score, 1);
  }
  inner.op = "softmax";
  inner.results = {mil::Type::tensor(mil::ScalarType::FP32, scores.dims)};
  inner.operands = {{"x", {scores}}};
  const Tensor probabilities = table["softmax"](inner)[0];
  return {multiply(probabilities, call.tensor("value"), false, false)};
}

// ---- Convolution ----

struct Window {
  Dims strides, dilations, before, outputs;
};

Window windowOf(const Call &call, const Tensor &x, const Tensor &weight) {
  const size_t spatial = x.dims.size() - 2;
  const Dims pad = call.integers("pad", Dims(2 * spatial, 0));
  const std::string type = call.text("pad_type", "valid");
  Window window;
  window.strides = call.integers("strides", Dims(spatial, 1));
  window.dilations = call.integers("dilations", Dims(spatial, 1));
  for (size_t i = 0; i < spatial; ++i) {
    const int64_t size = x.dims[i + 2], stride = window.strides[i];
    const int64_t extent = (weight.dims[i + 2] - 1) * window.dilations[i] + 1;
    int64_t before = 0, after = 0;
    if (type == "custom") {
      before = pad[2 * i];
      after = pad[2 * i + 1];
    } else if (type == "same" || type == "same_lower") {
      const int64_t outputs = (size + stride - 1) / stride;
      const int64_t total =
          std::max<int64_t>(0, (outputs - 1) * stride + extent - size);
      const int64_t smaller = total / 2;
      before = type == "same" ? smaller : total - smaller;
      after = total - before;
    }
    window.before.push_back(before);
    window.outputs.push_back((size + before + after - extent) / stride + 1);
  }
  return window;
}

std::vector<Tensor> conv(const Call &call) {
  const Tensor &x = call.tensor("x"), &weight = call.tensor("weight");
  const Window window = windowOf(call, x, weight);
  const int64_t groups = call.integer("groups", 1);
  const int64_t groupOutputs = weight.dims[0] / groups;
  const size_t spatial = window.outputs.size();
  Dims dims = {x.dims[0], weight.dims[0]};
  dims.insert(dims.end(), window.outputs.begin(), window.outputs.end());
  Tensor y = call.result(dims);
  const Dims from = x.strides(), weights = weight.strides();
  const Dims kernel(weight.dims.begin() + 2, weight.dims.end());
  size_t place = 0;
  forEachIndex(dims, [&](const Dims &index) {
    const int64_t firstChannel = index[1] / groupOutputs * weight.dims[1];
    Dot dot;
    forEachIndex(kernel, [&](const Dims &tap) {
      int64_t source = index[0] * from[0], factor = index[1] * weights[0];
      for (size_t i = 0; i < spatial; ++i) {
        const int64_t position = index[i + 2] * window.strides[i] +
                                 tap[i] * window.dilations[i] -
                                 window.before[i];
        if (position < 0 || position >= x.dims[i + 2])
          return;
        source += position * from[i + 2];
        factor += tap[i] * weights[i + 2];
      }
      for (int64_t c = 0; c < weight.dims[1]; ++c)
        dot.add(x.numbers[static_cast<size_t>(source +
                                              (firstChannel + c) * from[1])],
                weight.numbers[static_cast<size_t>(factor + c * weights[1])]);
    });
    Number sum = dot.result();
    if (call.has("bias"))
      sum =
          plus(sum, call.tensor("bias").numbers[static_cast<size_t>(index[1])]);
    y.numbers[place++] = sum;
  });
  return {y};
}

} // namespace

void addProducts(OperatorTable &table) {
  table["matmul"] = matmul;
  table["linear"] = linear;
  table["scaled_dot_product_attention"] = attention;
  table["conv"] = conv;
}

} // namespace anec::rt::naive

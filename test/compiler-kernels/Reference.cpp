//===- Reference.cpp - What nn ops compute, by their formulas -------------===//

#include "Reference.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace anec::test {

NNTensor randomTensor(std::vector<int64_t> shape, unsigned seed) {
  int64_t count = 1;
  for (int64_t dim : shape)
    count *= dim;
  std::mt19937 engine(seed);
  std::normal_distribution<double> normal;
  NNTensor tensor{std::move(shape), std::vector<double>(count)};
  for (double &value : tensor.values)
    value = static_cast<rt::half>(normal(engine));
  return tensor;
}

NNTensor rmsNorm(const NNTensor &x, const NNTensor &gain, double eps) {
  NNTensor y = x;
  int64_t features = x.shape[2];
  for (size_t token = 0; token < x.values.size(); token += features) {
    double squares = 0;
    for (int64_t d = 0; d < features; ++d)
      squares += x.values[token + d] * x.values[token + d];
    double root = std::sqrt(squares / features + eps);
    for (int64_t d = 0; d < features; ++d)
      y.values[token + d] = gain.values[d] * x.values[token + d] / root;
  }
  return y;
}

NNTensor rmsNormGrad(const NNTensor &x, const NNTensor &gain,
                     const NNTensor &dy, double eps) {
  NNTensor dx = x;
  int64_t features = x.shape[2];
  for (size_t token = 0; token < x.values.size(); token += features) {
    double squares = 0;
    for (int64_t d = 0; d < features; ++d)
      squares += x.values[token + d] * x.values[token + d];
    double root = std::sqrt(squares / features + eps), mean = 0;
    for (int64_t d = 0; d < features; ++d)
      mean += gain.values[d] * dy.values[token + d] * x.values[token + d] /
              root / features;
    for (int64_t d = 0; d < features; ++d)
      dx.values[token + d] = (gain.values[d] * dy.values[token + d] -
                              x.values[token + d] / root * mean) /
                             root;
  }
  return dx;
}

NNTensor rope(const NNTensor &x, int64_t headDim, double theta, bool halves,
              bool inverse) {
  NNTensor y = x;
  int64_t sequence = x.shape[1], features = x.shape[2];
  for (size_t t = 0; t < x.values.size() / features; ++t)
    for (int64_t head = 0; head < features / headDim; ++head)
      for (int64_t i = 0; i < headDim / 2; ++i) {
        double position = static_cast<double>(t % sequence);
        double angle = position * std::pow(theta, -2.0 * i / headDim);
        double c = std::cos(angle), s = std::sin(inverse ? -angle : angle);
        int64_t base = t * features + head * headDim;
        int64_t first = base + (halves ? i : 2 * i);
        int64_t second = base + (halves ? i + headDim / 2 : 2 * i + 1);
        y.values[first] = x.values[first] * c - x.values[second] * s;
        y.values[second] = x.values[first] * s + x.values[second] * c;
      }
  return y;
}

NNTensor attention(const NNTensor &q, const NNTensor &k, const NNTensor &v,
                   int64_t heads, int64_t kvHeads) {
  NNTensor out = q;
  int64_t batch = q.shape[0], sequence = q.shape[1], d = q.shape[2] / heads;
  auto at = [&](const NNTensor &x, int64_t b, int64_t s, int64_t f) {
    return (b * sequence + s) * x.shape[2] + f;
  };
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t h = 0; h < heads; ++h)
      for (int64_t i = 0; i < sequence; ++i) {
        int64_t g = h % kvHeads;
        std::vector<double> weights(i + 1);
        double largest = -INFINITY, sum = 0;
        for (int64_t j = 0; j <= i; ++j) {
          for (int64_t f = 0; f < d; ++f)
            weights[j] += q.values[at(q, b, i, h * d + f)] *
                          k.values[at(k, b, j, g * d + f)] / std::sqrt(d);
          largest = std::max(largest, weights[j]);
        }
        for (double &weight : weights)
          sum += weight = std::exp(weight - largest);
        for (int64_t f = 0; f < d; ++f) {
          double &o = out.values[at(out, b, i, h * d + f)] = 0;
          for (int64_t j = 0; j <= i; ++j)
            o += weights[j] / sum * v.values[at(v, b, j, g * d + f)];
        }
      }
  return out;
}

double relativeError(const NNTensor &a, const NNTensor &b) {
  double error = 0, largest = 0;
  for (size_t i = 0; i < b.values.size(); ++i) {
    error = std::max(error, std::abs(a.values[i] - b.values[i]));
    largest = std::max(largest, std::abs(b.values[i]));
  }
  // Not a number compares false above.
  for (double value : a.values)
    if (!std::isfinite(value))
      return INFINITY;
  return error / largest;
}

double worstTokenError(const NNTensor &a, const NNTensor &b) {
  double worst = 0;
  int64_t features = b.shape[2];
  for (size_t token = 0; token < b.values.size(); token += features) {
    double error = 0, size = 0;
    for (int64_t d = 0; d < features; ++d) {
      double difference = a.values[token + d] - b.values[token + d];
      error += difference * difference;
      size += b.values[token + d] * b.values[token + d];
    }
    if (!std::isfinite(error))
      return INFINITY;
    worst = std::max(worst, std::sqrt(error / size));
  }
  return worst;
}

} // namespace anec::test

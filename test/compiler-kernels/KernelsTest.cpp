//===- KernelsTest.cpp - Lowered kernels compute what nn means ------------===//
//
// Each kernel goes through the passes that users get and runs on the CPU
// device, in fp16 as on the device and in f32.
//
//===----------------------------------------------------------------------===//

#include "KernelRunner.h"
#include "Reference.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace anec::test {
namespace {

using rt::Numerics;

/// fp16 keeps 11 bits; a kernel of some ten rounded ops stays within a few of
/// them. 1 % is what the project promises for normalisation.
double tolerance(Numerics numerics) {
  return numerics == Numerics::Ane ? 4e-3 : 1e-5;
}
constexpr double normTolerance = 1e-2;
/// Nothing but forms of operators that trained models.
constexpr const char *provenTarget = "strict+proven-only=T1";

std::string typeOf(const NNTensor &tensor) {
  return fmt::format("tensor<{}xf32>", fmt::join(tensor.shape, "x"));
}

/// A model with one kernel.
std::string kernel(const std::string &arguments, const std::string &body,
                   const std::string &results) {
  return "nn.model @m {\n nn.func private @kernel(" + arguments + ") -> (" +
         results + ") attributes {kernel} {\n" + body + "\n }\n}\n";
}

/// Tokens whose rms goes from 0.01 to 200, neighbours far apart.
NNTensor mixedRange(int64_t tokens, int64_t features) {
  NNTensor x = randomTensor({1, tokens, features}, 1);
  for (int64_t t = 0; t < tokens; ++t) {
    int64_t step = t * 37 % tokens;
    double rms = 0.01 * std::pow(200 / 0.01, double(step) / (tokens - 1));
    for (int64_t d = 0; d < features; ++d) {
      double &value = x.values[t * features + d];
      value = static_cast<rt::half>(value * rms);
    }
  }
  return x;
}

class Norm : public testing::TestWithParam<std::tuple<Numerics, int64_t>> {};

TEST_P(Norm, IsRightForRmsFromOneHundredthToTwoHundred) {
  auto [numerics, features] = GetParam();
  NNTensor x = mixedRange(64, features), gain = randomTensor({features}, 2);
  std::string type = typeOf(x), vector = typeOf(gain);
  std::string model = kernel(
      fmt::format("%x: {0}, %g: {1} {{nn.parameter = @g}}", type, vector),
      fmt::format("%y = nn.rms_norm %x, %g {{eps = 1.0e-5}} : {0}, {1}\n"
                  "nn.return %y : {0}",
                  type, vector),
      type);
  auto results = runKernel(model, {x, gain}, {x.shape}, numerics);
  EXPECT_LT(worstTokenError(results[0], rmsNorm(x, gain, 1e-5)),
            numerics == Numerics::Ane ? normTolerance : 1e-5);
}

TEST_P(Norm, HasARightGradientForThatRange) {
  auto [numerics, features] = GetParam();
  NNTensor x = mixedRange(64, features), gain = randomTensor({features}, 2);
  NNTensor dy = randomTensor(x.shape, 3);
  std::string type = typeOf(x), vector = typeOf(gain);
  std::string model = kernel(
      fmt::format("%x: {0}, %g: {1} {{nn.parameter = @g}}, %dy: {0}", type,
                  vector),
      fmt::format(
          "%dx = nn.rms_norm_grad %x, %g, %dy {{eps = 1.0e-5}} : {0}, {1}\n"
          "nn.return %dx : {0}",
          type, vector),
      type);
  auto results = runKernel(model, {x, gain, dy}, {x.shape}, numerics);
  EXPECT_LT(worstTokenError(results[0], rmsNormGrad(x, gain, dy, 1e-5)),
            numerics == Numerics::Ane ? normTolerance : 1e-5);
}

TEST_P(Norm, IsRightWithoutAGain) {
  auto [numerics, features] = GetParam();
  NNTensor x = mixedRange(64, features), dy = randomTensor(x.shape, 3);
  const NNTensor ones{{features}, std::vector<double>(features, 1)};
  std::string model = kernel(
      fmt::format("%x: {0}, %dy: {0}", typeOf(x)),
      fmt::format("%y = nn.rms_norm %x {{eps = 1.0e-5}} : {0}\n"
                  "%dx = nn.rms_norm_grad %x, %dy {{eps = 1.0e-5}} : {0}\n"
                  "nn.return %y, %dx : {0}, {0}",
                  typeOf(x)),
      fmt::format("{0}, {0}", typeOf(x)));
  auto results = runKernel(model, {x, dy}, {x.shape, x.shape}, numerics);
  const double limit = numerics == Numerics::Ane ? normTolerance : 1e-5;
  EXPECT_LT(worstTokenError(results[0], rmsNorm(x, ones, 1e-5)), limit);
  EXPECT_LT(worstTokenError(results[1], rmsNormGrad(x, ones, dy, 1e-5)), limit);
}

INSTANTIATE_TEST_SUITE_P(Widths, Norm,
                         testing::Combine(testing::Values(Numerics::Ane,
                                                          Numerics::F32),
                                          testing::Values(64, 192, 768)));

class Kernel : public testing::TestWithParam<Numerics> {};

/// e^x / sum e^x for each token, by the definition.
NNTensor softmaxOf(const NNTensor &x) {
  NNTensor y = x;
  const int64_t features = x.shape.back();
  for (size_t token = 0; token < x.values.size(); token += features) {
    double sum = 0;
    for (int64_t d = 0; d < features; ++d)
      sum += std::exp(x.values[token + d]);
    for (int64_t d = 0; d < features; ++d)
      y.values[token + d] = std::exp(x.values[token + d]) / sum;
  }
  return y;
}

// 70 is no power of two and no multiple of 32: what fills the rows up must not
// take a share.
TEST_P(Kernel, SoftmaxOverFeaturesFillsItsRows) {
  NNTensor x = randomTensor({2, 32, 70}, 1);
  for (double &value : x.values)
    value = static_cast<rt::half>(4 * value - 6);
  std::string model = kernel("%x: " + typeOf(x),
                             fmt::format("%y = nn.softmax %x : {0}\n"
                                         "nn.return %y : {0}",
                                         typeOf(x)),
                             typeOf(x));
  auto results = runKernel(model, {x}, {x.shape}, GetParam());
  EXPECT_LT(relativeError(results[0], softmaxOf(x)), tolerance(GetParam()));
}

// Sums of more terms than the device adds up, in parts of at most 16384.
TEST_P(Kernel, ProductsOverManyFeaturesAreSummedInParts) {
  const int64_t terms = 16384 + 96;
  NNTensor x = randomTensor({1, 32, terms}, 1),
           w = randomTensor({terms, 32}, 2);
  NNTensor y{{1, 32, 32}, std::vector<double>(32 * 32)};
  for (int64_t t = 0; t < 32; ++t)
    for (int64_t k = 0; k < terms; ++k)
      for (int64_t i = 0; i < 32; ++i)
        y.values[t * 32 + i] += x.values[t * terms + k] * w.values[k * 32 + i];
  std::string model = kernel(
      fmt::format("%x: {}, %w: {} {{nn.parameter = @w}}", typeOf(x), typeOf(w)),
      fmt::format("%y = nn.matmul %x, %w : {}, {}\nnn.return %y : {}",
                  typeOf(x), typeOf(w), typeOf(y)),
      typeOf(y));
  auto results = runKernel(model, {x, w}, {y.shape}, GetParam());
  EXPECT_LT(relativeError(results[0], y), tolerance(GetParam()));
}

TEST_P(Kernel, LinearAndItsTransposeUseOneWeight) {
  NNTensor x = randomTensor({2, 32, 64}, 1), w = randomTensor({96, 64}, 2);
  NNTensor up{{2, 32, 96}, std::vector<double>(2 * 32 * 96)};
  NNTensor down{{2, 32, 64}, std::vector<double>(2 * 32 * 64)};
  for (int64_t t = 0; t < 64; ++t)
    for (int64_t o = 0; o < 96; ++o)
      for (int64_t i = 0; i < 64; ++i)
        up.values[t * 96 + o] += w.values[o * 64 + i] * x.values[t * 64 + i];
  for (int64_t t = 0; t < 64; ++t)
    for (int64_t o = 0; o < 96; ++o)
      for (int64_t i = 0; i < 64; ++i)
        down.values[t * 64 + i] += w.values[o * 64 + i] * up.values[t * 96 + o];
  std::string model = kernel(
      fmt::format("%x: {}, %w: {} {{nn.parameter = @w}}", typeOf(x), typeOf(w)),
      fmt::format("%y = nn.linear %x, %w : {0}, {1}\n"
                  "%z = nn.matmul %y, %w : {2}, {1}\n"
                  "nn.return %y, %z : {2}, {0}",
                  typeOf(x), typeOf(w), typeOf(up)),
      typeOf(up) + ", " + typeOf(down));
  auto results = runKernel(model, {x, w}, {up.shape, down.shape}, GetParam());
  EXPECT_LT(relativeError(results[0], up), tolerance(GetParam()));
  EXPECT_LT(relativeError(results[1], down), tolerance(GetParam()));
}

TEST_P(Kernel, SiluIsRightForLargeNumbers) {
  NNTensor x = randomTensor({1, 32, 64}, 1);
  for (double &value : x.values)
    value = static_cast<rt::half>(value * 20);
  NNTensor y = x;
  for (double &value : y.values)
    value = value / (1 + std::exp(-value));
  std::string type = typeOf(x);
  std::string model = kernel(
      "%x: " + type,
      fmt::format("%y = nn.silu %x : {0}\nnn.return %y : {0}", type), type);
  auto results = runKernel(model, {x}, {x.shape}, GetParam());
  EXPECT_LT(relativeError(results[0], y), tolerance(GetParam()));
}

TEST_P(Kernel, RopeRotatesEverySequenceFromPositionZero) {
  NNTensor x = randomTensor({2, 32, 48}, 1);
  std::string type = typeOf(x);
  for (bool halves : {false, true})
    for (bool inverse : {false, true}) {
      std::string model = kernel(
          "%x: " + type,
          fmt::format("%y = nn.rope %x {{head_dim = 16 : i64, theta = 1.0e+4, "
                      "style = #nn.rope<{1}>{2}}} : {0}\nnn.return %y : {0}",
                      type, halves ? "halves" : "interleaved",
                      inverse ? ", inverse" : ""),
          type);
      for (const char *target : {"strict", provenTarget}) {
        auto results = runKernel(model, {x}, {x.shape}, GetParam(), target);
        EXPECT_LT(
            relativeError(results[0], rope(x, 16, 10000, halves, inverse)),
            tolerance(GetParam()))
            << (halves ? "halves" : "interleaved") << (inverse ? " back" : "")
            << " for " << target;
      }
    }
}

/// Attention with heads in grouped order, as nn-split-causal-mask leaves it.
std::string attentionModel(const NNTensor &q, const NNTensor &k, int64_t heads,
                           int64_t kvHeads) {
  std::string qType = typeOf(q), kType = typeOf(k);
  int64_t sequence = q.shape[1];
  std::string scores = fmt::format("tensor<{}x{}x{}x{}xf32>", q.shape[0], heads,
                                   sequence, sequence);
  std::string mask = fmt::format("tensor<{0}x{0}xf32>", sequence);
  std::string shared =
      fmt::format("heads = {}, kv_heads = {}{}", heads, kvHeads,
                  heads == kvHeads ? "" : ", grouped");
  double factor = 1 / std::sqrt(double(q.shape[2]) / heads);
  return kernel(fmt::format("%q: {0}, %k: {1}, %v: {1}", qType, kType),
                fmt::format("%qs = nn.scale %q {{factor = {5:.17e}}} : {0}\n"
                            "%s = nn.head_scores %qs, %k, {4} : {0}, {1}\n"
                            "%m = nn.causal_mask : {3}\n"
                            "%sm = nn.add %s, %m : {2}, {3}\n"
                            "%p = nn.softmax %sm : {2}\n"
                            "%o = nn.head_mix %p, %v, {4} : {2}, {1}\n"
                            "nn.return %o : {0}",
                            qType, kType, scores, mask, shared, factor),
                qType);
}

TEST_P(Kernel, AttentionIsCausalForEachSequenceOfABatch) {
  NNTensor q = randomTensor({3, 32, 64}, 1), k = randomTensor({3, 32, 64}, 2);
  NNTensor v = randomTensor({3, 32, 64}, 3);
  auto results =
      runKernel(attentionModel(q, k, 4, 4), {q, k, v}, {q.shape}, GetParam());
  EXPECT_LT(relativeError(results[0], attention(q, k, v, 4, 4)),
            tolerance(GetParam()));
}

TEST_P(Kernel, GroupedHeadsShareKeysAndValues) {
  NNTensor q = randomTensor({2, 32, 96}, 1), k = randomTensor({2, 32, 32}, 2);
  NNTensor v = randomTensor({2, 32, 32}, 3);
  auto results =
      runKernel(attentionModel(q, k, 6, 2), {q, k, v}, {q.shape}, GetParam());
  EXPECT_LT(relativeError(results[0], attention(q, k, v, 6, 2)),
            tolerance(GetParam()));
}

TEST_P(Kernel, WitnessFindsTheLargestMagnitudeOfEachToken) {
  // 4 heads of 16 over two sequences of 32: s[b,h,i,j] = q[b,i,h] . k[b,j,h].
  NNTensor q = randomTensor({2, 32, 64}, 1), k = randomTensor({2, 32, 64}, 2);
  q.values[5 * 64 + 3] = -300; // in token 5, larger than any product nearby
  std::string model = kernel(
      fmt::format("%q: {0}, %k: {0}", typeOf(q)),
      fmt::format("%s = nn.head_scores %q, %k, heads = 4, kv_heads = 4 : {0}, "
                  "{0}\n%w = nn.overflow_witness(%q, %s) : ({0}, "
                  "tensor<2x4x32x32xf32>) -> tensor<2x32x1xf32>\n"
                  "nn.return %w : tensor<2x32x1xf32>",
                  typeOf(q)),
      "tensor<2x32x1xf32>");
  NNTensor expected{{2, 32, 1}, std::vector<double>(2 * 32)};
  for (int64_t b = 0; b < 2; ++b)
    for (int64_t j = 0; j < 32; ++j) {
      double largest = 0;
      for (int64_t d = 0; d < 64; ++d)
        largest = std::max(largest, std::abs(q.values[(b * 32 + j) * 64 + d]));
      for (int64_t i = 0; i < 32; ++i)
        for (int64_t h = 0; h < 4; ++h) {
          double score = 0;
          for (int64_t d = h * 16; d < h * 16 + 16; ++d)
            score += q.values[(b * 32 + i) * 64 + d] *
                     k.values[(b * 32 + j) * 64 + d];
          largest = std::max(largest, std::abs(score));
        }
      expected.values[b * 32 + j] = largest;
    }
  auto results = runKernel(model, {q, k}, {expected.shape}, GetParam());
  EXPECT_LT(relativeError(results[0], expected), tolerance(GetParam()));
}

/// sum_i |x_i|^32 of the features of each token, to the power 1/32.
NNTensor norm32(const NNTensor &x) {
  const int64_t features = x.shape[2];
  NNTensor y{{x.shape[0], x.shape[1], 1}, {}};
  for (size_t token = 0; token < x.values.size(); token += features) {
    double sum = 0;
    for (int64_t d = 0; d < features; ++d)
      sum += std::pow(x.values[token + d], 32);
    y.values.push_back(std::pow(sum, 1.0 / 32));
  }
  return y;
}

TEST_P(Kernel, WitnessOfProvenFormsIsANormThatOverflowReaches) {
  // Magnitudes of 1,000 to 64,000, a token each; all features below that.
  NNTensor x = randomTensor({2, 32, 64}, 1);
  for (int64_t t = 0; t < 64; ++t) {
    for (int64_t d = 0; d < 64; ++d)
      x.values[t * 64 + d] =
          static_cast<rt::half>(x.values[t * 64 + d] * 100 * double(t + 1));
    x.values[t * 64 + t] =
        static_cast<rt::half>((t % 2 ? -1000.0 : 1000.0) * double(t + 1));
  }
  std::string model = kernel(
      "%x: " + typeOf(x),
      fmt::format("%w = nn.overflow_witness(%x) : ({0}) -> "
                  "tensor<2x32x1xf32>\nnn.return %w : tensor<2x32x1xf32>",
                  typeOf(x)),
      "tensor<2x32x1xf32>");
  NNTensor found =
      runKernel(model, {x}, {{2, 32, 1}}, GetParam(), provenTarget)[0];
  NNTensor expected = norm32(x);
  for (size_t i = 0; i < found.values.size(); ++i) {
    const double norm = expected.values[i];
    // 2^15 * 2^(-25/32) is the last whose power fp16 rounds to 0, 2^15.5 the
    // first whose power it rounds to infinity. Powers below 2^-14 have few
    // bits, whose root is within one part in 32. f32 loses what is below
    // 2^15 * 2^(-126/32).
    const bool isHalf = GetParam() == Numerics::Ane;
    if (norm < (isHalf ? 19066 : 2139)) {
      EXPECT_LE(found.values[i], isHalf ? 20000 : 2200);
    } else if (isHalf && norm > 46341 * 1.002) {
      EXPECT_TRUE(std::isinf(found.values[i])) << norm;
    } else if (!isHalf || norm < 46341 * 0.998) {
      EXPECT_NEAR(found.values[i] / norm, 1,
                  isHalf && norm < 25000 ? 0.03 : tolerance(GetParam()));
    }
  }
}

TEST_P(Kernel, WitnessOfProvenFormsSeesScores) {
  NNTensor q = randomTensor({2, 32, 64}, 1), k = randomTensor({2, 32, 64}, 2);
  // One score of 36,000: 150 * 240 in token 5 of the second sequence.
  q.values[(32 + 5) * 64 + 17] = 150;
  k.values[(32 + 9) * 64 + 17] = 240;
  std::string model = kernel(
      fmt::format("%q: {0}, %k: {0}", typeOf(q)),
      fmt::format("%s = nn.head_scores %q, %k, heads = 4, kv_heads = 4 : {0}, "
                  "{0}\n%w = nn.overflow_witness(%s) : ("
                  "tensor<2x4x32x32xf32>) -> tensor<2x32x1xf32>\n"
                  "nn.return %w : tensor<2x32x1xf32>",
                  typeOf(q)),
      "tensor<2x32x1xf32>");
  NNTensor found =
      runKernel(model, {q, k}, {{2, 32, 1}}, GetParam(), provenTarget)[0];
  const double largest =
      *std::max_element(found.values.begin(), found.values.end());
  // All other scores together add less than one part in 1,000: they are below
  // 1,000, (1,000 / 36,000)^32 is nothing.
  EXPECT_NEAR(largest / 36000, 1, 2 * tolerance(Numerics::Ane));
}

TEST_P(Kernel, WeightedLogLossGradIsThatOfTheLogits) {
  // -sum_v w log p in the logits: p * sum_v w - w.
  NNTensor p = softmaxOf(randomTensor({2, 32, 64}, 1)), w = p, d = p;
  for (int64_t t = 0; t < 64; ++t)
    for (int64_t v = 0; v < 64; ++v) {
      w.values[t * 64 + v] = v == t * 7 % 64 ? 4 : 0;
      d.values[t * 64 + v] = 4 * p.values[t * 64 + v] - w.values[t * 64 + v];
    }
  std::string model =
      kernel(fmt::format("%p: {0}, %w: {0}", typeOf(p)),
             fmt::format("%d = nn.weighted_log_loss_grad %p, %w : {0}\n"
                         "nn.return %d : {0}",
                         typeOf(p)),
             typeOf(p));
  auto results = runKernel(model, {p, w}, {d.shape}, GetParam());
  EXPECT_LT(relativeError(results[0], d), tolerance(GetParam()));
}

TEST_P(Kernel, PermutedFeaturesAreRunsOfNeighbours) {
  NNTensor x = randomTensor({2, 32, 64}, 1), y = x;
  std::vector<int64_t> order;
  for (int64_t head : {2, 0, 3, 1})
    for (int64_t d = 0; d < 16; ++d)
      order.push_back(head * 16 + d);
  for (int64_t t = 0; t < 64; ++t)
    for (int64_t d = 0; d < 64; ++d)
      y.values[t * 64 + d] = x.values[t * 64 + order[d]];
  std::string model = kernel(
      "%x: " + typeOf(x),
      fmt::format("%s = nn.scale %x {{factor = 1.0}} : {0}\n"
                  "%y = nn.permute_features %s {{order = array<i64: {1}>}} : "
                  "{0}\nnn.return %y : {0}",
                  typeOf(x), fmt::join(order, ", ")),
      typeOf(x));
  auto results = runKernel(model, {x}, {x.shape}, GetParam());
  EXPECT_EQ(results[0].values, y.values);
}

INSTANTIATE_TEST_SUITE_P(Numerics, Kernel,
                         testing::Values(Numerics::Ane, Numerics::F32));

} // namespace
} // namespace anec::test

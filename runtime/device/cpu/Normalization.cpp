//===- Normalization.cpp - Rarer normalisations ---------------------------===//
//
// Statistics over space, over the last three dimensions, over neighbouring
// channels.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/Elements.h"
#include "runtime/device/cpu/Kernels.h"
#include "runtime/support/ThreadPool.h"

#include <algorithm>
#include <cmath>

namespace anec::rt::cpu {

namespace {

/// Normalises `count` numbers to mean 0 and variance 1, then gamma, beta.
void normalize(double *line, int64_t count, double epsilon, double gamma,
               double beta) {
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < count; ++i)
    sum += line[i];
  const double mean = sum / static_cast<double>(count);
  for (int64_t i = 0; i < count; ++i)
    squares += (line[i] - mean) * (line[i] - mean);
  const double scale =
      gamma / std::sqrt(squares / static_cast<double>(count) + epsilon);
  for (int64_t i = 0; i < count; ++i)
    line[i] = (line[i] - mean) * scale + beta;
}

/// (x - mean) / sqrt(variance + epsilon) * gamma + beta over the spatial
/// dimensions of each image and channel.
Result<Kernel> prepareInstanceNorm(Preparation &preparation) {
  const mil::Operands &operands = preparation.operands;
  ANEC_TRY(preparation.expectFloat("x"));
  ANEC_ASSIGN(double epsilon, operands.number("epsilon", 1e-5));
  preparation.input("x");
  // Input 0 is x, so 0 means that there is none.
  const size_t gamma = operands.has("gamma") ? preparation.input("gamma") : 0;
  const size_t beta = operands.has("beta") ? preparation.input("beta") : 0;
  return Kernel([=](const KernelArguments &arguments) {
    const Dims &dims = arguments.inputs[0].dims;
    Numbers numbers = numbersOf(arguments.inputs[0]);
    const int64_t channels = dims[1];
    const int64_t space = elementCount(dims) / (dims[0] * channels);
    const Numbers gammas = gamma ? numbersOf(arguments.inputs[gamma])
                                 : Numbers(static_cast<size_t>(channels), 1);
    const Numbers betas = beta ? numbersOf(arguments.inputs[beta])
                               : Numbers(static_cast<size_t>(channels), 0);
    arguments.pool.parallelFor(dims[0] * channels, [&](int64_t i) {
      const size_t channel = static_cast<size_t>(i % channels);
      normalize(numbers.data() + i * space, space, epsilon, gammas[channel],
                betas[channel]);
    });
    storeNumbers(numbers, arguments.results[0]);
  });
}

/// x / sqrt(sum of squares over the last three dimensions + epsilon)
Result<Kernel> prepareL2Norm(Preparation &preparation) {
  ANEC_TRY(preparation.expectFloat("x"));
  ANEC_ASSIGN(double epsilon, preparation.operands.number("epsilon", 1e-6));
  preparation.input("x");
  return Kernel([epsilon](const KernelArguments &arguments) {
    const Dims &dims = arguments.inputs[0].dims;
    Numbers numbers = numbersOf(arguments.inputs[0]);
    const size_t length =
        static_cast<size_t>(elementCount(Dims(dims.end() - 3, dims.end())));
    for (size_t begin = 0; begin < numbers.size(); begin += length) {
      double squares = 0;
      for (size_t i = begin; i < begin + length; ++i)
        squares += numbers[i] * numbers[i];
      const double scale = 1 / std::sqrt(squares + epsilon);
      for (size_t i = begin; i < begin + length; ++i)
        numbers[i] *= scale;
    }
    storeNumbers(numbers, arguments.results[0]);
  });
}

/// x / (k + alpha / size * sum of squares of `size` channels around)^beta. An
/// even size reaches one channel further down than up.
Result<Kernel> prepareLocalResponseNorm(Preparation &preparation) {
  const mil::Operands &operands = preparation.operands;
  ANEC_TRY(preparation.expectFloat("x"));
  ANEC_ASSIGN(int64_t size, operands.integer("size"));
  ANEC_ASSIGN(double alpha, operands.number("alpha", 1e-4));
  ANEC_ASSIGN(double beta, operands.number("beta", 0.75));
  ANEC_ASSIGN(double k, operands.number("k", 1));
  preparation.input("x");
  return Kernel([=](const KernelArguments &arguments) {
    const Numbers x = numbersOf(arguments.inputs[0]);
    const AxisSplit split(arguments.inputs[0].dims, 1);
    Numbers y(x.size());
    for (int64_t block = 0; block < split.outer; ++block)
      for (int64_t i = 0; i < split.length; ++i)
        for (int64_t lane = 0; lane < split.inner; ++lane) {
          const int64_t first = std::max<int64_t>(0, i - size / 2);
          const int64_t end = std::min(split.length, i - size / 2 + size);
          double squares = 0;
          for (int64_t c = first; c < end; ++c) {
            const double number =
                x[static_cast<size_t>(split.at(block, c, lane))];
            squares += number * number;
          }
          const size_t place = static_cast<size_t>(split.at(block, i, lane));
          y[place] =
              x[place] /
              std::pow(k + alpha / static_cast<double>(size) * squares, beta);
        }
    storeNumbers(y, arguments.results[0]);
  });
}

} // namespace

void addNormalizationKernels(KernelTable &table) {
  table["instance_norm"] = prepareInstanceNorm;
  table["l2_norm"] = prepareL2Norm;
  table["local_response_norm"] = prepareLocalResponseNorm;
}

} // namespace anec::rt::cpu

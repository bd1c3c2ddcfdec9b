//===- DeviceAdamW.cpp - AdamW by programs of the device ------------------===//
//
// Files hold moments as the host's optimiser does, m and v without a unit: the
// unit is a power of two, and the root of an f32 square is what was squared, so
// that no bit is lost on the way.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/DeviceAdamW.h"

#include "runtime/support/Half.h"

#include <algorithm>
#include <cmath>

namespace anec::rt {
namespace {

constexpr double largestGradient = 0x1p14, smallestNormal = 0x1p-14;
constexpr double largestBeta = 0.99, largestStep = 0x1p14;

/// The value as the surface will hold it.
float asWeight(double value, Numerics numerics) {
  return numerics == Numerics::Ane ? float(half(float(value))) : float(value);
}

/// One tensor on its way, in memory that serves all.
class Mover {
public:
  Mover(Executor<float> &executor, const Optimizer::DeviceTensor &tensor,
        double unit, std::vector<float> &scratch)
      : executor(executor), tensor(tensor), unit(float(unit)),
        scratch(scratch) {
    scratch.resize(tensor.m.size());
  }

  std::optional<Error> put(Span<float> master, bool isNew) {
    const Numerics numerics = executor.numerics();
    if (isNew)
      for (size_t i = 0; i < master.size(); ++i)
        tensor.rest[i] = master[i] - asWeight(master[i], numerics);
    ANEC_TRY(write(tensor.where->weight, [&](size_t i) {
      // What fp16 makes of the exact difference is the weight that was taken.
      return numerics == Numerics::Ane
                 ? float(double(master[i]) - double(tensor.rest[i]))
                 : master[i];
    }));
    ANEC_TRY(write(tensor.where->rest,
                   [&](size_t i) { return tensor.rest[i] * float(restUnit); }));
    ANEC_TRY(write(tensor.where->mean,
                   [&](size_t i) { return tensor.m[i] * unit; }));
    return write(tensor.where->root,
                 [&](size_t i) { return std::sqrt(tensor.v[i]) * unit; });
  }

  std::optional<Error> take(Span<float> master) {
    const bool isExact = executor.numerics() != Numerics::Ane;
    ANEC_TRY(read(tensor.where->rest, [&](size_t i, float value) {
      tensor.rest[i] = value / float(restUnit);
    }));
    ANEC_TRY(read(tensor.where->weight, [&](size_t i, float value) {
      master[i] =
          isExact ? value : float(double(value) + double(tensor.rest[i]));
    }));
    ANEC_TRY(read(tensor.where->mean,
                  [&](size_t i, float value) { tensor.m[i] = value / unit; }));
    return read(tensor.where->root, [&](size_t i, float value) {
      tensor.v[i] = (value / unit) * (value / unit);
    });
  }

private:
  template <typename Value>
  std::optional<Error> write(const RegionRef &state, Value value) {
    for (size_t i = 0; i < scratch.size(); ++i)
      scratch[i] = value(i);
    return executor.writeState(state, tensor.index, Span<const float>(scratch));
  }

  template <typename Use>
  std::optional<Error> read(const RegionRef &state, Use use) {
    ANEC_TRY(executor.readState(state, tensor.index, Span<float>(scratch)));
    for (size_t i = 0; i < scratch.size(); ++i)
      use(i, scratch[i]);
    return std::nullopt;
  }

  Executor<float> &executor;
  const Optimizer::DeviceTensor &tensor;
  float unit;
  std::vector<float> &scratch;
};

} // namespace

double momentUnit(double clip) {
  return largestGradient / std::exp2(std::ceil(std::log2(clip)));
}

std::optional<Error> checkDeviceAdamW(const Plan &plan,
                                      const AdamWOptions &options, double clip,
                                      double rate) {
  if (plan.deviceParameters.empty())
    return std::nullopt;
  auto refuse = [](const char *flag, const std::string &expected,
                   double found) {
    return makeError(ErrorCode::InvalidInput,
                     "expects {} {} where the device holds moments in fp16, "
                     "but got {}; compile without --offload=optimizer for "
                     "others",
                     flag, expected, found);
  };
  if (!(clip > 0))
    return refuse("--clip", "above 0", clip);
  if (options.beta1 > largestBeta)
    return refuse("--beta1", "of at most 0.99", options.beta1);
  if (options.beta2 > largestBeta)
    return refuse("--beta2", "of at most 0.99", options.beta2);
  // The corrections of biases are largest in the first update.
  const double first =
      std::max(1.0, std::sqrt(1 - options.beta2) / (1 - options.beta1));
  if (restUnit * rate * first > largestStep)
    return refuse(
        "--lr",
        fmt::format("of at most {:.3g}", largestStep / (restUnit * first)),
        rate);
  return std::nullopt;
}

UpdateFactors<float> updateFactorsOf(const AdamWOptions &options, double rate,
                                     int64_t step, double scale, double unit) {
  const double correction = 1 - std::pow(options.beta1, double(step));
  const double root = std::sqrt(1 - std::pow(options.beta2, double(step)));
  const double gradient = unit * scale;
  const double first = std::exp2(std::floor(std::log2(gradient) / 2));
  UpdateFactors<float> factors{};
  auto set = [&factors](UpdateFactor factor, double value) {
    factors[size_t(factor)] = float(value);
  };
  set(UpdateFactor::Gradient, first);
  set(UpdateFactor::GradientAgain, gradient / first);
  set(UpdateFactor::MeanShare, 1 - options.beta1);
  set(UpdateFactor::SquareShare, 1 - options.beta2);
  set(UpdateFactor::Epsilon,
      std::max(unit * options.epsilon * root, smallestNormal));
  set(UpdateFactor::Step, restUnit * rate * root / correction);
  set(UpdateFactor::Decay, restUnit * rate * options.weightDecay);
  return factors;
}

std::optional<Error> putStates(Executor<float> &executor,
                               const Optimizer &optimizer, double unit) {
  std::vector<float> scratch;
  for (const Optimizer::DeviceTensor &each : optimizer.onDevice())
    ANEC_TRY(Mover(executor, each, unit, scratch)
                 .put(executor.parameters().master(each.where->parameter,
                                                   each.index),
                      !optimizer.hasRests()));
  return std::nullopt;
}

std::optional<Error> takeStates(Executor<float> &executor,
                                const Optimizer &optimizer, double unit) {
  std::vector<float> scratch;
  for (const Optimizer::DeviceTensor &each : optimizer.onDevice())
    ANEC_TRY(Mover(executor, each, unit, scratch)
                 .take(executor.parameters().master(each.where->parameter,
                                                    each.index)));
  return std::nullopt;
}

} // namespace anec::rt

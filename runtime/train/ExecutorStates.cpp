//===- ExecutorStates.cpp - What the device keeps of parameters -----------===//
//
// The side of the executor that the optimiser on the device needs: numbers in,
// numbers out, and whole matrices between two processes.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/Executor.h"

#include "runtime/train/RegionCopy.h"

#include <algorithm>

namespace anec::rt {

template <typename Real> double Executor<Real>::squaresOnDevice() {
  if (plan().deviceParameters.empty())
    return 0;
  const std::vector<HostProgram::Output> &outputs =
      plan().program("finish_gradients")->outputs;
  double total = 0;
  for (size_t o = 0; o < outputs.size(); o += 2)
    for (int64_t i = 0; i < plan().buffers[outputs[o].buffer].count; ++i) {
      const Span<Real> peaks = reals(outputs[o].buffer, i);
      const Span<Real> squares = reals(outputs[o + 1].buffer, i);
      for (size_t row = 0; row < peaks.size(); ++row) {
        const double peak = double(peaks[row]);
        total += peak * peak * double(squares[row]);
      }
    }
  return total;
}

template <typename Real>
std::optional<Error>
Executor<Real>::updateOnDevice(const UpdateFactors<Real> &factors) {
  for (const HostProgram::Input &input : plan().program("update")->inputs) {
    // One row of equal numbers for each factor.
    const Span<Real> rows = reals(input.buffer);
    const size_t columns = rows.size() / factors.size();
    for (size_t f = 0; f < factors.size(); ++f)
      std::fill_n(rows.begin() + f * columns, columns, factors[f]);
  }
  return run("update");
}

template <typename Real>
std::optional<Error> Executor<Real>::readState(const RegionRef &state,
                                               int64_t index, Span<Real> into) {
  traffic->hostReads(state, index);
  ANEC_ASSIGN(std::unique_ptr<SurfaceMap> map,
              device.map(surface(state.at, index), state.region, Access::Read));
  readRegion(*map, into.data(), pool);
  return std::nullopt;
}

template <typename Real>
std::optional<Error> Executor<Real>::writeState(const RegionRef &state,
                                                int64_t index,
                                                Span<const Real> values) {
  ANEC_ASSIGN(
      std::unique_ptr<SurfaceMap> map,
      device.map(surface(state.at, index), state.region, Access::Write));
  writeRegion(values.data(), *map, pool);
  traffic->hostWrites(state, index);
  return std::nullopt;
}

template <typename Real> std::optional<Error> Executor<Real>::fetchGradients() {
  for (const DeviceParameter &each : plan().deviceParameters)
    for (int64_t i = 0; i < plan().parameters[each.parameter].count; ++i) {
      bool holdsValues = false; // Sums of all micro-steps: nothing to add to.
      ANEC_TRY(
          readState(each.gradient, i,
                    store.gradientToWrite(each.parameter, i, &holdsValues)));
    }
  return std::nullopt;
}

#define ANEC_INSTANTIATE(Real)                                                 \
  template double Executor<Real>::squaresOnDevice();                           \
  template std::optional<Error> Executor<Real>::updateOnDevice(                \
      const UpdateFactors<Real> &);                                            \
  template std::optional<Error> Executor<Real>::readState(                     \
      const RegionRef &, int64_t, Span<Real>);                                 \
  template std::optional<Error> Executor<Real>::writeState(                    \
      const RegionRef &, int64_t, Span<const Real>);                           \
  template std::optional<Error> Executor<Real>::fetchGradients();
ANEC_INSTANTIATE(float)
ANEC_INSTANTIATE(double)
#undef ANEC_INSTANTIATE

} // namespace anec::rt

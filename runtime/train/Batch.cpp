//===- Batch.cpp - Sequences into input buffers ---------------------------===//
//
// Rows of sequences to columns of activations.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/Batch.h"

#include <algorithm>

namespace anec::rt {
namespace {

/// [S,D] row-major into columns row * S .. of [D,T].
template <typename Real>
void putColumns(const std::vector<float> &values, Span<Real> buffer,
                int64_t row, int64_t S, int64_t T) {
  int64_t D = int64_t(buffer.size()) / T;
  for (int64_t d = 0; d < D; ++d)
    for (int64_t s = 0; s < S; ++s)
      buffer[size_t(d * T + row * S + s)] = Real(values[size_t(s * D + d)]);
}

} // namespace

template <typename Real>
void putSequence(Executor<Real> &executor, const HostProgram &program,
                 int64_t row, const Sequence &sequence) {
  for (const HostProgram::Input &input : program.inputs) {
    const Buffer &buffer = executor.plan().buffers[input.buffer];
    int64_t S = buffer.shape[1], T = buffer.shape[0] * S;
    bool targets = input.role == "targets";
    if (buffer.type == Buffer::Type::Real) {
      putColumns(targets ? sequence.targets : sequence.data,
                 executor.reals(input.buffer), row, S, T);
      continue;
    }
    const std::vector<int32_t> &tokens =
        targets ? sequence.targetTokens : sequence.tokens;
    std::copy_n(tokens.begin(), S,
                executor.integers(input.buffer).begin() + row * S);
  }
}

template <typename Real>
void putTrainingBatch(Executor<Real> &executor, const HostProgram &program,
                      const Dataset &data, uint64_t first) {
  Sequence sequence;
  for (int64_t row = 0; row < executor.plan().batch; ++row) {
    data.draw(first + uint64_t(row), sequence);
    putSequence(executor, program, row, sequence);
  }
}

template <typename Real>
Result<double> runForLoss(Executor<Real> &executor,
                          const std::string &program) {
  ANEC_TRY(executor.run(program));
  ANEC_ASSIGN(Span<const Real> loss, executor.output(program, "loss"));
  return double(loss[0]);
}

template <typename Real>
Result<double> meanLoss(Executor<Real> &executor, const Dataset &data,
                        int64_t batches) {
  const HostProgram *program = executor.plan().program("eval_loss");
  if (!program)
    return makeError(ErrorCode::InvalidInput,
                     "expects a program 'eval_loss', but the bundle has none");
  int64_t batch = executor.plan().batch, windows = data.windows();
  int64_t available = std::max<int64_t>(1, windows / batch);
  batches = batches == 0 ? available : std::min(batches, available);
  double total = 0;
  Sequence sequence;
  for (int64_t n = 0; n < batches; ++n) {
    for (int64_t row = 0; row < batch; ++row) {
      int64_t index = n * batch + row;
      int64_t window = windows < batch ? index % windows
                                       : index * windows / (batches * batch);
      data.window(window, sequence);
      putSequence(executor, *program, row, sequence);
    }
    ANEC_ASSIGN(double loss, runForLoss(executor, "eval_loss"));
    total += loss;
  }
  return total / double(batches);
}

#define ANEC_INSTANTIATE(Real)                                                 \
  template void putSequence(Executor<Real> &, const HostProgram &, int64_t,    \
                            const Sequence &);                                 \
  template void putTrainingBatch(Executor<Real> &, const HostProgram &,        \
                                 const Dataset &, uint64_t);                   \
  template Result<double> meanLoss(Executor<Real> &, const Dataset &,          \
                                   int64_t);                                   \
  template Result<double> runForLoss(Executor<Real> &, const std::string &);
ANEC_INSTANTIATE(float)
ANEC_INSTANTIATE(double)
#undef ANEC_INSTANTIATE

} // namespace anec::rt

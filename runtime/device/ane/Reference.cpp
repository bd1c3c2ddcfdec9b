//===- Reference.cpp - What a program should have computed ----------------===//

#include "runtime/device/ane/Reference.h"

#include "runtime/device/cpu/CpuProgram.h"
#include "runtime/support/ThreadPool.h"

#include <cmath>

namespace anec::rt::ane {

Result<Arrays> referenceOutputs(const std::string &program,
                                const std::string &text, const Blobs &blobs,
                                const Arrays &inputs) {
  // Rare, and possibly beside training on all cores.
  ThreadPool alone(1);
  ProgramFiles files;
  files.name = program;
  files.text = text;
  files.blobs = blobs;
  ANEC_ASSIGN(std::unique_ptr<cpu::CpuProgram> compiled,
              cpu::CpuProgram::compile(files, cpu::CompileOptions(), alone));
  Arrays outputs;
  for (const cpu::Port &port : compiled->outputs())
    outputs.emplace_back(
        static_cast<size_t>(cpu::elementCount(port.layout.dims)));
  std::vector<const void *> from;
  std::vector<void *> to;
  for (const std::vector<half> &input : inputs)
    from.push_back(input.data());
  for (std::vector<half> &output : outputs)
    to.push_back(output.data());
  AlignedBuffer<uint8_t> arena;
  ANEC_TRY(compiled->run(from, to, arena, alone));
  return Result<Arrays>(std::move(outputs));
}

Match matchWeights(const Arrays &engine, const Arrays &withNew,
                   const Arrays &withOld) {
  // Below this part of the result, halves hardly tell the sets apart: one unit
  // in the last place is 5e-4.
  constexpr double resolution = 1e-4;
  // Halfway between the two answers, with a margin on both sides.
  constexpr double margin = 0.25;
  double projection = 0, change = 0, norm = 0;
  for (size_t i = 0; i < withNew.size(); ++i)
    for (size_t j = 0; j < withNew[i].size(); ++j) {
      const double fresh = static_cast<float>(withNew[i][j]);
      const double old = static_cast<float>(withOld[i][j]);
      const double found = static_cast<float>(engine[i][j]);
      // What overflowed says nothing.
      if (!std::isfinite(fresh - old) || !std::isfinite(found))
        continue;
      projection += (found - old) * (fresh - old);
      change += (fresh - old) * (fresh - old);
      norm += fresh * fresh;
    }
  if (change <= resolution * resolution * norm)
    return Match::Unclear;
  const double share = projection / change;
  if (std::abs(share - 1) < margin)
    return Match::New;
  return std::abs(share) < margin ? Match::Old : Match::Neither;
}

double largestMagnitude(const Arrays &arrays) {
  double largest = 0;
  for (const std::vector<half> &array : arrays)
    for (const half value : array) {
      const double magnitude = std::abs(static_cast<float>(value));
      largest = std::isnan(magnitude) ? INFINITY : std::max(largest, magnitude);
    }
  return largest;
}

} // namespace anec::rt::ane

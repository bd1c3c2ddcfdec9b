//===- KernelBenchmark.cpp - Whole programs on the CPU device -------------===//
//
// Four kernels in the manner of hand-written ANE training programs. Counters:
// `gemm`, `layout` and `rest` are shares of the time in products, in copies
// that only change where elements lie, and in everything else; GFLOP/s is next
// to the machine's multiply-add peak, the roofline of products.
//
//===----------------------------------------------------------------------===//
#include "runtime/bundle/KernelCosts.h"
#include "runtime/device/cpu/CpuProgram.h"
#include "runtime/gemm/Peak.h"
#include "runtime/mil/Blob.h"
#include "runtime/support/ThreadPool.h"

#include <benchmark/benchmark.h>

#include <fstream>
#include <set>
#include <sstream>

using namespace anec::rt;

namespace {

const std::set<std::string> layoutOps = {
    "concat",        "copy",  "expand_dims", "reshape", "slice_by_index",
    "slice_by_size", "split", "squeeze",     "stack",   "transpose"};
const std::set<std::string> products = {"conv", "linear", "matmul"};

ThreadPool &threads() {
  static ThreadPool pool;
  return pool;
}

/// -65504 above the diagonal, as a blob file of one entry.
std::vector<uint8_t> causalMask(int64_t size) {
  std::vector<half> mask(static_cast<size_t>(size * size), half(0));
  for (int64_t row = 0; row < size; ++row)
    for (int64_t column = row + 1; column < size; ++column)
      mask[static_cast<size_t>(row * size + column)] = half(-65504.0F);
  mil::BlobWriter writer;
  writer.append(mil::ScalarType::FP16, size * size,
                {reinterpret_cast<const uint8_t *>(mask.data()),
                 mask.size() * sizeof(half)});
  return writer.bytes();
}

void runKernel(benchmark::State &state, const std::string &name) {
  ProgramFiles files;
  files.name = name;
  std::ostringstream text;
  text
      << std::ifstream(ANEC_TEST_DIR "/bench/kernels/" + name + ".mil").rdbuf();
  files.text = text.str();
  files.blobs["@model_path/weights/mask.bin"] = causalMask(256);
  auto program = cpu::CpuProgram::compile(files, {}, threads());
  auto costs = kernelCosts(files.text, name);
  if (!program || !costs)
    return state.SkipWithError(
        (program ? costs.error() : program.error()).message.c_str());
  const auto &input = (*program)->inputs()[0].layout;
  const auto &output = (*program)->outputs()[0].layout;
  std::vector<half> x(static_cast<size_t>(cpu::elementCount(input.dims)));
  std::vector<half> y(static_cast<size_t>(cpu::elementCount(output.dims)));
  // Small numbers of both signs: no infinities, no subnormals.
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = half(float(int(i * 7919 % 61) - 30) / 300.0F);
  AlignedBuffer<uint8_t> arena;
  cpu::OperatorTimes times;
  for (auto _ : state)
    if (auto error =
            (*program)->run({x.data()}, {y.data()}, arena, threads(), &times))
      return state.SkipWithError(error->message.c_str());
  double all = 0, layout = 0, gemm = 0;
  for (const auto &[op, seconds] : times) {
    all += seconds;
    layout += layoutOps.count(op) ? seconds : 0;
    gemm += products.count(op) ? seconds : 0;
  }
  state.counters["layout"] = layout / all;
  state.counters["gemm"] = gemm / all;
  state.counters["rest"] = 1 - (layout + gemm) / all;
  state.counters["GFLOP/s"] =
      costs->flops() / 1e9 * double(state.iterations()) / all;
  state.counters["peak"] = measurePeakFlops(threads()) / 1e9;
}

BENCHMARK_CAPTURE(runKernel, attention_forward, "attention_forward")
    ->UseRealTime();
BENCHMARK_CAPTURE(runKernel, attention_backward_1, "attention_backward_1")
    ->UseRealTime();
BENCHMARK_CAPTURE(runKernel, attention_backward_2, "attention_backward_2")
    ->UseRealTime();
BENCHMARK_CAPTURE(runKernel, feed_forward, "feed_forward")->UseRealTime();

} // namespace

BENCHMARK_MAIN();

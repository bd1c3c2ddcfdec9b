//===- RandomProgramTest.cpp - Two executors, the same programs -----------===//
//
// Random programs run on the CPU device and on the naive executor. First every
// operator by itself: the device returns all inner values, and the naive
// executor computes each from the device's own operands. Then whole programs,
// which the device may fuse, skip and place as it likes: their outputs must lie
// in the intervals that the naive executor computes from the inputs alone.
//
//   ANEC_RANDOM_SEED=N       runs the program of this seed only
//   ANEC_RANDOM_PROGRAMS=N   runs N programs from seed 0 on
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/CpuProgram.h"
#include "runtime/device/cpu/Rows.h"
#include "runtime/mil/Printer.h"
#include "runtime/support/AtomicFile.h"
#include "runtime/support/ThreadPool.h"
#include "test/runtime/device/naive/NaiveExecutor.h"
#include "test/runtime/mil/random/RandomKernel.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <iostream>

using namespace anec::rt;
using mil::random::RandomKernel;

namespace {

/// Programs per numerics.
constexpr int64_t defaultCount = isSanitized ? 120 : 1200;

/// What the comparisons covered.
struct Statistics {
  int64_t programs = 0, statements = 0, elements = 0;
  std::map<std::string, int64_t> byOperator;
  /// Elements with nothing to compare, and with one allowed value.
  int64_t open = 0, exact = 0;
  int64_t outputs = 0, outputsWithin = 0;
};

using Arrays = std::map<std::string, naive::Tensor>;

/// One seed with one numerics.
class Comparison {
public:
  Comparison(uint64_t seed, Numerics numerics, Statistics &statistics)
      : seed(seed), numerics(numerics), statistics(statistics),
        kernel(mil::random::randomKernel(seed)),
        function(kernel.program.functions[0]) {
    files.name = "seed " + std::to_string(seed);
    files.text = mil::print(kernel.program);
    files.blobs = kernel.blobs;
  }

  /// What is wrong; empty when nothing is.
  std::string run();
  /// The text, with long constants cut, and where the whole one is.
  std::string describe() const;

private:
  Arrays inputs() const;
  std::string execute(const std::vector<std::string> &extra, int threads,
                      const Arrays &given, Arrays &found) const;
  std::string compareOperators(const Arrays &given);
  std::string compareOutputs(const Arrays &given);
  std::string compare(const std::string &name, const naive::Tensor &expected,
                      const naive::Tensor &found);

  const uint64_t seed;
  const Numerics numerics;
  Statistics &statistics;
  const RandomKernel kernel;
  const mil::Function &function;
  ProgramFiles files;
};

/// What infinities and NaN become is written down for all but these.
bool definesSpecials(const mil::Function &function) {
  for (const mil::Statement &statement : function.statements)
    for (const char *op : {"cast", "reduce_argmax", "reduce_argmin", "topk"})
      if (statement.op == op)
        return false;
  return true;
}

/// Random numbers; every tenth program also gets some that are at the end of
/// fp16 or no numbers.
Arrays Comparison::inputs() const {
  mil::random::Dice dice(seed + (uint64_t(1) << 40));
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const bool isSpecial = seed % 10 == 7 && definesSpecials(function);
  Arrays arrays;
  for (const mil::random::Var &input : kernel.inputs) {
    naive::Tensor tensor(input.type.element, input.type.dims);
    for (naive::Number &number : tensor.numbers) {
      double element = dice.uniform(input.low, input.high);
      if (isSpecial && mil::isFloat(tensor.element) && dice.chance(0.002))
        element = dice.pick({infinity, -infinity, double(NAN), -0.0, 6e-8, 1e-5,
                             65504.0, -65504.0});
      number = naive::stored(element, tensor.element, numerics);
    }
    arrays[input.name] = tensor;
  }
  return arrays;
}

/// Memory of a port, written and read element by element.
AlignedBuffer<uint8_t> memoryOf(const cpu::Port &port) {
  return AlignedBuffer<uint8_t>(cpu::elementCount(port.layout.dims) *
                                cpu::storageSize(port.layout.storage));
}

std::string Comparison::execute(const std::vector<std::string> &extra,
                                int threads, const Arrays &given,
                                Arrays &found) const {
  cpu::CompileOptions options;
  options.numerics = numerics;
  options.extraOutputs = extra;
  ThreadPool pool(threads);
  auto program = cpu::CpuProgram::compile(files, options, pool);
  if (!program)
    return "the device refuses: " + program.error().message;
  std::vector<AlignedBuffer<uint8_t>> memory;
  std::vector<const void *> from;
  std::vector<void *> to;
  for (const cpu::Port &port : (*program)->inputs()) {
    memory.push_back(memoryOf(port));
    const std::vector<naive::Number> &numbers = given.at(port.name).numbers;
    std::vector<double> row;
    for (const naive::Number &number : numbers)
      row.push_back(number.value);
    cpu::storeRow<double>(row.data(), port.layout.storage, memory.back().data(),
                          1, static_cast<int64_t>(row.size()));
    from.push_back(memory.back().data());
  }
  for (const cpu::Port &port : (*program)->outputs()) {
    memory.push_back(memoryOf(port));
    to.push_back(memory.back().data());
  }
  // NaN wherever nothing is written.
  AlignedBuffer<uint8_t> arena;
  std::memset(arena.reserve((*program)->arenaBytes() + 64), 0xff,
              static_cast<size_t>((*program)->arenaBytes() + 64));
  (*program)->run(from, to, arena, pool);
  for (size_t i = 0; i < to.size(); ++i) {
    const cpu::Port &port = (*program)->outputs()[i];
    naive::Tensor tensor(port.type.element, port.layout.dims);
    std::vector<double> buffer(tensor.numbers.size());
    const double *row = cpu::loadRow<double>(port.layout.storage, to[i], 1,
                                             tensor.count(), buffer.data());
    for (size_t e = 0; e < tensor.numbers.size(); ++e)
      tensor.numbers[e] = row[e];
    found[port.name] = std::move(tensor);
  }
  return "";
}

std::string Comparison::compare(const std::string &name,
                                const naive::Tensor &expected,
                                const naive::Tensor &found) {
  if (expected.dims != found.dims)
    return "'" + name + "' has another shape";
  for (size_t i = 0; i < expected.numbers.size(); ++i) {
    const naive::Number &number = expected.numbers[i];
    ++statistics.elements;
    statistics.open += number.isOpen();
    statistics.exact += number.isPoint();
    if (!number.contains(found.numbers[i].value))
      return fmt::format("'{}', element {}: expected {} in [{}, {}], found {}",
                         name, i, number.value, number.low, number.high,
                         found.numbers[i].value);
  }
  return "";
}

std::string Comparison::compareOperators(const Arrays &given) {
  std::vector<std::string> names;
  for (const mil::Statement &statement : function.statements)
    for (const mil::TypedName &result : statement.results) {
      bool isOutput = statement.op == "const";
      for (const mil::Reference &output : function.outputs)
        isOutput |= output.name == result.name;
      if (!isOutput)
        names.push_back(result.name);
    }
  Arrays found;
  if (std::string error = execute(names, 1, given, found); !error.empty())
    return error;
  naive::NaiveExecutor executor(function, kernel.blobs, numerics);
  executor.values = given;
  for (const mil::Statement &statement : function.statements) {
    executor.run(statement);
    if (statement.op == "const")
      continue;
    ++statistics.statements;
    ++statistics.byOperator[statement.op];
    for (const mil::TypedName &result : statement.results) {
      naive::Tensor &expected = executor.values[result.name];
      std::string error = compare(result.name, expected, found[result.name]);
      if (!error.empty())
        return error + "\n" + mil::print(statement).substr(0, 400);
      // What follows is computed from the device's value.
      expected.numbers = found[result.name].numbers;
    }
  }
  return "";
}

/// The share of the largest output that results may be off by.
double allowedShare(Numerics numerics) {
  return numerics == Numerics::Ane ? 1e-2 : 1e-4;
}

std::string Comparison::compareOutputs(const Arrays &given) {
  naive::NaiveExecutor executor(function, kernel.blobs, numerics);
  executor.values = given;
  executor.runAll();
  Arrays one, two;
  for (int threads : {1, 2}) {
    std::string error = execute({}, threads, given, threads == 1 ? one : two);
    if (!error.empty())
      return error;
  }
  for (const mil::Reference &output : function.outputs) {
    const naive::Tensor &expected = executor.values[output.name];
    const naive::Tensor &found = one[output.name];
    std::string error = compare(output.name, expected, found);
    if (!error.empty())
      return "whole program: " + error;
    double largest = 0, difference = 0;
    for (size_t i = 0; i < found.numbers.size(); ++i) {
      const double a = found.numbers[i].value,
                   b = two[output.name].numbers[i].value;
      if (a != b && !(std::isnan(a) && std::isnan(b)))
        return fmt::format("'{}', element {}: {} with one thread, {} with two",
                           output.name, i, a, b);
      const double reference = expected.numbers[i].value;
      if (!std::isfinite(reference) || expected.numbers[i].isOpen())
        continue;
      largest = std::max(largest, std::abs(reference));
      difference = std::max(difference, std::abs(a - reference));
    }
    ++statistics.outputs;
    statistics.outputsWithin += difference <= allowedShare(numerics) * largest;
  }
  return "";
}

std::string Comparison::run() {
  const Arrays given = inputs();
  ++statistics.programs;
  std::string error = compareOperators(given);
  return error.empty() ? compareOutputs(given) : error;
}

std::string Comparison::describe() const {
  const std::string path =
      testing::TempDir() + "/anec-random-" + std::to_string(seed) + ".mil";
  const bool isWritten = !writeFileAtomically(
      path,
      Span<const uint8_t>(reinterpret_cast<const uint8_t *>(files.text.data()),
                          files.text.size()));
  std::string text;
  for (size_t begin = 0; begin < files.text.size();) {
    const size_t end =
        std::min(files.text.find('\n', begin), files.text.size());
    const std::string line = files.text.substr(begin, end - begin);
    text += (line.size() > 300 ? line.substr(0, 300) + " ..." : line) + "\n";
    begin = end + 1;
  }
  return "rerun with ANEC_RANDOM_SEED=" + std::to_string(seed) + "\n" + text +
         (isWritten ? "whole text: " + path : "");
}

int64_t environmentNumber(const char *name, int64_t missing) {
  const char *text = std::getenv(name);
  return text ? std::atoll(text) : missing;
}

void compareMany(Numerics numerics) {
  const int64_t only = environmentNumber("ANEC_RANDOM_SEED", -1);
  const int64_t count =
      only >= 0 ? 1 : environmentNumber("ANEC_RANDOM_PROGRAMS", defaultCount);
  Statistics statistics;
  for (int64_t i = 0; i < count; ++i) {
    const uint64_t seed = static_cast<uint64_t>(only >= 0 ? only : i);
    try {
      Comparison comparison(seed, numerics, statistics);
      std::string error;
      try {
        error = comparison.run();
      } catch (const std::exception &exception) {
        error = exception.what();
      }
      EXPECT_TRUE(error.empty()) << error << "\n" << comparison.describe();
    } catch (const std::exception &exception) {
      ADD_FAILURE() << "seed " << seed << ": " << exception.what();
    }
    if (testing::Test::HasFailure())
      return;
  }
  std::cout << fmt::format(
      "{} programs, {} statements of {} operators, {} elements: {:.2f} % "
      "exact, {:.4f} % undetermined; {} of {} outputs within {} of the "
      "largest\n",
      statistics.programs, statistics.statements, statistics.byOperator.size(),
      statistics.elements,
      100.0 * double(statistics.exact) / double(statistics.elements),
      100.0 * double(statistics.open) / double(statistics.elements),
      statistics.outputsWithin, statistics.outputs, allowedShare(numerics));
  // A comparison that accepts everything would show nothing.
  EXPECT_LT(double(statistics.open), 0.01 * double(statistics.elements));
  if (count >= 1000) {
    EXPECT_GE(double(statistics.outputsWithin),
              0.99 * double(statistics.outputs));
    EXPECT_GE(statistics.byOperator.size(), 85u);
  }
}

TEST(RandomProgram, ExecutorsAgreeInF32) { compareMany(Numerics::F32); }

TEST(RandomProgram, ExecutorsAgreeInAneNumerics) { compareMany(Numerics::Ane); }

} // namespace

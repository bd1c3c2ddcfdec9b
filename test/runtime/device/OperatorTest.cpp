//===- OperatorTest.cpp - Every operator against recorded values ----------===//
//
// reference/make_cases.py computed the values with PyTorch and NumPy in
// float64; each case runs with every storage type.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/CpuProgram.h"
#include "runtime/device/cpu/Rows.h"
#include "runtime/support/AtomicFile.h"
#include "runtime/support/ThreadPool.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>

using namespace anec::rt;
using namespace anec::rt::cpu;

namespace {

using Json = nlohmann::json;

/// A program that returns the results of one operator.
std::string programText(const Json &test) {
  std::string parameters, results, names;
  for (const Json &input : test["inputs"])
    parameters += (parameters.empty() ? "" : ", ") +
                  input["type"].get<std::string>() + " " +
                  input["name"].get<std::string>();
  for (size_t i = 0; i < test["results"].size(); ++i) {
    const std::string name = "result" + std::to_string(i);
    results += (i == 0 ? "" : ", ") +
               test["results"][i]["type"].get<std::string>() + " " + name;
    names += (i == 0 ? "" : ", ") + name;
  }
  return "program(1.3) { func main<ios18>(" + parameters + ") { " + results +
         " = " + test["op"].get<std::string>() + "; } -> (" + names + "); }";
}

/// Elements of a port, from and to numbers.
struct PortMemory {
  explicit PortMemory(const Layout &layout)
      : layout(layout), count(elementCount(layout.dims)),
        memory(count * storageSize(layout.storage)) {}

  void fill(const std::vector<double> &numbers) {
    storeRow<double>(numbers.data(), layout.storage, memory.data(), 1, count);
  }
  /// So that elements that are not written are seen.
  void poison() {
    fill(std::vector<double>(static_cast<size_t>(count),
                             std::numeric_limits<double>::quiet_NaN()));
  }
  std::vector<double> numbers() const {
    std::vector<double> buffer(static_cast<size_t>(count));
    const double *row =
        loadRow<double>(layout.storage, memory.data(), 1, count, buffer.data());
    return std::vector<double>(row, row + count);
  }

  Layout layout;
  int64_t count;
  AlignedBuffer<uint8_t> memory;
};

/// Half the spacing of the storage at 1, and that of the sums.
struct Units {
  double result, sum;
};

Units unitsOf(Storage storage) {
  switch (storage) {
  case Storage::F16:
    return {0x1p-11, 0x1p-24};
  case Storage::F32:
    return {0x1p-24, 0x1p-24};
  default:
    // The recorded values have twelve digits.
    return {5e-12, 1e-14};
  }
}

/// One rounding of the result, plus four units of the functions and one per
/// term of a sum, relative to the largest result.
double tolerance(const Units &units, double expected, double largest,
                 double sums) {
  return units.result * std::abs(expected) +
         units.sum * (8 + 2 * sums) * std::max(1.0, largest) +
         (units.result == 0x1p-11 ? 0x1p-25 : 0);
}

void runCase(const Json &test, Numerics numerics) {
  SCOPED_TRACE(test["name"].get<std::string>() + ", numerics " +
               std::to_string(static_cast<int>(numerics)));
  ProgramFiles files;
  files.name = "case";
  files.text = programText(test);
  CompileOptions options;
  options.numerics = numerics;
  ThreadPool pool(2);
  auto program = CpuProgram::compile(files, options, pool);
  ASSERT_TRUE(program) << program.error().message;

  std::vector<PortMemory> inputs, outputs;
  std::vector<const void *> from;
  std::vector<void *> to;
  for (const Port &port : (*program)->inputs()) {
    inputs.emplace_back(port.layout);
    inputs.back().fill(test["inputs"][inputs.size() - 1]["values"]);
    from.push_back(inputs.back().memory.data());
  }
  for (const Port &port : (*program)->outputs()) {
    outputs.emplace_back(port.layout);
    outputs.back().poison();
    to.push_back(outputs.back().memory.data());
  }
  AlignedBuffer<uint8_t> arena;
  (*program)->run(from, to, arena, pool);

  for (size_t r = 0; r < outputs.size(); ++r) {
    const std::vector<double> expected = test["results"][r]["values"];
    const std::vector<double> found = outputs[r].numbers();
    ASSERT_EQ(found.size(), expected.size());
    double largest = 0;
    for (double number : expected)
      largest = std::max(largest, std::abs(number));
    const Units units = unitsOf(outputs[r].layout.storage);
    for (size_t i = 0; i < found.size(); ++i)
      ASSERT_NEAR(found[i], expected[i],
                  tolerance(units, expected[i], largest, test["sums"]))
          << "result " << r << ", element " << i;
  }
}

TEST(Operator, RecordedValues) {
  auto text = readFile(ANEC_TEST_DIR "/runtime/device/reference/cases.json");
  ASSERT_TRUE(text) << text.error().message;
  const Json cases = Json::parse(*text);
  ASSERT_GT(cases.size(), 100u);
  for (const Json &test : cases)
    for (Numerics numerics : {Numerics::Ane, Numerics::F32, Numerics::F64})
      runCase(test, numerics);
}

} // namespace

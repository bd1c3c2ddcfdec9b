//===- OperatorTest.cpp - Every operator against recorded values ----------===//
//
// reference/make_cases.py computed the values with PyTorch and NumPy in
// float64; each case runs with every storage type.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/CpuProgram.h"
#include "runtime/device/cpu/Rows.h"
#include "runtime/mil/OpTable.h"
#include "runtime/mil/Reader.h"
#include "runtime/support/AtomicFile.h"
#include "runtime/support/ThreadPool.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <set>

using namespace anec::rt;
using namespace anec::rt::cpu;

namespace {

using Json = nlohmann::json;

const Json &recordedCases() {
  static const Json cases = [] {
    Json all = Json::array();
    for (const auto &file : std::filesystem::directory_iterator(
             ANEC_TEST_DIR "/runtime/device/reference/cases")) {
      auto text = readFile(file.path().string());
      EXPECT_TRUE(text) << text.error().message;
      if (!text)
        continue;
      for (const Json &test : Json::parse(*text).get<std::vector<Json>>())
        all.push_back(test);
    }
    return all;
  }();
  return cases;
}

/// Numbers, and "inf", "-inf" and "nan", which JSON does not have.
std::vector<double> numbersOf(const Json &values) {
  std::vector<double> numbers;
  for (const Json &value : values)
    numbers.push_back(value.is_string() ? std::stod(value.get<std::string>())
                                        : value.get<double>());
  return numbers;
}

/// An input that has to be known before the program runs.
std::string constantText(const Json &input) {
  const std::string type = input["type"].get<std::string>();
  std::string values;
  for (const Json &value : input["values"])
    values += (values.empty() ? "" : ", ") +
              (value.is_string() ? value.get<std::string>() : value.dump());
  const bool isScalar = type.find("[]") != std::string::npos;
  return type + " " + input["name"].get<std::string>() +
         " = const()[val = " + type + "(" +
         (isScalar ? values : "[" + values + "]") + ")]; ";
}

/// A program that returns the results of one operator.
std::string programText(const Json &test) {
  std::string parameters, constants, results, names;
  for (const Json &input : test["inputs"])
    if (input["constant"])
      constants += constantText(input);
    else
      parameters += (parameters.empty() ? "" : ", ") +
                    input["type"].get<std::string>() + " " +
                    input["name"].get<std::string>();
  for (size_t i = 0; i < test["results"].size(); ++i) {
    const std::string name = "result" + std::to_string(i);
    results += (i == 0 ? "" : ", ") +
               test["results"][i]["type"].get<std::string>() + " " + name;
    names += (i == 0 ? "" : ", ") + name;
  }
  return "program(1.3) { func main<" + test["opset"].get<std::string>() + ">(" +
         parameters + ") { " + constants + results + " = " +
         test["op"].get<std::string>() + "; } -> (" + names + "); }";
}

/// Elements of a port, from and to numbers.
struct PortMemory {
  explicit PortMemory(const Layout &layout)
      : layout(layout), count(elementCount(layout.dims)),
        memory(count * storageSize(layout.storage)) {}

  void fill(const std::vector<double> &numbers) {
    ASSERT_EQ(static_cast<int64_t>(numbers.size()), count);
    storeRow<double>(numbers.data(), layout.storage, memory.data(), 1, count);
  }
  /// So that elements that are not written are seen: no test expects this.
  void poison() {
    fill(std::vector<double>(static_cast<size_t>(count), -12345));
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

/// The number that a storage makes of a recorded one that is too large.
double inRange(double expected, Storage storage) {
  constexpr double largestHalf = 65520;
  const bool isTooLarge =
      storage == Storage::F16 && std::abs(expected) >= largestHalf;
  return isTooLarge
             ? std::copysign(std::numeric_limits<double>::infinity(), expected)
             : expected;
}

/// Largest error of a run, relative to the largest number of its result.
double relativeError(const std::vector<double> &found,
                     const std::vector<double> &recorded) {
  double largest = 0, error = 0;
  for (size_t i = 0; i < found.size(); ++i) {
    if (!std::isfinite(recorded[i]) || !std::isfinite(found[i]))
      continue;
    largest = std::max(largest, std::abs(recorded[i]));
    error = std::max(error, std::abs(found[i] - recorded[i]));
  }
  return error == 0 ? 0 : error / largest;
}

void compare(const std::vector<double> &found,
             const std::vector<double> &recorded, Storage storage,
             double sums) {
  ASSERT_EQ(found.size(), recorded.size());
  double largest = 0;
  for (double number : recorded)
    if (std::isfinite(number))
      largest = std::max(largest, std::abs(number));
  const Units units = unitsOf(storage);
  for (size_t i = 0; i < found.size(); ++i) {
    const double expected = inRange(recorded[i], storage);
    if (std::isnan(expected))
      ASSERT_TRUE(std::isnan(found[i])) << "element " << i << " " << found[i];
    else if (std::isinf(expected))
      ASSERT_EQ(found[i], expected) << "element " << i;
    else
      ASSERT_NEAR(found[i], expected, tolerance(units, expected, largest, sums))
          << "element " << i;
  }
}

/// `worst` is the largest relative error so far.
void runCase(const Json &test, Numerics numerics, double &worst) {
  SCOPED_TRACE(test["name"].get<std::string>() + ", numerics " +
               std::to_string(static_cast<int>(numerics)));
  ProgramFiles files;
  files.name = "case";
  files.text = programText(test);
  CompileOptions options;
  options.numerics = numerics;
  static ThreadPool pool(2);
  std::vector<std::string> warnings;
  auto program = CpuProgram::compile(files, options, pool, &warnings);
  ASSERT_TRUE(program) << program.error().message;
  EXPECT_EQ(warnings, std::vector<std::string>());

  std::vector<PortMemory> inputs, outputs;
  std::vector<const void *> from;
  std::vector<void *> to;
  for (const Json &input : test["inputs"]) {
    if (input["constant"])
      continue;
    inputs.emplace_back((*program)->inputs()[inputs.size()].layout);
    inputs.back().fill(numbersOf(input["values"]));
    from.push_back(inputs.back().memory.data());
  }
  for (const Port &port : (*program)->outputs()) {
    outputs.emplace_back(port.layout);
    outputs.back().poison();
    to.push_back(outputs.back().memory.data());
  }
  AlignedBuffer<uint8_t> arena;
  auto error = (*program)->run(from, to, arena, pool);
  ASSERT_FALSE(error) << error->message;
  for (size_t r = 0; r < outputs.size(); ++r) {
    SCOPED_TRACE("result " + std::to_string(r));
    const std::vector<double> recorded =
        numbersOf(test["results"][r]["values"]);
    compare(outputs[r].numbers(), recorded, outputs[r].layout.storage,
            test["sums"]);
    worst = std::max(worst, relativeError(outputs[r].numbers(), recorded));
  }
}

TEST(Operator, RecordedValues) {
  ASSERT_GT(recordedCases().size(), 1000u);
  std::map<Numerics, double> worst;
  for (const Json &test : recordedCases())
    for (Numerics numerics : {Numerics::Ane, Numerics::F32, Numerics::F64})
      runCase(test, numerics, worst[numerics]);
  // What is promised of any operator, however long its sums are.
  EXPECT_LT(worst[Numerics::Ane], 1e-2);
  EXPECT_LT(worst[Numerics::F32], 1e-4);
  RecordProperty("worst_ane", std::to_string(worst[Numerics::Ane]));
  RecordProperty("worst_f32", std::to_string(worst[Numerics::F32] * 1e6));
}

// ---- Nothing in the table of operators goes without a case ----

/// "op", "op.parameter" for a parameter that is given, "op.parameter?" for one
/// that is not, "op:rank" and "op:type" of every operand and result.
std::set<std::string> coveredByCases() {
  std::set<std::string> covered;
  for (const Json &test : recordedCases()) {
    auto program = mil::read(programText(test), "case");
    EXPECT_TRUE(program) << program.error().message;
    if (!program)
      continue;
    const mil::Function &function = program->functions.front();
    const mil::Statement &statement = function.statements.back();
    const std::string &op = statement.op;
    covered.insert(op);
    std::set<std::string> given;
    for (const mil::Argument &argument : statement.arguments)
      given.insert(argument.name);
    for (const mil::Attribute &attribute : statement.attributes)
      given.insert(attribute.name);
    for (const std::string &name : given)
      covered.insert(op + "." + name);
    auto row = mil::opTable().find(op);
    if (row == mil::opTable().end())
      continue;
    for (const mil::OpParameter &parameter : mil::parametersOf(row->second))
      if (!given.count(parameter.name))
        covered.insert(op + "." + parameter.name + "?");
    auto add = [&](const mil::TypedName &value) {
      covered.insert(op + ":" + std::to_string(value.type.rank()));
      covered.insert(op + ":" +
                     std::string(mil::scalarTypeName(value.type.element)));
    };
    for (const mil::TypedName &parameter : function.parameters)
      add(parameter);
    for (const mil::TypedName &result : statement.results)
      add(result);
  }
  return covered;
}

/// Parameters that the checker knows and the device refuses.
const std::set<std::string> refused = {"lstm.clip"};

TEST(Operator, EveryParameterHasACase) {
  const std::set<std::string> covered = coveredByCases();
  for (const auto &[op, info] : mil::opTable()) {
    EXPECT_TRUE(covered.count(op)) << "no case for " << op;
    for (const mil::OpParameter &parameter : mil::parametersOf(info)) {
      const std::string name = op + "." + parameter.name;
      if (refused.count(name))
        continue;
      EXPECT_TRUE(covered.count(name)) << "no case gives " << name;
      if (parameter.isOptional) {
        EXPECT_TRUE(covered.count(name + "?")) << "no case omits " << name;
      }
    }
  }
}

/// Movement takes every type of opset 17; what has axes takes every rank.
TEST(Operator, TypesAndRanksHaveCases) {
  const std::set<std::string> covered = coveredByCases();
  for (const char *op :
       {"reshape", "transpose", "expand_dims", "squeeze", "concat", "stack",
        "split", "slice_by_index", "slice_by_size", "tile", "reverse",
        "identity", "gather"})
    for (const char *type :
         {"fp16", "int8", "uint8", "int16", "uint16", "int32", "bool"})
      EXPECT_TRUE(covered.count(op + std::string(":") + type))
          << op << " of " << type;
  for (const char *op : {"add",
                         "mul",
                         "relu",
                         "reduce_sum",
                         "reduce_mean",
                         "softmax",
                         "cumsum",
                         "argsort",
                         "topk",
                         "layer_norm",
                         "matmul",
                         "linear",
                         "transpose",
                         "concat",
                         "stack",
                         "split",
                         "tile",
                         "pad",
                         "reverse",
                         "gather",
                         "scatter",
                         "scatter_nd",
                         "gather_nd",
                         "flatten2d",
                         "reshape",
                         "reduce_max",
                         "reduce_argmax",
                         "slice_by_index",
                         "slice_by_size",
                         "gather_along_axis",
                         "scatter_along_axis",
                         "sliding_windows"})
    for (int rank = 1; rank <= 5; ++rank)
      EXPECT_TRUE(covered.count(op + std::string(":") + std::to_string(rank)))
          << op << " of rank " << rank;
}

} // namespace

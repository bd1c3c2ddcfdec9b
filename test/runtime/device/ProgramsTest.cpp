//===- ProgramsTest.cpp - Whole programs, right and wrong -----------------===//
//
// The texts of test/runtime/mil/programs compute what make_programs.py recorded
// with NumPy; those of test/runtime/mil/wrong give the message of their first
// line, and never numbers.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/ArrayRunner.h"
#include "runtime/device/cpu/ProgramReader.h"
#include "runtime/support/AtomicFile.h"
#include "runtime/support/ThreadPool.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstring>
#include <filesystem>

using namespace anec::rt;
using namespace anec::rt::cpu;

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

const std::string texts = ANEC_TEST_DIR "/runtime/mil/";

DataType dataTypeOf(const std::string &type) {
  const std::map<std::string, DataType> types = {
      {"fp16", DataType::F16},   {"fp32", DataType::F32},
      {"int32", DataType::I32},  {"int8", DataType::I8},
      {"uint16", DataType::U16}, {"bool", DataType::Bool}};
  return types.at(type);
}

double numberOf(const Json &number) {
  // JSON has no infinity.
  return number.is_string() ? std::stod(number.get<std::string>())
                            : number.get<double>();
}

std::vector<double> valuesOf(const Json &array) {
  std::vector<double> numbers;
  for (const Json &number : array["values"])
    numbers.push_back(numberOf(number));
  return numbers;
}

template <typename T>
void append(std::vector<uint8_t> &bytes, const std::vector<double> &numbers) {
  for (double number : numbers) {
    const T element = static_cast<T>(number);
    const auto *begin = reinterpret_cast<const uint8_t *>(&element);
    bytes.insert(bytes.end(), begin, begin + sizeof element);
  }
}

/// Floats as float32, so that nothing is rounded before the program does it.
NpyArray arrayOf(const Json &json) {
  NpyArray array{DataType::F32, json["shape"], {}};
  if (json["type"] == "int32") {
    array.type = DataType::I32;
    append<int32_t>(array.bytes, valuesOf(json));
  } else {
    append<float>(array.bytes, valuesOf(json));
  }
  return array;
}

template <typename T> std::vector<double> elements(const NpyArray &array) {
  std::vector<T> typed(array.bytes.size() / sizeof(T));
  std::memcpy(typed.data(), array.bytes.data(), array.bytes.size());
  return {typed.begin(), typed.end()};
}

std::vector<double> elementsOf(const NpyArray &array) {
  switch (array.type) {
  case DataType::F16:
    return elements<half>(array);
  case DataType::F32:
    return elements<float>(array);
  case DataType::I8:
    return elements<int8_t>(array);
  case DataType::U16:
    return elements<uint16_t>(array);
  case DataType::I32:
    return elements<int32_t>(array);
  default:
    return elements<uint8_t>(array);
  }
}

/// What the project promises for whole programs, relative to the largest
/// reference value: fp16 steps of 2^-11 add up over a few operators.
double tolerance(Numerics numerics) {
  return numerics == Numerics::Ane ? 1e-2 : 1e-4;
}

void compare(const NamedArray &found, const Json &expected, Numerics numerics) {
  SCOPED_TRACE(found.name);
  const DataType written = dataTypeOf(expected["type"]);
  EXPECT_EQ(found.array.type,
            written == DataType::F16 && numerics == Numerics::F32
                ? DataType::F32
                : written);
  EXPECT_EQ(found.array.shape, expected["shape"].get<Dims>());
  const std::vector<double> numbers = valuesOf(expected);
  const std::vector<double> computed = elementsOf(found.array);
  ASSERT_EQ(computed.size(), numbers.size());
  double largest = 0;
  for (double number : numbers)
    if (std::isfinite(number))
      largest = std::max(largest, std::abs(number));
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (std::isfinite(numbers[i]))
      EXPECT_NEAR(computed[i], numbers[i], tolerance(numerics) * largest) << i;
    else if (std::isnan(numbers[i]))
      EXPECT_TRUE(std::isnan(computed[i])) << i;
    else
      EXPECT_EQ(computed[i], numbers[i]) << i;
  }
}

/// A folder with one program and its weight files.
struct ModelFolder {
  explicit ModelFolder(const Json &run)
      : path(testing::TempDir() + "/programs-" +
             run["program"].get<std::string>()) {
    fs::remove_all(path);
    fs::create_directories(path + "/weights");
    fs::copy_file(texts + "programs/" + run["program"].get<std::string>() +
                      ".mil",
                  path + "/model.mil");
    for (const auto &[name, hexadecimal] : run["blobs"].items()) {
      std::string bytes;
      const auto digits = hexadecimal.get<std::string>();
      for (size_t i = 0; i < digits.size(); i += 2)
        bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
      EXPECT_FALSE(writeFileAtomically(path + "/" + name, bytes));
    }
  }
  ~ModelFolder() { fs::remove_all(path); }

  std::string path;
};

Result<std::vector<NamedArray>> execute(const std::string &path,
                                        const std::string &function,
                                        const NamedArrays &inputs,
                                        Numerics numerics) {
  ANEC_ASSIGN(SourceProgram source, readProgram(path, "", function));
  ANEC_TRY(checkInputs(source.function, inputs));
  CompileOptions options;
  options.numerics = numerics;
  options.blobChecks = mil::BlobChecks::Lenient;
  options.function = source.function.name;
  options.inputDims = sizesOf(inputs);
  ThreadPool pool(2);
  ANEC_ASSIGN(std::unique_ptr<CpuProgram> program,
              CpuProgram::compile(source.files, options, pool));
  return runOnArrays(*program, inputs, pool);
}

TEST(Programs, RecordedValues) {
  auto text = readFile(texts + "programs.json");
  ASSERT_TRUE(text) << text.error().message;
  for (const Json &run : Json::parse(*text)) {
    SCOPED_TRACE(run["program"].get<std::string>() + " " +
                 run["function"].get<std::string>());
    ModelFolder folder(run);
    NamedArrays inputs;
    for (const auto &[name, array] : run["inputs"].items())
      inputs[name] = arrayOf(array);
    for (Numerics numerics : {Numerics::Ane, Numerics::F32}) {
      auto outputs = execute(folder.path + "/model.mil", run["function"],
                             inputs, numerics);
      ASSERT_TRUE(outputs) << outputs.error().message;
      EXPECT_EQ(outputs->size(), run["outputs"].size());
      for (const NamedArray &output : *outputs)
        compare(output, run["outputs"].at(output.name), numerics);
    }
  }
}

TEST(Programs, StatesAreNotExecuted) {
  auto outputs = execute(texts + "programs/state.mil", "", {}, Numerics::Ane);
  ASSERT_FALSE(outputs);
  EXPECT_EQ(outputs.error().message, "input 'cache': values of type "
                                     "state<tensor<fp16, [1, 32]>> are not "
                                     "supported");
}

TEST(Programs, WrongOnesNeverGiveNumbers) {
  constexpr std::string_view mark = "// error: ";
  size_t count = 0;
  for (const auto &entry : fs::directory_iterator(texts + "wrong")) {
    const std::string path = entry.path().string();
    SCOPED_TRACE(path);
    auto text = readFile(path);
    ASSERT_TRUE(text) << text.error().message;
    ASSERT_EQ(text->compare(0, mark.size(), mark), 0);
    const std::string message =
        text->substr(mark.size(), text->find('\n') - mark.size());
    // Inputs are checked last here: the text alone is wrong.
    auto compiled = [&]() -> Result<std::unique_ptr<CpuProgram>> {
      ANEC_ASSIGN(SourceProgram source, readProgram(path));
      ThreadPool pool(1);
      return CpuProgram::compile(source.files, CompileOptions(), pool);
    }();
    ASSERT_FALSE(compiled) << "it runs";
    EXPECT_NE(compiled.error().message.find(message), std::string::npos)
        << compiled.error().message;
    EXPECT_EQ(compiled.error().message.rfind(path + ":", 0), 0u)
        << compiled.error().message;
    ++count;
  }
  EXPECT_GE(count, 70u);
}

} // namespace

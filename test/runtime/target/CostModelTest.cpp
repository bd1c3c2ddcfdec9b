//===- CostModelTest.cpp - Work and time of programs ----------------------===//
//
// Work counted by hand; times against what others measured
// (runtime/target/cost/measurements.csv), on the rows that the fit never saw.
//
//===----------------------------------------------------------------------===//

#include "runtime/target/CostModel.h"
#include "runtime/mil/Reader.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>

namespace anec::rt::target {
namespace {

mil::Program read(const std::string &parameters, const std::string &body) {
  auto program = mil::read("program(1.3)\n{\n func main<ios18>(" + parameters +
                               ") {\n" + body + "\n } -> (y);\n}\n",
                           "test.mil");
  EXPECT_TRUE(program) << program.error().message;
  return std::move(*program);
}

/// `depth` convolutions of `inputs` to `outputs` channels, one after the other.
mil::Program convolutions(int64_t inputs, int64_t outputs, int64_t columns,
                          int64_t depth) {
  std::string body;
  for (int64_t i = 0; i < depth; ++i) {
    body += fmt::format(
        "tensor<fp16, [{0}, {1}, 1, 1]> w{2} = const()[name = string(\"w{2}\"),"
        " val = tensor<fp16, [{0}, {1}, 1, 1]>(BLOBFILE(path = string("
        "\"@model_path/weights/w.bin\"), offset = uint64(64)))];\n",
        outputs, inputs, i);
    body += fmt::format("tensor<fp16, [1, {}, 1, {}]> {} = conv(x = {}, weight "
                        "= w{})[name = string(\"c{}\")];\n",
                        outputs, columns,
                        i + 1 == depth ? "y" : fmt::format("c{}", i),
                        i == 0 ? "x" : fmt::format("c{}", i - 1), i, i);
  }
  return read(fmt::format("tensor<fp16, [1, {}, 1, {}]> x", inputs, columns),
              body);
}

/// M x K times a constant K x N.
mil::Program product(int64_t m, int64_t k, int64_t n) {
  return read(
      fmt::format("tensor<fp16, [1, 1, {}, {}]> x", m, k),
      fmt::format(
          "tensor<fp16, [1, 1, {1}, {2}]> w = const()[name = string(\"w\"), "
          "val = tensor<fp16, [1, 1, {1}, {2}]>(BLOBFILE(path = "
          "string(\"@model_path/weights/w.bin\"), offset = uint64(64)))];\n"
          "tensor<fp16, [1, 1, {0}, {2}]> y = matmul(x = x, y = w)[name = "
          "string(\"y\")];",
          m, k, n));
}

mil::Program elementwise(int64_t elements) {
  std::string type = fmt::format("tensor<fp16, [1, 64, 1, {}]>", elements / 64);
  return read(type + " x", type + " y = relu(x = x)[name = string(\"y\")];");
}

struct Row {
  std::string chip, session, work;
  double ms = 0;
};

std::vector<Row> readRows() {
  std::ifstream file(MEASUREMENTS);
  EXPECT_TRUE(file) << MEASUREMENTS;
  std::vector<Row> rows;
  std::string line;
  std::getline(file, line); // the names of the columns
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    Row row;
    std::string ms;
    std::getline(fields, row.chip, ',');
    std::getline(fields, row.session, ',');
    std::getline(fields, row.work, ',');
    std::getline(fields, ms, ',');
    row.ms = std::stod(ms);
    rows.push_back(row);
  }
  return rows;
}

/// The program of a row; none for rows that are whole pipelines.
std::optional<mil::Program> programOf(const Row &row) {
  std::istringstream words(row.work);
  std::string kind, times;
  int64_t a = 0, b = 0, c = 0, depth = 1;
  words >> kind >> a >> b >> c >> times;
  if (!times.empty())
    depth = std::stoll(times.substr(1));
  if (kind == "conv")
    return convolutions(a, b, c, depth);
  if (kind == "matmul")
    return product(a, b, c);
  if (kind == "elementwise")
    return elementwise(a);
  return std::nullopt;
}

TEST(ProgramWork, CountsWhatAProgramReadsAndWrites) {
  // x is 64 x 32 fp16 = 4,096 bytes. The transposition reads and writes that,
  // the reshape moves nothing, the addition of a constant reads one operand.
  ProgramWork work = programWork(
      read("tensor<fp16, [1, 1, 64, 32]> x",
           "tensor<int32, [4]> p = const()[name = string(\"p\"), val = "
           "tensor<int32, [4]>([0, 1, 3, 2])];\n"
           "tensor<int32, [4]> s = const()[name = string(\"s\"), val = "
           "tensor<int32, [4]>([1, 32, 1, 64])];\n"
           "fp16 one = const()[name = string(\"one\"), val = fp16(1)];\n"
           "tensor<fp16, [1, 1, 32, 64]> t = transpose(x = x, perm = p)[name = "
           "string(\"t\")];\n"
           "tensor<fp16, [1, 1, 64, 64]> m = matmul(x = x, y = t)[name = "
           "string(\"m\")];\n"
           "tensor<fp16, [1, 32, 1, 64]> r = reshape(x = t, shape = s)[name = "
           "string(\"r\")];\n"
           "tensor<fp16, [1, 32, 1, 64]> y = add(x = r, y = one)[name = "
           "string(\"y\")];"));
  EXPECT_EQ(work.inputBytes, 4096u);
  EXPECT_EQ(work.outputBytes, 4096u);
  EXPECT_EQ(work.movedBytes, 4u * 4096);
  ASSERT_EQ(work.products.size(), 1u);
  const Product &matmul = work.products[0];
  EXPECT_EQ(matmul.kind, Product::Kind::Matmul);
  EXPECT_EQ(matmul.flops(), 2.0 * 64 * 64 * 32);
  EXPECT_EQ(matmul.weightBytes, 0u);
  EXPECT_EQ(matmul.operandBytes, 4096u + 4096 + 8192);
}

TEST(ProgramWork, SlicesReadWhatTheyMake) {
  ProgramWork work = programWork(
      read("tensor<fp16, [1, 64, 1, 512]> x",
           "tensor<int32, [4]> b = const()[name = string(\"b\"), val = "
           "tensor<int32, [4]>([0, 0, 0, 0])];\n"
           "tensor<int32, [4]> s = const()[name = string(\"s\"), val = "
           "tensor<int32, [4]>([1, 64, 1, 32])];\n"
           "tensor<fp16, [1, 64, 1, 32]> y = slice_by_size(x = x, begin = b, "
           "size = s)[name = string(\"y\")];"));
  EXPECT_EQ(work.movedBytes, 2u * 2 * 64 * 32);
}

TEST(ProgramWork, KnowsConstantOperands) {
  ProgramWork work = programWork(convolutions(64, 128, 32, 2));
  ASSERT_EQ(work.products.size(), 2u);
  EXPECT_EQ(work.products[0].kind, Product::Kind::Conv);
  EXPECT_EQ(work.products[0].flops(), 2.0 * 64 * 128 * 32);
  EXPECT_EQ(work.products[0].summed, 64);
  EXPECT_EQ(work.products[0].weightBytes, 2u * 64 * 128);
  EXPECT_EQ(programWork(product(8, 16, 32)).products[0].weightBytes,
            2u * 16 * 32);
}

/// Half of the rows that the fit did not see must be met within this. The fit
/// itself reaches 9 % because it knows how slow each contributor's dispatches
/// were; here only the chip is known, and the same kernel on the same chip
/// takes 0.08 ms with one contributor and 0.3 with another.
constexpr double medianError = 0.18;

TEST(CostModel, PredictsWhatTheFitDidNotSee) {
  const std::map<std::string, std::string> chips = {
      {"M1 Air", "M1"}, {"M1 Pro", "M1"}, {"M1 Max", "M1"}, {"M5 Pro", "M5"}};
  std::vector<double> errors;
  std::vector<Row> rows = readRows();
  for (size_t i = 2; i < rows.size(); i += 3) {
    auto program = programOf(rows[i]);
    if (!program)
      continue;
    auto alias = chips.find(rows[i].chip);
    const Chip *chip =
        findChip(alias == chips.end() ? rows[i].chip : alias->second);
    ASSERT_NE(chip, nullptr) << rows[i].chip;
    errors.push_back(std::abs(dispatchMs(*program, *chip) / rows[i].ms - 1));
  }
  EXPECT_GT(errors.size(), 60u);
  std::nth_element(errors.begin(), errors.begin() + long(errors.size() / 2),
                   errors.end());
  EXPECT_LT(errors[errors.size() / 2], medianError);
}

TEST(CostModel, NeverFallsWithMoreWork) {
  for (const Chip &chip : allChips()) {
    double shallow = dispatchMs(convolutions(512, 512, 64, 1), chip);
    EXPECT_GT(shallow, chip.floorMs) << chip.name;
    EXPECT_GT(dispatchMs(convolutions(512, 512, 64, 8), chip), shallow);
    EXPECT_GT(dispatchMs(convolutions(512, 512, 256, 1), chip), shallow);
    EXPECT_GT(dispatchMs(convolutions(1024, 512, 64, 1), chip), shallow);
  }
}

TEST(CostModel, ConstantsBeyondTheCloseMemoryStream) {
  // 8.4 MB at 57.6 GB/s on an M4 take longer than their 0.54 GFLOP.
  const Chip &chip = *findChip("M4");
  double ms = dispatchMs(convolutions(2048, 2048, 64, 1), chip);
  double surfaces = 2.0 * 2 * 2048 * 64 / (chip.surfaceGB * 1e6);
  EXPECT_NEAR(ms, chip.floorMs + surfaces + 8388608 / (chip.streamGB * 1e6),
              1e-9);
}

TEST(CostModel, EveryProfileHasAChip) {
  EXPECT_EQ(chipOf(strictProfile()).name, "M4");
  EXPECT_EQ(chipOf(*findProfile("m1")).name, "M1");
  EXPECT_EQ(chipOf(*findProfile("m4")).name, "M4");
  EXPECT_EQ(chipOf(*findProfile("m5")).name, "M5");
  EXPECT_EQ(findChip("M6"), nullptr);
}

TEST(CostModel, HostWorkHasRates) {
  const Chip &chip = *findChip("M4");
  // Seven products of 1.3925 GFLOP in 1.443 ms (cost/host.csv).
  EXPECT_NEAR(hostMs(HostWork::Products, 1.3925e9, chip), 1.443, 0.001);
  // 70.78 MB of surfaces converted in 3.57 ms (cost/host.csv).
  EXPECT_NEAR(hostMs(HostWork::Convert, 70.78e6, chip), 3.57, 0.01);
}

} // namespace
} // namespace anec::rt::target

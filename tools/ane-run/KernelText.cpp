//===- KernelText.cpp - Small kernels made by the tool --------------------===//

#include "tools/ane-run/KernelText.h"

#include "runtime/mil/Blob.h"
#include "runtime/mil/Printer.h"
#include "runtime/support/Random.h"

namespace anec::rt {

using mil::makeArgument;

std::vector<half> randomHalves(int64_t count, double deviation, uint64_t seed) {
  RandomStream random(seed);
  std::vector<half> values;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(static_cast<half>(
        static_cast<float>(deviation * random.normal(uint64_t(i)))));
  return values;
}

static int64_t elements(const Shape &shape) {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

static std::vector<uint8_t> bytesOf(const std::vector<half> &values) {
  const auto *first = reinterpret_cast<const uint8_t *>(values.data());
  return {first, first + values.size() * sizeof(half)};
}

KernelText::KernelText(std::string name) : function(mil::makeMain()) {
  files.name = std::move(name);
}

std::string KernelText::input(Shape shape, std::string name) {
  if (name.empty())
    name = fmt::format("a{:02}_in", function.parameters.size());
  function.parameters.push_back(
      {mil::Type::tensor(mil::ScalarType::FP16, std::move(shape)), name, {}});
  return name;
}

std::string KernelText::constant(mil::Value value) {
  std::string name = fmt::format("c{:02}", count++);
  function.statements.push_back(mil::makeConst(name, std::move(value)));
  return name;
}

std::string KernelText::blobConstant(Shape shape, const std::string &path) {
  return constant(mil::makeBlob(
      mil::Type::tensor(mil::ScalarType::FP16, std::move(shape)), path, 64));
}

std::string KernelText::weight(Shape shape, double deviation, uint64_t seed) {
  const std::string path =
      fmt::format("@model_path/weights/w{}.bin", files.blobs.size());
  const std::vector<uint8_t> bytes =
      bytesOf(randomHalves(elements(shape), deviation, seed));
  mil::BlobWriter writer;
  writer.append(mil::ScalarType::FP16, elements(shape),
                {bytes.data(), bytes.size()});
  files.blobs[path] = writer.bytes();
  return blobConstant(std::move(shape), path);
}

std::string KernelText::baked(Shape shape, double deviation, uint64_t seed) {
  const std::string path = "@model_path/weights/baked.bin";
  files.baked[path].bytes =
      bytesOf(randomHalves(elements(shape), deviation, seed));
  return blobConstant(std::move(shape), path);
}

std::string KernelText::op(const std::string &op, Shape shape,
                           std::vector<mil::Argument> arguments,
                           std::string name) {
  if (name.empty())
    name = fmt::format("v{:02}_{}", count++, op);
  function.statements.push_back(
      mil::makeOp(mil::Type::tensor(mil::ScalarType::FP16, std::move(shape)),
                  name, op, std::move(arguments)));
  return name;
}

std::string KernelText::slice(const std::string &x, Shape begin, Shape size) {
  const std::string from = integers(std::move(begin)), much = integers(size);
  return op("slice_by_size", std::move(size),
            {makeArgument("begin", from), makeArgument("size", much),
             makeArgument("x", x)});
}

std::string KernelText::reshape(const std::string &x, Shape shape) {
  const std::string to = integers(shape);
  return op("reshape", std::move(shape),
            {makeArgument("shape", to), makeArgument("x", x)});
}

std::string KernelText::transpose(const std::string &x, Shape shape) {
  const std::string order = integers({0, 1, 3, 2});
  return op("transpose", std::move(shape),
            {makeArgument("perm", order), makeArgument("x", x)});
}

std::string KernelText::matmul(const std::string &x, const std::string &y,
                               Shape shape, bool transposeX, bool transposeY) {
  const std::string tx = flag(transposeX), ty = flag(transposeY);
  return op("matmul", std::move(shape),
            {makeArgument("transpose_x", tx), makeArgument("transpose_y", ty),
             makeArgument("x", x), makeArgument("y", y)});
}

std::string KernelText::conv1x1(const std::string &x, const std::string &weight,
                                Shape shape) {
  const std::string ones = integers({1, 1}), zeros = integers({0, 0, 0, 0});
  const std::string one = constant(mil::makeInt32(1)),
                    valid = constant(mil::makeString("valid"));
  return op("conv", std::move(shape),
            {makeArgument("dilations", ones), makeArgument("groups", one),
             makeArgument("pad", zeros), makeArgument("pad_type", valid),
             makeArgument("strides", ones), makeArgument("weight", weight),
             makeArgument("x", x)});
}

std::string KernelText::reduceSum(const std::string &x, int64_t axis,
                                  Shape shape) {
  const std::string axes = integers({axis}), keep = flag(true);
  return op("reduce_sum", std::move(shape),
            {makeArgument("axes", axes), makeArgument("keep_dims", keep),
             makeArgument("x", x)});
}

std::string KernelText::concat(const std::vector<std::string> &values,
                               int64_t axis, Shape shape) {
  const std::string along = constant(mil::makeInt32(axis)), no = flag(false);
  return op("concat", std::move(shape),
            {makeArgument("axis", along), makeArgument("interleave", no),
             mil::makeTupleArgument("values", values)});
}

ProgramFiles KernelText::finish(const std::vector<std::string> &outputs) {
  for (const std::string &output : outputs)
    function.outputs.push_back({output, {}});
  mil::Program program = mil::makeProgram();
  program.functions.push_back(std::move(function));
  files.text = mil::print(program);
  return std::move(files);
}

} // namespace anec::rt

//===- Programs.cpp - Small programs that every device takes --------------===//
#include "test/conformance/Programs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

namespace anec::rt::conformance {
namespace {

using Dims = std::vector<int64_t>;

std::string tensor(const Dims &dims) {
  return fmt::format("tensor<fp16, {}>", dims);
}

std::string constant(const std::string &type, const std::string &name,
                     const std::string &value) {
  return fmt::format("{0} {1} = const()[name = string(\"{1}\"), val = "
                     "{0}({2})];\n",
                     type, name, value);
}

std::string integers(const std::string &name, const Dims &values) {
  return constant(fmt::format("tensor<int32, [{}]>", values.size()), name,
                  fmt::format("{}", values));
}

std::string op(const Dims &dims, const std::string &name,
               const std::string &call) {
  return fmt::format("{0} {1} = {2}[name = string(\"{1}\")];\n", tensor(dims),
                     name, call);
}

std::string program(const std::string &parameters, const std::string &body,
                    const std::string &outputs) {
  return fmt::format("program(1.3)\n[buildInfo = dict<string, "
                     "string>({{{{\"coremlc-version\", \"3505.4.1\"}}}})]\n{{\n"
                     "func main<ios18>({}) {{\n{}}} -> ({});\n}}\n",
                     parameters, body, outputs);
}

const Dims plain = {1, channels, 1, width};

} // namespace

std::string elementwise() {
  return program(tensor(plain) + " in",
                 op(plain, "square", "mul(x = in, y = in)") +
                     op(plain, "out", "add(x = square, y = in)"),
                 "out");
}

std::string reduction() {
  return program(tensor(plain) + " in",
                 integers("axes", {1}) + constant("bool", "keep", "true") +
                     op({1, 1, 1, width}, "sum",
                        "reduce_sum(x = in, axes = axes, keep_dims = keep)") +
                     op(plain, "out", "add(x = in, y = sum)"),
                 "out");
}

std::string packedLinear() {
  const Dims square = {1, channels, 1, channels};
  return program(
      tensor({1, channels, 1, width + channels}) + " in",
      integers("x_begin", {0, 0, 0, 0}) + integers("x_size", plain) +
          op(plain, "x_part",
             "slice_by_size(x = in, begin = x_begin, size = x_size)") +
          integers("s_begin", {0, 0, 0, width}) + integers("s_size", square) +
          op(square, "s_part",
             "slice_by_size(x = in, begin = s_begin, size = s_size)") +
          integers("x_shape", {1, 1, channels, width}) +
          op({1, 1, channels, width}, "x_matrix",
             "reshape(x = x_part, shape = x_shape)") +
          integers("s_shape", {1, 1, channels, channels}) +
          op({1, 1, channels, channels}, "s_matrix",
             "reshape(x = s_part, shape = s_shape)") +
          constant("bool", "yes", "true") + constant("bool", "no", "false") +
          op({1, 1, channels, width}, "product",
             "matmul(x = s_matrix, y = x_matrix, transpose_x = yes, "
             "transpose_y = no)") +
          integers("y_shape", plain) +
          op(plain, "out", "reshape(x = product, shape = y_shape)"),
      "out");
}

std::string bakedLinear() {
  const Dims weight = {channels, channels, 1, 1};
  return program(
      tensor(plain) + " in",
      constant(tensor(weight), "w",
               fmt::format("BLOBFILE(path = string(\"{}\"), offset = "
                           "uint64(64))",
                           bakedPath)) +
          integers("strides", {1, 1}) +
          constant("string", "pad_type", "\"valid\"") +
          integers("pad", {0, 0, 0, 0}) + integers("dilations", {1, 1}) +
          constant("int32", "groups", "1") +
          op(plain, "out",
             "conv(x = in, weight = w, strides = strides, pad_type = pad_type, "
             "pad = pad, dilations = dilations, groups = groups)"),
      "out");
}

std::string severalSurfaces() {
  return program(tensor(plain) + " second, " + tensor(plain) + " first",
                 op(plain, "zero", "sub(x = second, y = first)") +
                     op(plain, "one", "mul(x = second, y = first)"),
                 "zero, one");
}

std::string matrices() {
  const Dims planes = {1, 2, channels / 2, width};
  return program(tensor(planes) + " in",
                 integers("axes", {1}) + constant("bool", "keep", "true") +
                     op({1, 1, channels / 2, width}, "sum",
                        "reduce_sum(x = in, axes = axes, keep_dims = keep)") +
                     op(planes, "out", "add(x = in, y = sum)"),
                 "out");
}

std::string inOldForm(std::string text) {
  auto replaceAll = [&text](const std::string &from, const std::string &to) {
    for (size_t at = 0; (at = text.find(from, at)) != std::string::npos;
         at += to.size())
      text.replace(at, from.size(), to);
  };
  replaceAll("program(1.3)", "program(1.0)");
  replaceAll("ios18", "ios16");
  replaceAll("dict<string, string>", "dict<tensor<string, []>, tensor<string, "
                                     "[]>>");
  for (const std::string type : {"string", "bool", "int32", "uint64"}) {
    const std::string tensorType = "tensor<" + type + ", []>";
    for (const char *before : {" ", "\n"})
      for (const char *after : {"(", " "})
        replaceAll(before + type + after, before + tensorType + after);
  }
  return text;
}

} // namespace anec::rt::conformance

//===- CheckTest.cpp - Rules that only a text can break -------------------===//
//
// What our own emitter never writes but other people's programs do. Rules that
// IR can break are tested in test/target.
//
//===----------------------------------------------------------------------===//

#include "runtime/target/Check.h"
#include "runtime/mil/Reader.h"

#include <gtest/gtest.h>

#include <string>

namespace anec::rt::target {
namespace {

/// A program around `body`, whose input is x and whose output is y.
std::string programOf(const std::string &body) {
  return "program(1.3)[buildInfo = dict<string, string>({{\"coremlc-version\", "
         "\"3505.4.1\"}})]\n{\n func main<ios18>(tensor<fp16, [1,64,1,512]> x) "
         "{\n" +
         body + "\n } -> (y);\n}\n";
}

/// "id: message; id: message" of everything that strict refuses.
std::string violations(const std::string &body) {
  auto program = mil::read(programOf(body), "test.mil");
  if (!program)
    return program.error().message;
  std::string text;
  for (const Violation &violation : check(*program, strictProfile()))
    if (!violation.isNote())
      text += (text.empty() ? "" : "; ") +
              std::string(ruleInfo(violation.rule).id) + ": " +
              violation.message;
  return text;
}

const std::string type = "tensor<fp16, [1,64,1,512]>";

std::string sigmoid(const std::string &name) {
  return type + " y = sigmoid(x = x)[name = string(\"" + name + "\")];";
}

TEST(Check, AcceptsAMinimalProgram) { EXPECT_EQ(violations(sigmoid("y")), ""); }

TEST(Check, RefusesLiterals) {
  EXPECT_EQ(violations(type + " y = softmax(x = x, axis = int32(-1))[name = "
                              "string(\"y\")];"),
            "named-const: passes 'axis' as a literal");
}

TEST(Check, WantsUniqueNames) {
  EXPECT_EQ(violations(type + " y = sigmoid(x = x);"), "op-name: has no name");
  EXPECT_EQ(violations(type + " a = tanh(x = x)[name = string(\"n\")];" + type +
                       " y = sigmoid(x = a)[name = string(\"n\")];"),
            "op-name: repeats the name 'n'");
}

TEST(Check, ExplainsRefusedOperators) {
  EXPECT_EQ(violations(type + " y = neg(x = x)[name = string(\"y\")];"),
            "op-neg: is not an operator of the target");
  EXPECT_EQ(violations(type + " y = cumsum(x = x)[name = string(\"y\")];"),
            "op-cumsum: is not an operator of the target");
  EXPECT_EQ(violations(type + " y = cos(x = x)[name = string(\"y\")];"),
            "op-unsupported: is not an operator of the target");
  EXPECT_EQ(violations(type + " y = scaled_dot_product_attention(query = x, "
                              "key = x, value = x, attn_mask = x)[name = "
                              "string(\"y\")];"),
            "op-sdpa-mask: has an attn_mask");
}

std::string blob(const std::string &name, const std::string &offset) {
  return type + " " + name + " = const()[name = string(\"" + name +
         "\"), val = " + type +
         "(BLOBFILE(path = string(\"@model_path/w.bin\"), offset = uint64(" +
         offset + ")))];";
}

TEST(Check, WantsOneBlobPerFile) {
  EXPECT_EQ(violations(blob("w", "128") + sigmoid("y")),
            "blobfile-offset: reads '@model_path/w.bin' at 128, expected 64");
  EXPECT_EQ(violations(blob("w", "64") + blob("v", "65664") + sigmoid("y")),
            "blobfile-multi: reads a second entry of '@model_path/w.bin', at "
            "65664");
  EXPECT_EQ(violations(blob("w", "64") + blob("v", "64") + sigmoid("y")), "");
}

std::string concat(const std::string &axisType, const std::string &axis,
                   const std::string &interleave) {
  return axisType + " a = const()[name = string(\"a\"), val = " + axisType +
         "(" + axis + ")]; bool i = const()[name = string(\"i\"), val = bool(" +
         interleave +
         ")]; tensor<fp16, [1,128,1,512]> c = concat(values = (x, x), axis = "
         "a, interleave = i)[name = string(\"c\")];" +
         sigmoid("y");
}

TEST(Check, WantsScalarConcatArguments) {
  EXPECT_EQ(violations(concat("int32", "1", "false")), "");
  const std::string message =
      "concat-args: expects a scalar constant axis and interleave = false";
  EXPECT_EQ(violations(concat("tensor<int32, [1]>", "[1]", "false")), message);
  EXPECT_EQ(violations(concat("int32", "1", "true")), message);
}

std::string convolution(int index, const std::string &extra) {
  const std::string name = "k" + std::to_string(index);
  return type + " " + name + " = conv(x = x, weight = w" + extra +
         ")[name = string(\"" + name + "\")];";
}

const std::string weight =
    "tensor<fp16, [64,64,1,1]> w = const()[name = string(\"w\"), val = "
    "tensor<fp16, [64,64,1,1]>(BLOBFILE(path = "
    "string(\"@model_path/w.bin\"), offset = uint64(64)))];";

TEST(Check, RefusesBias) {
  EXPECT_EQ(violations(weight + convolution(0, ", bias = w") + sigmoid("y")),
            "conv-bias: has a bias");
}

TEST(Check, LimitsTheDepth) {
  std::string body = weight;
  for (int i = 0; i < 128; ++i)
    body += convolution(i, "");
  EXPECT_EQ(violations(body + sigmoid("y")), "");
  EXPECT_EQ(violations(body + convolution(128, "") + sigmoid("y")),
            "depth-512: has 129 convolutions, at most 128");
}

TEST(Check, LimitsConstantsInTheText) {
  auto constant = [](int count) {
    std::string values = "0x1p-1";
    for (int i = 1; i < count; ++i)
      values += ", 0x1p-1";
    const std::string type = "tensor<fp16, [" + std::to_string(count) + "]>";
    return type + " c = const()[name = string(\"c\"), val = " + type + "([" +
           values + "])];";
  };
  EXPECT_EQ(violations(constant(4096) + sigmoid("y")), "");
  EXPECT_EQ(violations(constant(4097) + sigmoid("y")),
            "const-inline: has 4097 elements in the text, at most 4096");
}

TEST(Check, KeepsThePlaceInTheText) {
  auto program = mil::read(programOf(sigmoid("n") + "\n" + type +
                                     " z = neg(x = y)[name = string(\"z\")];"),
                           "test.mil");
  ASSERT_TRUE(program) << program.error().message;
  auto found = check(*program, strictProfile());
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].name, "z");
  EXPECT_EQ(found[0].location.line, 5);
}

} // namespace
} // namespace anec::rt::target

//===- ReaderTest.cpp - MIL text to the AST -------------------------------===//
//
// Forms that coremlc and public generators write, and the message for
// everything that is not MIL.
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/Reader.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace anec::rt;
using namespace anec::rt::mil;

namespace {

/// A program whose main has these statements.
std::string inMain(const std::string &statements) {
  return "program(1.3)\n{\nfunc main<ios18>(fp16 x) {\n" + statements +
         "\n} -> (x);\n}\n";
}

Value constant(const std::string &value) {
  auto program = read(inMain("fp16 c = const()[val = " + value + "];"), "t");
  EXPECT_TRUE(program) << program.error().message;
  if (!program)
    return Value();
  return program->functions[0].statements[0].findAttribute("val")->value;
}

std::string errorOf(const std::string &text) {
  auto program = read(text, "t.mil");
  return program ? "none" : program.error().message;
}

TEST(Reader, HeaderOfBothStyles) {
  auto program = read(
      "program(1.0)\r\n[buildInfo = dict<tensor<string, []>, tensor<string, "
      "[]>>({{\"coremlc-component-MIL\", \"3402.3.2\"}, {\"a\", \"\"}})]\r\n{\n"
      "    func main<ios15>(tensor<fp32, [1, ?]> a,tensor<fp16,[2]>b) {\n"
      "            tensor<fp32, []> y = relu(x = a)[name = tensor<string, "
      "[]>(\"y\")];\n        } -> (y);\n}",
      "t");
  ASSERT_TRUE(program) << program.error().message;
  EXPECT_EQ(program->versionMajor, 1);
  EXPECT_EQ(program->versionMinor, 0);
  EXPECT_EQ(program->attributes[0].value.members()->size(), 4u);
  const Function &main = program->functions[0];
  EXPECT_EQ(main.opset, "ios15");
  EXPECT_EQ(main.parameters[0].type.dims, (std::vector<int64_t>{1, -1}));
  EXPECT_EQ(main.statements[0].location.line, 5);
  EXPECT_EQ(main.statements[0].location.column, 13);
  EXPECT_EQ(main.outputs[0].name, "y");
}

TEST(Reader, NoSpacesAndNoAttributes) {
  auto program = read("program(1.3){func "
                      "main<ios18>(tensor<fp16,[1,2]>x){tensor<fp16,[1,2]>y="
                      "relu(x=x);}->(y);}",
                      "t");
  ASSERT_TRUE(program) << program.error().message;
  EXPECT_TRUE(program->functions[0].statements[0].attributes.empty());
}

TEST(Reader, CommentsAreSkipped) {
  EXPECT_EQ(errorOf(inMain("// nothing\n/* and\nmore */")), "none");
}

TEST(Reader, WordsAreNotReserved) {
  EXPECT_EQ(errorOf(inMain("fp16 tensor = relu(x = x)[name = string(\"a\")];\n"
                           "fp16 relu = relu(x = tensor);\n"
                           "bool string = cast(x = relu, dtype = "
                           "string(\"bool\"));\n")),
            "none");
}

TEST(Reader, SeveralResultsNoneAndTuples) {
  auto program =
      read(inMain("tensor<fp16,[1]> a, tensor<int32,[1]> b = topk(x = x);\n"
                  "write_state(data = a, input = x);\n"
                  "fp16 c = concat(values = (a), axis = int32(0));\n"),
           "t");
  ASSERT_TRUE(program) << program.error().message;
  const auto &statements = program->functions[0].statements;
  EXPECT_EQ(statements[0].results.size(), 2u);
  EXPECT_TRUE(statements[1].results.empty());
  EXPECT_TRUE(statements[2].findArgument("values")->isTuple);
  EXPECT_TRUE(std::holds_alternative<Value>(
      statements[2].findArgument("axis")->operands[0]));
}

TEST(Reader, FlexibleShapeInformation) {
  EXPECT_EQ(
      errorOf("program(1.0){func main<ios17>(tensor<fp16,[1,?]> x) "
              "[FlexibleShapeInformation = tuple<tuple<string, dict<string, "
              "tensor<int32, [?]>>>, tuple<string, dict<string, "
              "list<tensor<int32, [2]>, ?>>>>(((\"DefaultShapes\", {{\"x\", "
              "[1, 32]}}), (\"RangeDims\", {{\"x\", [[1, 1], [1, "
              "2048]]}})))] {} -> (x);}"),
      "none");
}

TEST(Reader, NumbersOfEverySpelling) {
  auto number = [](const std::string &text) {
    return constant(text).floats()->at(0);
  };
  EXPECT_EQ(number("fp16(0x1p-3)"), 0.125);
  EXPECT_EQ(number("fp32(-0x1.8p+0)"), -1.5);
  EXPECT_EQ(number("fp32(0x1p-149)"), 0x1p-149);
  EXPECT_EQ(number("fp16(-1)"), -1);
  EXPECT_EQ(number("fp16(1e-05)"), 0x1.5p-17);
  EXPECT_EQ(number("fp16(0.044715)"), 0x1.6e4p-5);
  EXPECT_EQ(number("fp16(-inf)"), -INFINITY);
  EXPECT_TRUE(std::isnan(number("tensor<fp16, []>(nan)")));
  // One rounding: the detour through fp32 would give the even neighbour.
  EXPECT_EQ(number("fp16(0x1.00200000001p+0)"), 0x1.004p+0);
  EXPECT_EQ(constant("uint64(18446744073709551615)").integers()->at(0), -1);
  EXPECT_EQ(constant("int8(-128)").integers()->at(0), -128);
  EXPECT_EQ(constant("bool(true)").integers()->at(0), 1);
  EXPECT_EQ(constant("string(\"a\\\"\\\\\\n\\x41\")").strings()->at(0),
            "a\"\\\nA");
}

TEST(Reader, TensorsNestedAndFlat) {
  Value nested = constant("tensor<int32, [2, 3]>([[1, 2, 3], [4, 5, 6]])");
  Value flat = constant("tensor<int32, [2, 3]>([1, 2, 3, 4, 5, 6])");
  EXPECT_EQ(*nested.integers(), *flat.integers());
  EXPECT_EQ(nested.integers()->size(), 6u);
  Value blob = constant("tensor<fp16, [2]>(BLOBFILE(path = tensor<string, "
                        "[]>(\"@model_path/w.bin\"), offset = tensor<uint64, "
                        "[]>(128)))");
  EXPECT_EQ(blob.blob()->path, "@model_path/w.bin");
  EXPECT_EQ(blob.blob()->offset, 128u);
}

TEST(Reader, ErrorsSayWhereAndWhat) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "t.mil:1:1: expected 'program', found end of file"},
      {"program(2)", "t.mil:1:9: expected a version such as '1.3', found '2'"},
      {"program(1.3) {", "t.mil:1:15: expected 'func' or '}', found end of "
                         "file"},
      {inMain("fp16 y = relu(x = x)"), "t.mil:5:1: expected ';', found '}'"},
      {inMain("fp16 y relu(x = x);"), "t.mil:4:8: expected '=', found 'relu'"},
      {inMain("fp17 y = relu(x = x);"), "expected a type such as 'fp16' or "
                                        "'tensor<...>', found 'fp17'"},
      {inMain("fp16 y = relu(x = 3);"),
       "t.mil:4:19: expected a value name or a typed value, found '3'"},
      {inMain("fp16 c = const()[val = fp16(70000)];"),
       "t.mil:4:29: expected a number in the range of fp16, found '70000'"},
      {inMain("fp16 c = const()[val = int8(200)];"),
       "expected an integer in the range of int8, found '200'"},
      {inMain("fp16 c = const()[val = int32(1.5)];"), "found '1.5'"},
      {inMain("fp16 c = const()[val = bool(1)];"),
       "expected 'true' or 'false', found '1'"},
      {inMain("fp16 c = const()[val = tensor<int32,[3]>([1,2])];"),
       "expected 3 values for 'tensor<int32, [3]>' in dimension 0, found 2"},
      {inMain("fp16 c = const()[val = tensor<int32,[2,2]>([1,2,3])];"),
       "expected 4 values for 'tensor<int32, [2, 2]>', found 3"},
      {inMain("fp16 c = const()[val = string(\"a"), "to end this string"},
      {inMain("fp16 c = const()[val = string(\"\\q\")];"), "'\\' and 'q'"},
      {inMain("fp16 c = cond(pred = x) { };"), "nested blocks"},
      {inMain("fp16 # = x();"), "expected MIL text, found '#'"},
      {inMain("/* "), "expected '*/'"},
      {inMain("fp16 c = const()[val = fp16(0x1.8)];"), "expected a number"},
      {inMain("tensor<fp16,[1048576,1048576,1048576]> c = a();"), "2^48"}};
  for (const auto &[text, message] : cases)
    EXPECT_NE(errorOf(text).find(message), std::string::npos)
        << errorOf(text) << "\nexpected: " << message;
}

TEST(Reader, DeepNestingIsAnError) {
  std::string type, brackets;
  for (int i = 0; i < 100000; ++i)
    type += "list<";
  EXPECT_NE(errorOf(inMain(type)).find("nested too deep"), std::string::npos);
}

TEST(Reader, EveryPrefixIsAnErrorAndNoCrash) {
  std::string text =
      inMain("tensor<fp16,[1,2]> c = const()[name = string(\"c\\x41\"), val = "
             "tensor<fp16,[1,2]>([[0x1p-3, -1e+2]])];\n"
             "tensor<fp16,[2]> w = const()[val = tensor<fp16,[2]>(BLOBFILE("
             "path = string(\"p\"), offset = uint64(64)))];");
  ASSERT_EQ(errorOf(text), "none");
  size_t end = text.rfind('}');
  for (size_t size = 0; size <= end; ++size)
    EXPECT_NE(errorOf(text.substr(0, size)), "none") << size;
}

} // namespace

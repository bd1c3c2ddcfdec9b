//===- PrinterTest.cpp - MIL text from the AST ----------------------------===//
//
// The layout that generators proven on the device write; printing what was
// read gives the same text.
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/Printer.h"

#include "runtime/mil/Builder.h"
#include "runtime/mil/Reader.h"

#include <gtest/gtest.h>

using namespace anec::rt::mil;

namespace {

const char *const expectedText =
    "program(1.3)\n"
    "[buildInfo = dict<string, string>({{\"coremlc-component-MIL\", "
    "\"3510.2.1\"}, {\"coremlc-version\", \"3505.4.1\"}, "
    "{\"coremltools-component-milinternal\", \"\"}, "
    "{\"coremltools-version\", \"9.0\"}})]\n"
    "{\n"
    "    func main<ios18>(tensor<fp16, [1, 4, 1, 8]> a00_in) {\n"
    "        fp16 c = const()[name = string(\"c\"), val = fp16(0x1p-3)];\n"
    "        int32 axis = const()[name = string(\"axis\"), val = int32(1)];\n"
    "        tensor<fp16, [1, 4, 1, 8]> w = const()[name = string(\"w\"), val "
    "= tensor<fp16, [1, 4, 1, 8]>(BLOBFILE(path = "
    "string(\"@model_path/weights/w.bin\"), offset = uint64(64)))];\n"
    "        tensor<fp16, [1, 4, 1, 8]> y = mul(x = a00_in, y = c)[name = "
    "string(\"y\")];\n"
    "        tensor<fp16, [1, 8, 1, 8]> z00_out = concat(values = (y, w), axis "
    "= axis)[name = string(\"z00_out\")];\n"
    "    } -> (z00_out);\n"
    "}\n";

TEST(Printer, LayoutOfProvenGenerators) {
  Type in = Type::tensor(ScalarType::FP16, {1, 4, 1, 8});
  Type out = Type::tensor(ScalarType::FP16, {1, 8, 1, 8});
  Program program = makeProgram();
  Function main = makeMain();
  main.parameters.push_back(TypedName{in, "a00_in", {}});
  main.statements = {
      makeConst("c", makeFP16(0.125)), makeConst("axis", makeInt32(1)),
      makeConst("w", makeBlob(in, "@model_path/weights/w.bin", 64)),
      makeOp(in, "y", "mul",
             {makeArgument("x", "a00_in"), makeArgument("y", "c")}),
      makeOp(out, "z00_out", "concat",
             {makeTupleArgument("values", {"y", "w"}),
              makeArgument("axis", "axis")})};
  main.outputs.push_back(Reference{"z00_out", {}});
  program.functions.push_back(main);
  EXPECT_EQ(print(program), expectedText);
}

TEST(Printer, PrintingWhatWasReadGivesTheSameText) {
  auto program = read(expectedText, "t");
  ASSERT_TRUE(program) << program.error().message;
  EXPECT_EQ(print(*program), expectedText);
}

TEST(Printer, ValuesReadBackExactly) {
  for (const char *text :
       {"fp16(0x1.ff8p-15)", "fp16(-inf)", "fp16(nan)", "fp32(0x1p-149)",
        "fp32(-0x0p+0)", "uint64(18446744073709551615)",
        "tensor<int32, [2, 1]>([[1], [2]])", "tensor<bool, [2]>([true, false])",
        "string(\"a\\\"\\\\\\n\\t\\r\\x01\")", "tensor<int32, [0]>([])",
        "tensor<fp16, [281474976710656, 0]>([])",
        "tuple<string, list<int32, 2>>((\"a\", [1, 2]))",
        "dict<string, int32>({{\"a\", 1}, {\"b\", 2}})"}) {
    std::string program = std::string("program(1.3)\n{\n    func f<ios18>() "
                                      "{\n        fp16 c = const()[val = ") +
                          text + "];\n    } -> (c);\n}\n";
    auto read = anec::rt::mil::read(program, "t");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(print(*read), program);
  }
}

TEST(Printer, HalvesAreRoundedOnce) {
  EXPECT_EQ(print(makeFP16(0.1)), "fp16(0x1.998p-4)");
  EXPECT_EQ(print(makeFP16(1e-7)), "fp16(0x1p-23)");
  EXPECT_EQ(print(makeFP16(1e6)), "fp16(inf)");
  EXPECT_EQ(print(makeFloat(ScalarType::BF16, 1.00390625)), "bf16(0x1p+0)");
}

} // namespace

//===- PackageTest.cpp - Model files to the AST ---------------------------===//
//
// Messages that a test makes, and broken copies of a file that coremltools
// made. What its packages compute is ane-run's test.
//
//===----------------------------------------------------------------------===//
#include "runtime/package/Package.h"

#include "Model.pb.h"
#include "runtime/mil/Printer.h"
#include "runtime/mil/Reader.h"
#include "runtime/support/AtomicFile.h"
#include "test/runtime/bundle/TestBundle.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <functional>
#include <random>

using namespace anec;
using namespace anec::rt;
using namespace anec::rt::package;
using testing::ElementsAre;
using testing::HasSubstr;

namespace fs = std::filesystem;

namespace {

const std::string several =
    ANEC_TEST_DIR "/runtime/package/several/several.mlpackage";

coreml::Function &mainOf(coreml::Model &model) {
  return *model.mutable_ml_program()->mutable_functions(0)->mutable_value();
}
coreml::Block &blockOf(coreml::Model &model) {
  return *mainOf(model).mutable_block_specializations(0)->mutable_value();
}
coreml::Value &constantOf(coreml::Model &model) {
  return *blockOf(model)
              .mutable_operations(0)
              ->mutable_attributes(0)
              ->mutable_value();
}

/// `main` of iOS 17 with one constant c, which is returned.
coreml::Model constantModel(coreml::DataType type, uint64_t count) {
  coreml::Model model;
  coreml::Program &program = *model.mutable_ml_program();
  program.set_version(1);
  coreml::FunctionEntry &function = *program.add_functions();
  function.set_key("main");
  function.mutable_value()->set_opset("CoreML7");
  coreml::BlockEntry &block =
      *function.mutable_value()->add_block_specializations();
  block.set_key("CoreML7");
  block.mutable_value()->add_outputs("c");
  coreml::Operation &operation = *block.mutable_value()->add_operations();
  operation.set_type("const");
  coreml::NamedValueType &result = *operation.add_outputs();
  result.set_name("c");
  coreml::TensorType &tensor = *result.mutable_type()->mutable_tensor();
  tensor.set_data_type(type);
  tensor.set_rank(1);
  tensor.add_dimensions()->mutable_constant()->set_size(count);
  coreml::ValueEntry &value = *operation.add_attributes();
  value.set_key("val");
  *value.mutable_value()->mutable_type() = result.type();
  return model;
}

coreml::TensorValue &elementsOf(coreml::Model &model) {
  return *constantOf(model).mutable_immediate()->mutable_tensor();
}

Result<mil::Program> parse(const coreml::Model &model) {
  std::string ignored;
  return parseModel(model.SerializeAsString(), "m", ignored);
}

const mil::Value &valueOf(const mil::Program &program) {
  return program.functions[0].statements[0].attributes[0].value;
}

/// A good model, changed.
std::string messageOf(const std::function<void(coreml::Model &)> &change) {
  coreml::Model model = constantModel(coreml::TYPE_INT32, 2);
  elementsOf(model).mutable_ints()->add_values(1);
  elementsOf(model).mutable_ints()->add_values(-2);
  EXPECT_TRUE(parse(model));
  change(model);
  auto program = parse(model);
  return program ? "none" : program.error().message;
}

TEST(Package, ReadsWhatCoremltoolsWrote) {
  auto package = readPackage(several);
  ASSERT_TRUE(package) << package.error().message;
  ASSERT_EQ(package->program.functions.size(), 1u);
  const mil::Function &function = package->program.functions[0];
  EXPECT_EQ(function.name, "main");
  EXPECT_EQ(function.opset, "ios18");
  EXPECT_EQ(function.parameters.size(), 2u);
  EXPECT_EQ(function.outputs.size(), 4u);
  const std::string text = mil::print(package->program);
  auto again = mil::read(text, "text");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(mil::print(*again), text);
  auto functions = readPackage(
      ANEC_TEST_DIR "/runtime/package/functions/functions.mlpackage");
  ASSERT_TRUE(functions) << functions.error().message;
  EXPECT_EQ(functions->defaultFunction, "down");
}

TEST(Package, BytesHoldNarrowElements) {
  // From the lowest bits on: 1, 14 and 7 in four bits each are 0x7e1; 5, 2 and
  // 7 in three each are 5 + 2 * 8 + 7 * 64 = 0x1d5.
  coreml::Model model = constantModel(coreml::TYPE_INT4, 3);
  elementsOf(model).mutable_bytes()->set_values("\xe1\x07");
  auto program = parse(model);
  ASSERT_TRUE(program) << program.error().message;
  EXPECT_THAT(*valueOf(*program).integers(), ElementsAre(1, -2, 7));
  model = constantModel(coreml::TYPE_UINT3, 3);
  elementsOf(model).mutable_bytes()->set_values("\xd5\x01");
  program = parse(model);
  ASSERT_TRUE(program) << program.error().message;
  EXPECT_THAT(*valueOf(*program).integers(), ElementsAre(5, 2, 7));
  // IEEE 754 binary16: 0x3c00 is 1, 0xc000 is -2.
  model = constantModel(coreml::TYPE_FLOAT16, 2);
  elementsOf(model).mutable_bytes()->set_values(std::string("\0\x3c\0\xc0", 4));
  program = parse(model);
  ASSERT_TRUE(program) << program.error().message;
  EXPECT_THAT(*valueOf(*program).floats(), ElementsAre(1, -2));
  model = constantModel(coreml::TYPE_UINT32, 1);
  elementsOf(model).mutable_bytes()->set_values("\xff\xff\xff\xff");
  program = parse(model);
  ASSERT_TRUE(program) << program.error().message;
  EXPECT_THAT(*valueOf(*program).integers(), ElementsAre(4294967295));
}

TEST(Package, WrongConstantsAreErrors) {
  EXPECT_THAT(
      messageOf([](auto &m) { elementsOf(m).mutable_ints()->add_values(3); }),
      HasSubstr("m: function 'main': operation 1, 'const': attribute "
                "'val': expected 2 elements for a value of type "
                "'tensor<int32, [2]>', found 3"));
  EXPECT_THAT(
      messageOf([](auto &m) { elementsOf(m).mutable_floats(); }),
      HasSubstr(
          "elements of a 'tensor<int32, [2]>' in field 2, found field 1"));
  EXPECT_THAT(messageOf([](auto &m) {
                constantOf(m).mutable_type()->mutable_tensor()->set_data_type(
                    coreml::TYPE_UINT16);
              }),
              HasSubstr("expected elements of type 'tensor<uint16, [2]>', "
                        "found -2"));
  EXPECT_THAT(messageOf([](auto &m) { constantOf(m).clear_immediate(); }),
              HasSubstr("found none"));
  EXPECT_THAT(messageOf([](auto &m) {
                constantOf(m).mutable_type()->mutable_tensor()->set_data_type(
                    coreml::TYPE_INT8);
                elementsOf(m).mutable_bytes()->set_values("abc");
              }),
              HasSubstr("expected 2 bytes"));
  EXPECT_THAT(
      messageOf([](auto &m) {
        auto &dimension =
            *constantOf(m).mutable_type()->mutable_tensor()->mutable_dimensions(
                0);
        dimension.mutable_constant()->set_size(~uint64_t(0));
      }),
      HasSubstr("at most 2^48, found 18446744073709551615"));
  EXPECT_THAT(messageOf([](auto &m) {
                constantOf(m).mutable_type()->mutable_tensor()->set_rank(7);
              }),
              HasSubstr("expected 7 dimensions as the rank says, found 1"));
  EXPECT_THAT(messageOf([](auto &m) {
                constantOf(m).mutable_type()->mutable_tensor()->set_data_type(
                    static_cast<coreml::DataType>(40));
              }),
              HasSubstr("a known element type, found number 40"));
}

TEST(Package, WrongProgramsAreErrors) {
  EXPECT_THAT(messageOf([](auto &m) { m.set_neural_network(""); }),
              HasSubstr("m: expected an ML program, found a neural network"));
  EXPECT_THAT(messageOf([](auto &m) { m.clear_ml_program(); }),
              HasSubstr("expected an ML program, found a model of another"));
  EXPECT_THAT(
      messageOf([](auto &m) { m.mutable_ml_program()->set_version(2); }),
      HasSubstr("version 1, found 2"));
  EXPECT_THAT(messageOf([](auto &m) { mainOf(m).set_opset("CoreML4"); }),
              HasSubstr("'CoreML5' to 'CoreML9', found 'CoreML4'"));
  EXPECT_THAT(messageOf([](auto &m) { mainOf(m).set_opset("CoreML8"); }),
              HasSubstr("a block for opset 'CoreML8', found none"));
  EXPECT_THAT(messageOf([](auto &m) {
                *m.mutable_ml_program()->add_functions() =
                    m.ml_program().functions(0);
              }),
              HasSubstr("name 'main' occurs twice"));
  EXPECT_THAT(messageOf([](auto &m) {
                blockOf(m).mutable_operations(0)->set_type("a(){};\n");
              }),
              HasSubstr("operation 1: expected an operator's name of letters, "
                        "digits, '_' and '@', found 'a(){};?'"));
  EXPECT_THAT(messageOf([](auto &m) { blockOf(m).set_outputs(0, ""); }),
              HasSubstr("the name of an output"));
  EXPECT_THAT(messageOf([](auto &m) {
                blockOf(m).mutable_operations(0)->add_blocks("");
              }),
              HasSubstr("operation 1, 'const': nested blocks"));
  EXPECT_THAT(messageOf([](auto &m) {
                auto &operation = *blockOf(m).mutable_operations(0);
                for (int i = 0; i < 2; ++i)
                  operation.add_inputs()->set_key("x");
              }),
              HasSubstr("a parameter's name 'x' occurs twice"));
}

TEST(Package, DeepTypesAreErrors) {
  EXPECT_THAT(messageOf([](auto &m) {
                coreml::ValueType *type = constantOf(m).mutable_type();
                for (int depth = 0; depth < 10000; ++depth)
                  type = type->mutable_state()->mutable_wrapped();
              }),
              HasSubstr("broken or too deeply nested messages"));
}

TEST(Package, BrokenBytesNeverCrash) {
  auto bytes = readFile(several + "/Data/com.apple.CoreML/model.mlmodel");
  ASSERT_TRUE(bytes);
  std::string ignored;
  for (size_t size = 0; size < bytes->size(); ++size) {
    auto program = parseModel(bytes->substr(0, size), "cut", ignored);
    // The program is the last field, so no shorter file has one.
    ASSERT_FALSE(program) << size;
    EXPECT_THAT(program.error().message, HasSubstr("cut: expected a"));
  }
  std::mt19937 random(1);
  for (int round = 0; round < 5000; ++round) {
    std::string broken = *bytes;
    for (int change = 0; change <= round % 4; ++change)
      broken[random() % broken.size()] = static_cast<char>(random());
    auto program = parseModel(broken, "broken", ignored);
    if (program)
      (void)mil::read(mil::print(*program), "text");
    else
      EXPECT_THAT(program.error().message, HasSubstr("broken: "));
  }
}

TEST(Package, FilesAreInThePackage) {
  TemporaryFolder folder;
  const std::string path = folder / "p.mlpackage";
  auto message = [&] {
    auto package = readPackage(path);
    return package ? "none" : package.error().message;
  };
  fs::create_directories(path);
  EXPECT_TRUE(isPackage(path));
  EXPECT_TRUE(isPackage(path + "/"));
  EXPECT_FALSE(isPackage(folder.string()));
  EXPECT_THAT(message(), HasSubstr("Manifest.json': No such file"));
  fs::copy(several, path, fs::copy_options::recursive);
  EXPECT_EQ(message(), "none");
  const std::string model = path + "/Data/com.apple.CoreML/model.mlmodel";
  fs::resize_file(model, (uintmax_t(1) << 25) + 1);
  EXPECT_THAT(message(), HasSubstr("expected at most 33554432 bytes"));
  fs::remove(model);
  EXPECT_THAT(message(), HasSubstr("model.mlmodel': No such file"));
  fs::create_directory(model);
  EXPECT_THAT(message(), HasSubstr("expected a file"));
  fs::remove(model);
  fs::create_symlink(several + "/Data/com.apple.CoreML/model.mlmodel", model);
  EXPECT_THAT(message(), HasSubstr("found a link to"));
}

} // namespace

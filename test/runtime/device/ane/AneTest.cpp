//===- AneTest.cpp - The ane device over the stand-in ---------------------===//

#include "test/runtime/device/ane/AneTest.h"

#include <cstdlib>

namespace anec::rt {

namespace fs = std::filesystem;

AneTest::AneTest() {
  setenv("TMPDIR", temporary.string().c_str(), 1);
  options.libraries = ane::LibraryPaths::single(StandIn::library());
  options.budget = &budget;
  options.wait = [this](std::chrono::milliseconds time) {
    pauses.push_back(time.count());
  };
}

AneTest::~AneTest() {
  device.reset();
  EXPECT_EQ(standIn.violations(), "");
  EXPECT_EQ(standIn.alive(), nlohmann::json::object());
  EXPECT_EQ(standIn.loaded(), 0);
  EXPECT_TRUE(fs::is_empty(temporary.string()));
  unsetenv("TMPDIR");
}

Device &AneTest::open() {
  Result<std::unique_ptr<Device>> opened = makeAneDevice(options, pool);
  EXPECT_TRUE(opened) << opened.error().message;
  device = std::move(*opened);
  return *device;
}

std::string AneTest::openError() const {
  ThreadPool alone(1);
  Result<std::unique_ptr<Device>> opened = makeAneDevice(options, alone);
  return opened ? "" : opened.error().message;
}

std::unique_ptr<Program> AneTest::load(const ProgramFiles &files) {
  Result<std::unique_ptr<Program>> program = device->load(files);
  EXPECT_TRUE(program) << program.error().message;
  return program ? std::move(*program) : nullptr;
}

std::string AneTest::loadError(const ProgramFiles &files) {
  Result<std::unique_ptr<Program>> program = device->load(files);
  return program ? "" : program.error().message;
}

std::unique_ptr<Surface> AneTest::allocate(const std::string &name,
                                           int64_t channels, int64_t width) {
  Region region;
  region.name = "all";
  region.rows = region.blockRows = channels;
  region.columns = width;
  Result<std::unique_ptr<Surface>> surface =
      device->allocate({name, channels, width, {region}});
  EXPECT_TRUE(surface) << surface.error().message;
  return std::move(*surface);
}

void AneTest::write(Surface &surface, const std::vector<float> &values) {
  auto map = device->map(surface, 0, Access::Write);
  ASSERT_TRUE(map) << map.error().message;
  const SurfaceSpec &spec = surface.spec();
  for (int64_t c = 0; c < spec.channels; ++c)
    for (int64_t w = 0; w < spec.width; ++w)
      static_cast<half *>((*map)->data())[c * (*map)->rowStride() + w] =
          static_cast<half>(values[static_cast<size_t>(c * spec.width + w)]);
}

std::vector<float> AneTest::read(Surface &surface) {
  auto map = device->map(surface, 0, Access::Read);
  EXPECT_TRUE(map) << map.error().message;
  const SurfaceSpec &spec = surface.spec();
  std::vector<float> values;
  for (int64_t c = 0; c < spec.channels; ++c)
    for (int64_t w = 0; w < spec.width; ++w)
      values.push_back(static_cast<float>(
          static_cast<half *>((*map)->data())[c * (*map)->rowStride() + w]));
  return values;
}

std::string AneTest::run(Program &program, const std::vector<Surface *> &inputs,
                         const std::vector<Surface *> &outputs) {
  const std::optional<Error> error = device->run(program, inputs, outputs);
  return error ? error->message : "";
}

std::string programText(const std::string &parameters,
                        const std::string &statements,
                        const std::string &outputs) {
  return R"(program(1.3)
[buildInfo = dict<string, string>({{"coremlc-component-MIL", "3510.2.1"}, {"coremlc-version", "3505.4.1"}, {"coremltools-component-milinternal", ""}, {"coremltools-version", "9.0"}})]
{
    func main<ios18>()" +
         parameters + ") {\n" + statements + "    } -> (" + outputs + ");\n}\n";
}

ProgramFiles doubling(const std::string &name) {
  ProgramFiles files;
  files.name = name;
  files.text = programText(
      "tensor<fp16, [1, 32, 1, 32]> a00_x",
      "        tensor<fp16, [1, 32, 1, 32]> z00_y = add(x = a00_x, y = "
      "a00_x)[name = string(\"z00_y\")];\n",
      "z00_y");
  return files;
}

ProgramFiles scaling(float diagonal) {
  ProgramFiles files;
  files.name = "scaling";
  files.text = programText("tensor<fp16, [1, 32, 1, 32]> a00_x", R"(
        tensor<fp16, [32, 32, 1, 1]> w = const()[name = string("w"), val = tensor<fp16, [32, 32, 1, 1]>(BLOBFILE(path = string("@model_path/weights/w.bin"), offset = uint64(64)))];
        string valid = const()[name = string("valid"), val = string("valid")];
        tensor<int32, [2]> ones = const()[name = string("ones"), val = tensor<int32, [2]>([1, 1])];
        tensor<int32, [4]> zeros = const()[name = string("zeros"), val = tensor<int32, [4]>([0, 0, 0, 0])];
        int32 one = const()[name = string("one"), val = int32(1)];
        tensor<fp16, [1, 32, 1, 32]> z00_y = conv(dilations = ones, groups = one, pad = zeros, pad_type = valid, strides = ones, weight = w, x = a00_x)[name = string("z00_y")];
)",
                           "z00_y");
  BakedWeight &weight = files.baked["@model_path/weights/w.bin"];
  std::vector<half> values(32 * 32, static_cast<half>(0));
  for (size_t i = 0; i < 32; ++i)
    values[i * 33] = static_cast<half>(diagonal);
  const auto *bytes = reinterpret_cast<const uint8_t *>(values.data());
  weight.bytes.assign(bytes, bytes + values.size() * sizeof(half));
  return files;
}

std::vector<float> ramp(int64_t count, float step) {
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(static_cast<float>(i) * step);
  return values;
}

} // namespace anec::rt

//===- ExecDevice.cpp - A program once on any device ----------------------===//
//
// One region over each surface is enough.
//
//===----------------------------------------------------------------------===//
#include "tools/ane-run/ExecDevice.h"

#include "runtime/device/RegionMemory.h"
#include "runtime/device/cpu/ProgramReader.h"
#include "runtime/support/Convert.h"

#include <cstring>

namespace anec::rt {
namespace {

std::optional<Error> write(const NpyArray &array, const std::string &name,
                           const SurfaceMap &map) {
  auto *to = static_cast<half *>(map.data());
  const int64_t rows = map.region().rows, columns = map.region().columns;
  for (int64_t r = 0; r < rows; ++r, to += map.rowStride()) {
    const uint8_t *row =
        array.bytes.data() + r * columns * dataTypeSize(array.type);
    if (array.type == DataType::F16)
      convert(reinterpret_cast<const half *>(row), to, columns);
    else if (array.type == DataType::F32)
      convert(reinterpret_cast<const float *>(row), to, columns);
    else if (array.type == DataType::F64)
      convert(reinterpret_cast<const double *>(row), to, columns);
    else
      return makeError(ErrorCode::InvalidInput,
                       "input '{}': expects floats for this device, but got {}",
                       name, dataTypeName(array.type));
  }
  return std::nullopt;
}

} // namespace

std::optional<Error>
DeviceRun::allocate(const mil::TypedName &port,
                    std::vector<std::unique_ptr<Surface>> &surfaces) {
  const std::optional<SurfaceShape> shape = surfaceShape(port.type.dims);
  if (!shape || port.type.element != mil::ScalarType::FP16)
    return makeError(
        ErrorCode::InvalidInput,
        "'{}': expects tensor<fp16, [1, A, B, W]> for this device, "
        "but got {}",
        port.name, mil::toString(port.type));
  SurfaceSpec spec{port.name, shape->channels, shape->width, {}};
  spec.regions.push_back({port.name,
                          RegionKind::Activation,
                          shape->channels,
                          shape->width,
                          0,
                          0,
                          shape->channels,
                          {}});
  ANEC_ASSIGN(std::unique_ptr<Surface> surface, device->allocate(spec));
  surfaces.push_back(std::move(surface));
  return std::nullopt;
}

Result<DeviceRun> DeviceRun::prepare(Device &device,
                                     const cpu::SourceProgram &source,
                                     const cpu::NamedArrays &inputs) {
  DeviceRun result(device);
  ANEC_ASSIGN(result.program, device.load(source.files));
  for (const mil::TypedName &parameter : source.function.parameters) {
    ANEC_TRY(result.allocate(parameter, result.from));
    ANEC_ASSIGN(std::unique_ptr<SurfaceMap> map,
                device.map(*result.from.back(), 0, Access::Write));
    ANEC_TRY(write(inputs.at(parameter.name), parameter.name, *map));
  }
  for (const mil::TypedName &output : cpu::outputsOf(source.function))
    ANEC_TRY(result.allocate(output, result.to));
  return Result<DeviceRun>(std::move(result));
}

std::optional<Error> DeviceRun::run() {
  std::vector<Surface *> inputs, outputs;
  for (const auto &surface : from)
    inputs.push_back(surface.get());
  for (const auto &surface : to)
    outputs.push_back(surface.get());
  return device->run(*program, inputs, outputs);
}

Result<std::vector<cpu::NamedArray>> DeviceRun::outputs() {
  std::vector<cpu::NamedArray> arrays;
  for (const auto &surface : to) {
    ANEC_ASSIGN(std::unique_ptr<SurfaceMap> map,
                device->map(*surface, 0, Access::Read));
    const Region &region = map->region();
    cpu::NamedArray output{region.name, {}};
    output.array.type = DataType::F16;
    output.array.shape = {1, region.rows, 1, region.columns};
    const size_t rowBytes = static_cast<size_t>(region.columns) * 2;
    output.array.bytes.resize(static_cast<size_t>(region.rows) * rowBytes);
    for (int64_t r = 0; r < region.rows; ++r)
      std::memcpy(output.array.bytes.data() + static_cast<size_t>(r) * rowBytes,
                  static_cast<half *>(map->data()) + r * map->rowStride(),
                  rowBytes);
    arrays.push_back(std::move(output));
  }
  return arrays;
}

} // namespace anec::rt

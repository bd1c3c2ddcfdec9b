//===- ExecDevice.cpp - A program once on any device ----------------------===//
//
// Arrays of floats, as a kernel's halves and back.
//
//===----------------------------------------------------------------------===//
#include "tools/ane-run/ExecDevice.h"

#include "runtime/support/Convert.h"

namespace anec::rt {
namespace {

Result<Halves> halvesOf(const NpyArray &array, const std::string &name) {
  Halves halves(array.bytes.size() / dataTypeSize(array.type));
  const auto count = static_cast<int64_t>(halves.size());
  const uint8_t *from = array.bytes.data();
  if (array.type == DataType::F16)
    convert(reinterpret_cast<const half *>(from), halves.data(), count);
  else if (array.type == DataType::F32)
    convert(reinterpret_cast<const float *>(from), halves.data(), count);
  else if (array.type == DataType::F64)
    convert(reinterpret_cast<const double *>(from), halves.data(), count);
  else
    return makeError(ErrorCode::InvalidInput,
                     "input '{}': expects floats for this device, but got {}",
                     name, dataTypeName(array.type));
  return Result<Halves>(std::move(halves));
}

} // namespace

Result<DeviceRun> DeviceRun::prepare(Device &device,
                                     const cpu::SourceProgram &source,
                                     const cpu::NamedArrays &inputs) {
  ANEC_ASSIGN(KernelRun kernel, KernelRun::load(device, source.files));
  DeviceRun result(std::move(kernel), cpu::outputsOf(source.function));
  const std::vector<mil::TypedName> &parameters = source.function.parameters;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const std::string &name = parameters[i].name;
    ANEC_ASSIGN(const Halves halves, halvesOf(inputs.at(name), name));
    ANEC_TRY(result.kernel.write(i, halves));
  }
  return Result<DeviceRun>(std::move(result));
}

Result<std::vector<cpu::NamedArray>> DeviceRun::outputs() {
  std::vector<cpu::NamedArray> arrays;
  for (size_t i = 0; i < results.size(); ++i) {
    ANEC_ASSIGN(const Halves halves, kernel.read(i));
    cpu::NamedArray output{results[i].name, {}};
    output.array.type = DataType::F16;
    output.array.shape = results[i].type.dims;
    const auto *first = reinterpret_cast<const uint8_t *>(halves.data());
    output.array.bytes.assign(first, first + halves.size() * sizeof(half));
    arrays.push_back(std::move(output));
  }
  return arrays;
}

} // namespace anec::rt

//===- ArrayRunner.cpp - A program on arrays ------------------------------===//
//
// Arrays pass through double, which holds every element exactly but the
// largest 64-bit integers.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/ArrayRunner.h"

#include "runtime/device/cpu/Rows.h"

#include <cmath>
#include <cstring>

namespace anec::rt::cpu {

namespace {

using mil::ScalarType;

template <typename T> double numberAs(const uint8_t *bytes) {
  T number;
  std::memcpy(&number, bytes, sizeof(T));
  return static_cast<double>(number);
}

double numberOf(DataType type, const uint8_t *bytes) {
  switch (type) {
  case DataType::F16:
    return numberAs<half>(bytes);
  case DataType::F32:
    return numberAs<float>(bytes);
  case DataType::F64:
    return numberAs<double>(bytes);
  case DataType::BF16: {
    const uint32_t bits = uint32_t(bytes[0]) << 16 | uint32_t(bytes[1]) << 24;
    float number;
    std::memcpy(&number, &bits, sizeof(number));
    return number;
  }
  case DataType::I8:
    return numberAs<int8_t>(bytes);
  case DataType::I16:
    return numberAs<int16_t>(bytes);
  case DataType::I32:
    return numberAs<int32_t>(bytes);
  case DataType::I64:
    return numberAs<int64_t>(bytes);
  case DataType::U16:
    return numberAs<uint16_t>(bytes);
  case DataType::U32:
    return numberAs<uint32_t>(bytes);
  case DataType::U64:
    return numberAs<uint64_t>(bytes);
  case DataType::U8:
  case DataType::Bool:
    break;
  }
  return numberAs<uint8_t>(bytes);
}

bool isFloatData(DataType type) { return type <= DataType::F64; }

/// Floats for floats, integers for integers.
bool isOfClass(DataType data, ScalarType element) {
  if (mil::isFloat(element))
    return isFloatData(data);
  if (element == ScalarType::Bool)
    return data == DataType::Bool || data == DataType::I8 ||
           data == DataType::U8;
  return !isFloatData(data) && data != DataType::Bool;
}

/// The type that a file of `port` has.
DataType dataTypeOf(const Port &port) {
  switch (port.layout.storage) {
  case Storage::F16:
    return DataType::F16;
  case Storage::F32:
    return DataType::F32;
  case Storage::F64:
    return DataType::F64;
  default:
    break;
  }
  switch (port.type.element) {
  case ScalarType::Bool:
    return DataType::Bool;
  case ScalarType::Int4:
  case ScalarType::Int8:
    return DataType::I8;
  case ScalarType::Int16:
    return DataType::I16;
  case ScalarType::UInt1:
  case ScalarType::UInt2:
  case ScalarType::UInt3:
  case ScalarType::UInt4:
  case ScalarType::UInt6:
  case ScalarType::UInt8:
    return DataType::U8;
  case ScalarType::UInt16:
    return DataType::U16;
  case ScalarType::UInt32:
    return DataType::U32;
  default:
    return DataType::I32;
  }
}

int64_t portBytes(const Port &port) {
  return elementCount(port.layout.dims) * storageSize(port.layout.storage);
}

/// Converts one input. `array` has the sizes of the port.
std::optional<Error> fill(const Port &port, const NpyArray &array,
                          AlignedBuffer<uint8_t> &memory,
                          std::vector<std::string> *warnings) {
  memory.reserve(portBytes(port));
  const Storage storage = port.layout.storage;
  if (isFloat(storage) && array.type == dataTypeOf(port)) {
    std::memcpy(memory.data(), array.bytes.data(), array.bytes.size());
    return std::nullopt;
  }
  const IntegerRange range =
      isFloat(storage) ? IntegerRange{0, 0} : integerRange(port.type.element);
  // The first number that rounds up out of fp16.
  constexpr double halfLimit = 65520;
  int64_t overflows = 0;
  for (int64_t i = 0; i < elementCount(array.shape); ++i) {
    const double number =
        numberOf(array.type, array.bytes.data() + i * dataTypeSize(array.type));
    if (!isFloat(storage) && (number < range.lowest || number > range.highest))
      return makeError(ErrorCode::InvalidInput,
                       "input '{}': expected values from {} to {} for {}, "
                       "found {} at element {}",
                       port.name, range.lowest, range.highest,
                       mil::scalarTypeName(port.type.element), number, i);
    overflows += storage == Storage::F16 && std::isfinite(number) &&
                 std::fabs(number) >= halfLimit;
    storeRow<double>(&number, storage, memory.data() + i * storageSize(storage),
                     1, 1);
  }
  if (overflows != 0 && warnings)
    warnings->push_back(
        fmt::format("input '{}': {} values beyond fp16 became infinite",
                    port.name, overflows));
  return std::nullopt;
}

/// The number in `bytes` as an element of a file.
void storeNumber(double number, DataType type, uint8_t *bytes) {
  auto store = [&](auto converted) {
    std::memcpy(bytes, &converted, sizeof(converted));
  };
  switch (type) {
  case DataType::I8:
    return store(static_cast<int8_t>(number));
  case DataType::I16:
    return store(static_cast<int16_t>(number));
  case DataType::U16:
    return store(static_cast<uint16_t>(number));
  case DataType::U32:
    return store(static_cast<uint32_t>(number));
  case DataType::U8:
  case DataType::Bool:
    return store(static_cast<uint8_t>(number));
  default:
    return store(static_cast<int32_t>(number));
  }
}

std::vector<double> numbersOf(const NpyArray &array) {
  std::vector<double> numbers;
  for (int64_t i = 0; i < elementCount(array.shape); ++i)
    numbers.push_back(numberOf(array.type, array.bytes.data() +
                                               i * dataTypeSize(array.type)));
  return numbers;
}

NpyArray arrayOf(const Port &port, const uint8_t *memory) {
  NpyArray array{dataTypeOf(port), port.layout.dims, {}};
  const int64_t count = elementCount(array.shape);
  array.bytes.resize(static_cast<size_t>(count * dataTypeSize(array.type)));
  const Storage storage = port.layout.storage;
  if (isFloat(storage)) {
    std::memcpy(array.bytes.data(), memory, array.bytes.size());
    return array;
  }
  for (int64_t i = 0; i < count; ++i) {
    double number;
    number = *loadRow<double>(storage, memory + i * storageSize(storage), 1, 1,
                              &number);
    storeNumber(number, array.type,
                array.bytes.data() + i * dataTypeSize(array.type));
  }
  return array;
}

} // namespace

std::string describe(const NpyArray &array) {
  std::string_view type = "bool";
  switch (array.type) {
  case DataType::F16:
    type = "float16";
    break;
  case DataType::BF16:
    type = "bfloat16";
    break;
  case DataType::F32:
    type = "float32";
    break;
  case DataType::F64:
    type = "float64";
    break;
  case DataType::I8:
    type = "int8";
    break;
  case DataType::I16:
    type = "int16";
    break;
  case DataType::I32:
    type = "int32";
    break;
  case DataType::I64:
    type = "int64";
    break;
  case DataType::U8:
    type = "uint8";
    break;
  case DataType::U16:
    type = "uint16";
    break;
  case DataType::U32:
    type = "uint32";
    break;
  case DataType::U64:
    type = "uint64";
    break;
  case DataType::Bool:
    break;
  }
  return fmt::format("{} [{}]", type, fmt::join(array.shape, ", "));
}

std::optional<Error> checkInputs(const mil::Function &function,
                                 const NamedArrays &inputs) {
  std::string names;
  for (const mil::TypedName &parameter : function.parameters)
    names += (names.empty() ? "" : ", ") + parameter.name;
  for (const auto &[name, array] : inputs) {
    bool isKnown = false;
    for (const mil::TypedName &parameter : function.parameters)
      isKnown |= parameter.name == name;
    if (!isKnown)
      return makeError(ErrorCode::InvalidInput,
                       "there is no input '{}', function '{}' has {}", name,
                       function.name, names.empty() ? "none" : names);
  }
  for (const mil::TypedName &parameter : function.parameters) {
    const mil::Type &type = parameter.type;
    if (!type.isTensorLike())
      return makeError(ErrorCode::Unsupported,
                       "input '{}': values of type {} are not supported",
                       parameter.name, mil::toString(type));
    auto found = inputs.find(parameter.name);
    if (found == inputs.end())
      return makeError(ErrorCode::InvalidInput,
                       "expected input '{}' of type {}, found none",
                       parameter.name, mil::toString(type));
    const NpyArray &array = found->second;
    const mil::Type given = mil::Type::tensor(type.element, array.shape);
    if (!mil::sameType(given, type) || !isOfClass(array.type, type.element))
      return makeError(ErrorCode::InvalidInput,
                       "input '{}': expected {}, found {}", parameter.name,
                       mil::toString(type), describe(array));
  }
  return std::nullopt;
}

std::map<std::string, Dims> sizesOf(const NamedArrays &inputs) {
  std::map<std::string, Dims> sizes;
  for (const auto &[name, array] : inputs)
    sizes[name] = array.shape;
  return sizes;
}

Result<std::unique_ptr<CpuProgram>>
compileFor(const ProgramFiles &files, CompileOptions options,
           const NamedArrays &inputs, ThreadPool &pool,
           std::vector<std::string> *warnings) {
  options.inputDims = sizesOf(inputs);
  auto attempt = [&] {
    std::vector<std::string> said;
    auto program = CpuProgram::compile(files, options, pool, &said);
    if (program && warnings)
      warnings->insert(warnings->end(), said.begin(), said.end());
    return program;
  };
  auto program = attempt();
  std::string names;
  for (bool takesFloats : {false, true}) {
    if (program || program.error().code != ErrorCode::Unsupported)
      break;
    for (const auto &[name, array] : inputs) {
      if (isFloatData(array.type) != takesFloats)
        continue;
      options.knownInputs[name] = numbersOf(array);
      names += (names.empty() ? "'" : ", '") + name + "'";
    }
    if (names.empty())
      continue;
    program = attempt();
    if (program && warnings)
      warnings->push_back("sizes depend on elements: what follows from " +
                          names + " alone was computed while loading");
  }
  return program;
}

Result<ArrayRun> ArrayRun::prepare(const CpuProgram &program,
                                   const NamedArrays &inputs,
                                   std::vector<std::string> *warnings) {
  ArrayRun run(program);
  for (const Port &port : program.inputs()) {
    auto found = inputs.find(port.name);
    if (found == inputs.end() || found->second.shape != port.layout.dims)
      return makeError(
          ErrorCode::InvalidInput, "input '{}': expected {}, found {}",
          port.name, mil::toString(port.type),
          found == inputs.end() ? "none" : describe(found->second));
    run.inputMemory.emplace_back();
    ANEC_TRY(fill(port, found->second, run.inputMemory.back(), warnings));
  }
  for (const Port &port : program.outputs()) {
    run.outputMemory.emplace_back();
    run.outputMemory.back().reserve(portBytes(port));
  }
  return Result<ArrayRun>(std::move(run));
}

std::optional<Error> ArrayRun::run(ThreadPool &pool) {
  std::vector<const void *> from;
  std::vector<void *> to;
  for (const AlignedBuffer<uint8_t> &memory : inputMemory)
    from.push_back(memory.data());
  for (AlignedBuffer<uint8_t> &memory : outputMemory)
    to.push_back(memory.data());
  return program->run(from, to, arena, pool);
}

std::vector<NamedArray> ArrayRun::outputs() const {
  std::vector<NamedArray> arrays;
  for (size_t i = 0; i < outputMemory.size(); ++i) {
    const Port &port = program->outputs()[i];
    arrays.push_back(
        NamedArray{port.name, arrayOf(port, outputMemory[i].data())});
  }
  return arrays;
}

Result<std::vector<NamedArray>> runOnArrays(const CpuProgram &program,
                                            const NamedArrays &inputs,
                                            ThreadPool &pool) {
  ANEC_ASSIGN(ArrayRun run, ArrayRun::prepare(program, inputs));
  ANEC_TRY(run.run(pool));
  return run.outputs();
}

} // namespace anec::rt::cpu

//===- ArrayRunner.cpp - Any MIL file on arrays ---------------------------===//
//
// Arrays pass through double, which holds every element exactly but the
// largest 64-bit integers.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/ArrayRunner.h"

#include "runtime/device/cpu/Rows.h"
#include "runtime/mil/Reader.h"
#include "runtime/support/AtomicFile.h"

#include <cstring>

namespace anec::rt::cpu {

namespace {

constexpr std::string_view modelPath = "@model_path/";

/// Reads the file of a BLOBFILE value, once.
std::optional<Error> addBlob(const mil::Value &value, const std::string &folder,
                             ProgramFiles &files) {
  if (value.members())
    for (const mil::Value &member : *value.members())
      ANEC_TRY(addBlob(member, folder, files));
  const mil::BlobFile *blob = value.blob();
  if (!blob || files.blobs.count(blob->path))
    return std::nullopt;
  const std::string &path = blob->path;
  const bool isInside = path.compare(0, modelPath.size(), modelPath) == 0 &&
                        ("/" + path + "/").find("/../") == std::string::npos;
  if (!isInside)
    return makeError(ErrorCode::InvalidInput,
                     "{}:{}:{}: expected a path below '@model_path', found "
                     "'{}'",
                     files.name, value.location.line, value.location.column,
                     path);
  ANEC_ASSIGN(std::string bytes,
              readFile(folder + "/" + path.substr(modelPath.size())));
  files.blobs[path].assign(bytes.begin(), bytes.end());
  return std::nullopt;
}

std::optional<Error> addBlobs(const mil::Statement &statement,
                              const std::string &folder, ProgramFiles &files) {
  for (const mil::Attribute &attribute : statement.attributes)
    ANEC_TRY(addBlob(attribute.value, folder, files));
  for (const mil::Argument &argument : statement.arguments)
    for (const mil::Operand &operand : argument.operands)
      if (const auto *value = std::get_if<mil::Value>(&operand))
        ANEC_TRY(addBlob(*value, folder, files));
  return std::nullopt;
}

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

DataType dataTypeFor(Storage storage) {
  switch (storage) {
  case Storage::F16:
    return DataType::F16;
  case Storage::F32:
    return DataType::F32;
  case Storage::F64:
    return DataType::F64;
  case Storage::I32:
    return DataType::I32;
  case Storage::Bool:
    break;
  }
  return DataType::Bool;
}

int64_t portBytes(const Port &port) {
  return elementCount(port.layout.dims) * storageSize(port.layout.storage);
}

std::optional<Error> fillInput(const Port &port, const NpyArray &array,
                               AlignedBuffer<uint8_t> &memory) {
  if (array.shape != port.layout.dims)
    return makeError(ErrorCode::InvalidInput,
                     "input '{}': expected shape [{}], found [{}]", port.name,
                     fmt::join(port.layout.dims, ", "),
                     fmt::join(array.shape, ", "));
  memory.reserve(portBytes(port));
  const int64_t from = dataTypeSize(array.type);
  const int64_t to = storageSize(port.layout.storage);
  for (int64_t i = 0; i < elementCount(array.shape); ++i) {
    const double number = numberOf(array.type, array.bytes.data() + i * from);
    storeRow<double>(&number, port.layout.storage, memory.data() + i * to, 1,
                     1);
  }
  return std::nullopt;
}

} // namespace

Result<ProgramFiles> readProgram(const std::string &path,
                                 const std::string &folder) {
  ProgramFiles files;
  files.name = path;
  ANEC_ASSIGN(files.text, readFile(path));
  ANEC_ASSIGN(mil::Program program, mil::read(files.text, path));
  const size_t slash = path.rfind('/');
  const std::string own =
      slash == std::string::npos ? "." : path.substr(0, slash);
  for (const mil::Function &function : program.functions)
    for (const mil::Statement &statement : function.statements)
      ANEC_TRY(addBlobs(statement, folder.empty() ? own : folder, files));
  return Result<ProgramFiles>(std::move(files));
}

Result<std::vector<NamedArray>>
runOnArrays(const CpuProgram &program,
            const std::map<std::string, NpyArray> &inputs, ThreadPool &pool) {
  std::vector<AlignedBuffer<uint8_t>> memory;
  std::vector<const void *> from;
  for (const Port &port : program.inputs()) {
    auto found = inputs.find(port.name);
    if (found == inputs.end())
      return makeError(ErrorCode::InvalidInput,
                       "expected input '{}' of type {}", port.name,
                       mil::toString(port.type));
    memory.emplace_back();
    ANEC_TRY(fillInput(port, found->second, memory.back()));
    from.push_back(memory.back().data());
  }
  for (const auto &[name, array] : inputs) {
    bool isKnown = false;
    for (const Port &port : program.inputs())
      isKnown |= port.name == name;
    if (!isKnown)
      return makeError(ErrorCode::InvalidInput, "there is no input '{}'", name);
  }

  std::vector<NamedArray> outputs;
  for (const Port &port : program.outputs()) {
    NpyArray array{dataTypeFor(port.layout.storage), port.layout.dims, {}};
    array.bytes.resize(static_cast<size_t>(portBytes(port)));
    outputs.push_back(NamedArray{port.name, std::move(array)});
  }
  std::vector<void *> to;
  for (NamedArray &output : outputs)
    to.push_back(output.array.bytes.data());
  AlignedBuffer<uint8_t> arena;
  program.run(from, to, arena, pool);
  return Result<std::vector<NamedArray>>(std::move(outputs));
}

} // namespace anec::rt::cpu

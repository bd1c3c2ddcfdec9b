//===- Npy.cpp - NumPy array files ----------------------------------------===//
//
// The header is a Python dictionary; only what NumPy writes is understood.
// Source: NEP 1, "A Simple File Format for NumPy Arrays".
//
//===----------------------------------------------------------------------===//
#include "runtime/support/Npy.h"

#include "runtime/support/MappedFile.h"

#include <cstring>
#include <string_view>

namespace anec::rt {

namespace {

constexpr std::string_view magic("\x93NUMPY", 6);

struct TypeCode {
  DataType type;
  std::string_view code;
};

constexpr TypeCode typeCodes[] = {
    {DataType::F16, "<f2"}, {DataType::F32, "<f4"}, {DataType::F64, "<f8"},
    {DataType::I8, "|i1"},  {DataType::I16, "<i2"}, {DataType::I32, "<i4"},
    {DataType::I64, "<i8"}, {DataType::U8, "|u1"},  {DataType::U16, "<u2"},
    {DataType::U32, "<u4"}, {DataType::U64, "<u8"}, {DataType::Bool, "|b1"}};

/// Reads the dictionary of the header.
class HeaderReader {
public:
  HeaderReader(std::string_view text, const std::string &name)
      : rest(text), name(name) {}

  std::optional<Error> read(NpyArray &array, bool &fortranOrder);

private:
  std::optional<Error> readType(DataType &type);
  std::optional<Error> readShape(std::vector<int64_t> &shape);
  std::optional<Error> readString(std::string_view &text);
  bool take(std::string_view token);
  Error unexpected(const char *expected) const {
    return makeError(ErrorCode::InvalidInput,
                     "{}: expected {} in the header, found '{}'", name,
                     expected, rest.substr(0, 20));
  }

  std::string_view rest;
  const std::string &name;
};

} // namespace

bool HeaderReader::take(std::string_view token) {
  while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\n'))
    rest.remove_prefix(1);
  if (rest.substr(0, token.size()) != token)
    return false;
  rest.remove_prefix(token.size());
  return true;
}

std::optional<Error> HeaderReader::readString(std::string_view &text) {
  if (!take("'"))
    return unexpected("a quoted name");
  size_t end = rest.find('\'');
  if (end == std::string_view::npos)
    return unexpected("a closing quote");
  text = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return std::nullopt;
}

std::optional<Error> HeaderReader::readType(DataType &type) {
  std::string_view code;
  ANEC_TRY(readString(code));
  for (const TypeCode &known : typeCodes) {
    bool sameWidth = code.size() == 3 && code.substr(1) == known.code.substr(1);
    bool anyOrder = known.code.front() == '|' || code == known.code;
    if (!sameWidth || !anyOrder)
      continue;
    type = known.type;
    return std::nullopt;
  }
  return makeError(ErrorCode::InvalidInput,
                   "{}: expected a little-endian number type, found '{}'", name,
                   code);
}

std::optional<Error> HeaderReader::readShape(std::vector<int64_t> &shape) {
  if (!take("("))
    return unexpected("'('");
  while (!take(")")) {
    if (!shape.empty() && !take(","))
      return unexpected("',' or ')'");
    if (take(")"))
      return std::nullopt;
    take("");
    int64_t dim = 0;
    size_t digits = 0;
    for (; digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9';
         ++digits) {
      if (digits > 17)
        return unexpected("a smaller dimension");
      dim = dim * 10 + (rest[digits] - '0');
    }
    if (digits == 0 || shape.size() == 32)
      return unexpected("a dimension, at most 32,");
    rest.remove_prefix(digits);
    shape.push_back(dim);
  }
  return std::nullopt;
}

std::optional<Error> HeaderReader::read(NpyArray &array, bool &fortranOrder) {
  bool hasType = false, hasShape = false;
  if (!take("{"))
    return unexpected("'{'");
  while (!take("}")) {
    std::string_view key;
    ANEC_TRY(readString(key));
    if (!take(":"))
      return unexpected("':'");
    if (key == "descr") {
      ANEC_TRY(readType(array.type));
      hasType = true;
    } else if (key == "shape") {
      array.shape.clear();
      ANEC_TRY(readShape(array.shape));
      hasShape = true;
    } else if (key == "fortran_order") {
      fortranOrder = take("True");
      if (!fortranOrder && !take("False"))
        return unexpected("True or False");
    } else {
      return unexpected("'descr', 'shape' or 'fortran_order' before");
    }
    take(",");
  }
  if (!hasType || !hasShape)
    return unexpected("'descr' and 'shape' before the end");
  return std::nullopt;
}

/// Column-major to row-major.
static void reorderFromFortran(NpyArray &array) {
  const size_t size = static_cast<size_t>(dataTypeSize(array.type));
  std::vector<uint8_t> reordered(array.bytes.size());
  std::vector<int64_t> index(array.shape.size(), 0);
  for (size_t target = 0; target < reordered.size(); target += size) {
    size_t source = 0;
    for (size_t d = index.size(); d-- > 0;)
      source = source * static_cast<size_t>(array.shape[d]) +
               static_cast<size_t>(index[d]);
    std::memcpy(&reordered[target], &array.bytes[source * size], size);
    for (size_t d = index.size(); d-- > 0 && ++index[d] == array.shape[d];)
      index[d] = 0;
  }
  array.bytes = std::move(reordered);
}

Result<NpyArray> parseNpy(Span<const uint8_t> file, const std::string &name) {
  std::string_view text(reinterpret_cast<const char *>(file.data()),
                        file.size());
  if (text.size() < 10 || text.substr(0, 6) != magic)
    return makeError(ErrorCode::InvalidInput, "{}: not a .npy file", name);
  const int version = file[6];
  const size_t lengthBytes = version == 1 ? 2 : 4;
  if (version < 1 || version > 3 || text.size() < 8 + lengthBytes)
    return makeError(ErrorCode::InvalidInput,
                     "{}: expected .npy version 1 to 3, found {}", name,
                     version);
  size_t length = 0;
  for (size_t i = 0; i < lengthBytes; ++i)
    length |= size_t(file[8 + i]) << (8 * i);
  const size_t start = 8 + lengthBytes;
  if (length > text.size() - start)
    return makeError(ErrorCode::InvalidInput,
                     "{}: the header of {} bytes ends outside the file", name,
                     length);

  NpyArray array;
  bool fortranOrder = false;
  HeaderReader reader(text.substr(start, length), name);
  ANEC_TRY(reader.read(array, fortranOrder));
  ANEC_ASSIGN(int64_t bytes, tensorBytes(array.type, array.shape));
  const size_t found = text.size() - start - length;
  if (static_cast<size_t>(bytes) != found)
    return makeError(ErrorCode::InvalidInput,
                     "{}: expected {} bytes of elements, found {}", name, bytes,
                     found);
  array.bytes.assign(file.begin() + start + length, file.end());
  if (fortranOrder)
    reorderFromFortran(array);
  return Result<NpyArray>(std::move(array));
}

Result<NpyArray> readNpy(const std::string &path) {
  ANEC_ASSIGN(MappedFile file, MappedFile::open(path));
  return parseNpy(file.bytes(), path);
}

Result<AtomicFile> prepareNpy(const std::string &path, DataType type,
                              const std::vector<int64_t> &shape,
                              Span<const uint8_t> bytes) {
  std::string_view code;
  for (const TypeCode &known : typeCodes)
    if (known.type == type)
      code = known.code;
  if (code.empty())
    return makeError(ErrorCode::Unsupported, "{}: .npy files cannot hold {}",
                     path, dataTypeName(type));
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': (", code);
  for (int64_t dim : shape)
    header += fmt::format("{},{}", dim, shape.size() == 1 ? "" : " ");
  if (shape.size() > 1)
    header.resize(header.size() - 2);
  header += "), }";
  // The elements start at a multiple of 64.
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  std::string start(magic);
  start += {1, 0, static_cast<char>(header.size() & 0xff),
            static_cast<char>(header.size() >> 8)};

  ANEC_ASSIGN(AtomicFile file, AtomicFile::create(path));
  ANEC_TRY(file.write(start + header));
  ANEC_TRY(file.write(bytes));
  return Result<AtomicFile>(std::move(file));
}

std::optional<Error> writeNpy(const std::string &path, DataType type,
                              const std::vector<int64_t> &shape,
                              Span<const uint8_t> bytes) {
  ANEC_ASSIGN(AtomicFile file, prepareNpy(path, type, shape, bytes));
  return file.commit();
}

} // namespace anec::rt

//===- Safetensors.cpp - Named tensors in one file ------------------------===//
//
// Layout: u64 header length, JSON header, bytes. Offsets in the header count
// from the end of the header.
//
//===----------------------------------------------------------------------===//
#include "runtime/support/Safetensors.h"

#include "runtime/support/AtomicFile.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace anec::rt {

namespace {

using Json = nlohmann::ordered_json;

/// The limit of the reference implementation.
constexpr uint64_t maxHeaderBytes = 100 * 1000 * 1000;

template <typename... Args>
Error invalid(const std::string &path, fmt::format_string<Args...> format,
              Args &&...args) {
  return makeError(ErrorCode::InvalidInput, "{}: {}", path,
                   fmt::format(format, std::forward<Args>(args)...));
}

bool parseType(const std::string &name, DataType &type) {
  for (int i = 0; i <= static_cast<int>(DataType::Bool); ++i) {
    if (dataTypeName(static_cast<DataType>(i)) != name)
      continue;
    type = static_cast<DataType>(i);
    return true;
  }
  return false;
}

bool isSizeList(const Json &json) {
  return json.is_array() && std::all_of(json.begin(), json.end(), [](auto &n) {
           return n.is_number_unsigned() &&
                  n.template get<uint64_t>() < (uint64_t(1) << 62);
         });
}

/// One entry of the header; `data` is what follows the header.
Result<TensorView> parseEntry(const std::string &path, const std::string &name,
                              const Json &entry, Span<const uint8_t> data) {
  if (!entry.is_object() || !entry.contains("dtype") ||
      !entry["dtype"].is_string() || !entry.contains("shape") ||
      !isSizeList(entry["shape"]) || !entry.contains("data_offsets") ||
      !isSizeList(entry["data_offsets"]) || entry["data_offsets"].size() != 2)
    return invalid(path, "expected dtype, shape and data_offsets of '{}'",
                   name);
  TensorView view;
  std::string type = entry["dtype"].get<std::string>();
  if (!parseType(type, view.type))
    return invalid(path, "expected a known dtype of '{}', found '{}'", name,
                   type);
  view.shape = entry["shape"].get<std::vector<int64_t>>();
  ANEC_ASSIGN(int64_t bytes, tensorBytes(view.type, view.shape));
  auto begin = entry["data_offsets"][0].get<uint64_t>();
  auto end = entry["data_offsets"][1].get<uint64_t>();
  if (begin > end || end > data.size() ||
      end - begin != static_cast<uint64_t>(bytes))
    return invalid(path,
                   "expected {} bytes of '{}' inside {} bytes of data, found "
                   "offsets {} to {}",
                   bytes, name, data.size(), begin, end);
  view.bytes = data.subspan(begin, end - begin);
  return view;
}

} // namespace

Result<SafetensorsFile> SafetensorsFile::open(const std::string &path) {
  SafetensorsFile result;
  ANEC_ASSIGN(result.file, MappedFile::open(path));
  ANEC_TRY(result.readHeader(result.file.bytes(), path));
  return Result<SafetensorsFile>(std::move(result));
}

Result<SafetensorsFile> SafetensorsFile::read(Span<const uint8_t> bytes,
                                              const std::string &name) {
  SafetensorsFile result;
  ANEC_TRY(result.readHeader(bytes, name));
  return Result<SafetensorsFile>(std::move(result));
}

std::optional<Error> SafetensorsFile::readHeader(Span<const uint8_t> bytes,
                                                 const std::string &path) {
  if (bytes.size() < 8)
    return invalid(path, "expected a safetensors file, found {} bytes",
                   bytes.size());
  uint64_t length = 0;
  for (size_t i = 0; i < 8; ++i)
    length |= uint64_t(bytes[i]) << (8 * i);
  if (length > maxHeaderBytes || length > bytes.size() - 8)
    return invalid(path, "the header of {} bytes ends outside the file",
                   length);
  Json header = Json::parse(bytes.begin() + 8, bytes.begin() + 8 + length,
                            nullptr, /*allow_exceptions=*/false);
  if (!header.is_object())
    return invalid(path, "the header is not a JSON object");

  Span<const uint8_t> data =
      bytes.subspan(8 + length, bytes.size() - 8 - length);
  uint64_t covered = 0;
  for (const auto &[name, entry] : header.items()) {
    if (name != "__metadata__") {
      ANEC_ASSIGN(entries[name], parseEntry(path, name, entry, data));
      covered += entries[name].bytes.size();
      continue;
    }
    for (const auto &[key, value] : entry.items()) {
      if (!value.is_string())
        return invalid(path, "expected a string as metadata '{}'", key);
      notes[key] = value.get<std::string>();
    }
  }
  if (covered != data.size())
    return invalid(path, "the tensors have {} bytes, the file {}", covered,
                   data.size());
  return std::nullopt;
}

const TensorView *SafetensorsFile::find(const std::string &name) const {
  auto found = entries.find(name);
  return found == entries.end() ? nullptr : &found->second;
}

Result<SafetensorsHeader>
safetensorsHeader(const std::string &path,
                  const std::vector<NamedTensor> &tensors,
                  const std::map<std::string, std::string> &metadata) {
  Json header = Json::object();
  if (!metadata.empty())
    header["__metadata__"] = metadata;
  uint64_t offset = 0;
  for (const auto &[name, tensor] : tensors) {
    ANEC_ASSIGN(int64_t bytes, tensorBytes(tensor.type, tensor.shape));
    if (static_cast<size_t>(bytes) != tensor.bytes.size())
      return invalid(path, "expected {} bytes of '{}', found {}", bytes, name,
                     tensor.bytes.size());
    if (header.contains(name))
      return invalid(path, "tensor '{}' occurs twice", name);
    header[name] = {{"dtype", std::string(dataTypeName(tensor.type))},
                    {"shape", tensor.shape},
                    {"data_offsets", {offset, offset + tensor.bytes.size()}}};
    offset += tensor.bytes.size();
  }
  std::string text =
      header.dump(-1, ' ', false, Json::error_handler_t::replace);
  // The data starts at a multiple of 8.
  text.append((8 - text.size() % 8) % 8, ' ');
  std::string length;
  for (int i = 0; i < 8; ++i)
    length += static_cast<char>(uint64_t(text.size()) >> (8 * i) & 0xff);
  SafetensorsHeader result;
  result.text = length + text;
  result.fileBytes = result.text.size() + offset;
  return result;
}

std::optional<Error>
writeSafetensors(const std::string &path,
                 const std::vector<NamedTensor> &tensors,
                 const std::map<std::string, std::string> &metadata) {
  ANEC_ASSIGN(SafetensorsHeader header,
              safetensorsHeader(path, tensors, metadata));
  ANEC_ASSIGN(AtomicFile file, AtomicFile::create(path));
  ANEC_TRY(file.write(header.text));
  for (const NamedTensor &named : tensors)
    ANEC_TRY(file.write(named.tensor.bytes));
  return file.commit();
}

} // namespace anec::rt

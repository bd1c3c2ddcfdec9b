//===- DataFuzz.cpp - Any bytes as arrays, tensors and tokens -------------===//
//
// Byte 0 chooses the kind of file.
//
//===----------------------------------------------------------------------===//
#include "runtime/support/Npy.h"
#include "runtime/support/Safetensors.h"
#include "runtime/train/TokenData.h"
#include "test/fuzz/FuzzInput.h"

using namespace anec::rt;

namespace {

void readArray(const uint8_t *data, size_t size) {
  auto array = parseNpy(Span<const uint8_t>(data, size), "fuzz.npy");
  if (!array)
    return;
  uint64_t count = 1;
  for (int64_t dim : array->shape)
    count *= static_cast<uint64_t>(dim);
  fuzz::require(array->bytes.size() ==
                    count * static_cast<uint64_t>(dataTypeSize(array->type)),
                "an array of another size than its shape");
}

void readTensors(const uint8_t *data, size_t size) {
  auto file =
      SafetensorsFile::open(fuzz::writeInput("fuzz.safetensors", data, size));
  if (!file)
    return;
  for (const auto &[name, tensor] : file->tensors())
    fuzz::touch(tensor.bytes);
}

void readTokens(const std::string &name, const uint8_t *data, size_t size) {
  TokenDataOptions options;
  options.vocabulary = 300;
  options.sequence = 4;
  auto tokens = TokenData::open(fuzz::writeInput(name, data, size), options);
  if (!tokens)
    return;
  int32_t ids[5];
  tokens->copy(tokens->size() - 5, 5, ids);
  for (int32_t id : ids)
    fuzz::require(id >= 0 && id < 300, "a token outside the vocabulary");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1)
    return -1;
  const uint8_t *bytes = data + 1;
  switch (data[0] % 4) {
  case 0:
    readArray(bytes, size - 1);
    break;
  case 1:
    readTensors(bytes, size - 1);
    break;
  case 2:
    readTokens("fuzz.bin", bytes, size - 1);
    break;
  default:
    readTokens("fuzz.npy", bytes, size - 1);
  }
  return 0;
}

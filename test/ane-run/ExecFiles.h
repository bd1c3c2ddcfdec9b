//===- ExecFiles.h - Programs and arrays for ane-run exec -------*- C++ -*-===//
//
// Writes and reads the files of a test.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TEST_ANE_RUN_EXECFILES_H
#define ANEC_TEST_ANE_RUN_EXECFILES_H

#include "runtime/mil/Blob.h"
#include "runtime/support/Half.h"
#include "runtime/support/Npy.h"
#include "test/runtime/bundle/TestBundle.h"

#include <gtest/gtest.h>

#include <cstring>

namespace anec::rt {

/// `program(1.3)` with these functions.
inline std::string programOf(const std::string &functions) {
  return "program(1.3)\n{\n" + functions + "\n}\n";
}

/// A function called main.
inline std::string mainOf(const std::string &parameters,
                          const std::string &statements,
                          const std::string &outputs) {
  return programOf("func main<ios18>(" + parameters + ") {\n" + statements +
                   "\n} -> (" + outputs + ");");
}

template <typename T>
void writeArray(const std::string &path, DataType type,
                const std::vector<int64_t> &shape,
                const std::vector<T> &elements) {
  auto error = writeNpy(
      path, type, shape,
      Span<const uint8_t>(reinterpret_cast<const uint8_t *>(elements.data()),
                          elements.size() * sizeof(T)));
  EXPECT_FALSE(error) << error->message;
}

inline void writeFloats(const std::string &path,
                        const std::vector<int64_t> &shape,
                        const std::vector<float> &elements) {
  writeArray(path, DataType::F32, shape, elements);
}

/// The elements of a file that must hold `type`.
template <typename T>
std::vector<T> readArray(const std::string &path, DataType type,
                         const std::vector<int64_t> &shape) {
  auto array = readNpy(path);
  EXPECT_TRUE(array) << array.error().message;
  if (!array)
    return {};
  EXPECT_EQ(array->type, type) << path;
  EXPECT_EQ(array->shape, shape) << path;
  std::vector<T> elements(array->bytes.size() / sizeof(T));
  std::memcpy(elements.data(), array->bytes.data(),
              elements.size() * sizeof(T));
  return elements;
}

/// A float16 file as float.
inline std::vector<float> readHalves(const std::string &path,
                                     const std::vector<int64_t> &shape) {
  std::vector<half> halves = readArray<half>(path, DataType::F16, shape);
  return {halves.begin(), halves.end()};
}

/// A weight file with one fp16 entry, at 64.
inline std::string weightFile(const std::vector<float> &values) {
  std::vector<half> halves(values.begin(), values.end());
  mil::BlobWriter writer;
  writer.append(
      mil::ScalarType::FP16, static_cast<int64_t>(values.size()),
      Span<const uint8_t>(reinterpret_cast<const uint8_t *>(halves.data()),
                          halves.size() * sizeof(half)));
  return {writer.bytes().begin(), writer.bytes().end()};
}

/// `tensor<fp16, [3]> w` from a file.
inline std::string weightStatement(const std::string &path,
                                   int64_t offset = 64) {
  return "tensor<fp16, [3]> w = const()[name = string(\"w\"), val = "
         "tensor<fp16, [3]>(BLOBFILE(path = string(\"" +
         path + "\"), offset = uint64(" + std::to_string(offset) + ")))];\n";
}

} // namespace anec::rt

#endif // ANEC_TEST_ANE_RUN_EXECFILES_H

//===- Random.cpp - Counter-based random numbers --------------------------===//
//
// Each kind of number uses blocks of its own.
//
//===----------------------------------------------------------------------===//
#include "runtime/support/Random.h"

#include <cmath>

namespace anec::rt {

namespace {

enum BlockKind : uint32_t { Words = 0, Uniforms = 1, Normals = 2 };

/// In [0, 1), from the upper 53 of 64 bits.
double toUniform(uint32_t high, uint32_t low) {
  uint64_t bits = (uint64_t(high) << 32 | low) >> 11;
  return static_cast<double>(bits) * 0x1p-53;
}

} // namespace

std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter,
                               std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    uint64_t first = uint64_t(0xD2511F53) * counter[0];
    uint64_t second = uint64_t(0xCD9E8D57) * counter[2];
    counter = {static_cast<uint32_t>(second >> 32) ^ counter[1] ^ key[0],
               static_cast<uint32_t>(second),
               static_cast<uint32_t>(first >> 32) ^ counter[3] ^ key[1],
               static_cast<uint32_t>(first)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

std::array<uint32_t, 4> RandomStream::block(uint64_t index,
                                            uint32_t kind) const {
  // Streams use 62 bits: the kind needs two.
  uint64_t tagged = stream << 2 | kind;
  return philox(
      {static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32),
       static_cast<uint32_t>(tagged), static_cast<uint32_t>(tagged >> 32)},
      {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)});
}

uint32_t RandomStream::bits(uint64_t index) const {
  return block(index / 4, Words)[index % 4];
}

double RandomStream::uniform(uint64_t index) const {
  std::array<uint32_t, 4> words = block(index / 2, Uniforms);
  return index % 2 == 0 ? toUniform(words[0], words[1])
                        : toUniform(words[2], words[3]);
}

uint64_t RandomStream::below(uint64_t index, uint64_t bound) const {
  // The product's upper half; the bias is below bound / 2^64.
  std::array<uint32_t, 4> words = block(index / 2, Uniforms);
  uint64_t bits = index % 2 == 0 ? uint64_t(words[0]) << 32 | words[1]
                                 : uint64_t(words[2]) << 32 | words[3];
  return static_cast<uint64_t>(static_cast<unsigned __int128>(bits) * bound >>
                               64);
}

std::array<double, 2> RandomStream::normalPair(uint64_t pair) const {
  std::array<uint32_t, 4> words = block(pair, Normals);
  constexpr double pi = 3.14159265358979323846;
  // 1 - u is never 0.
  double radius = std::sqrt(-2 * std::log(1 - toUniform(words[0], words[1])));
  double angle = 2 * pi * toUniform(words[2], words[3]);
  return {radius * std::cos(angle), radius * std::sin(angle)};
}

double RandomStream::normal(uint64_t index) const {
  return normalPair(index / 2)[index % 2];
}

template <typename T>
void RandomStream::fill(uint64_t first, Span<T> values) const {
  for (size_t i = 0; i < values.size();) {
    std::array<double, 2> pair = normalPair((first + i) / 2);
    for (uint64_t place = (first + i) % 2; place < 2 && i < values.size();
         ++place, ++i)
      values[i] = static_cast<T>(pair[place]);
  }
}

void RandomStream::normals(uint64_t first, Span<float> values) const {
  fill(first, values);
}

void RandomStream::normals(uint64_t first, Span<double> values) const {
  fill(first, values);
}

} // namespace anec::rt

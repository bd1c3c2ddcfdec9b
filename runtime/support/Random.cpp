//===- Random.cpp - Counter-based random numbers --------------------------===//
//
// Each kind of number uses blocks of its own. Normal numbers are drawn on the
// widest vectors of the machine, compiled once per instruction set: a model
// starts with a hundred million of them.
//
//===----------------------------------------------------------------------===//
#define HWY_DISABLED_TARGETS                                                   \
  (HWY_SSSE3 | HWY_SSE4 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 |    \
   HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/support/Random.cpp"
// clang-format off
#include <hwy/foreach_target.h>
// clang-format on
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include "runtime/support/Random.h"

#include <algorithm>

HWY_BEFORE_NAMESPACE();
namespace anec::rt::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Lanes = hn::ScalableTag<uint64_t>;
using Words = hn::Vec<Lanes>;

/// The product of the lower halves of 64-bit lanes.
HWY_INLINE Words product(Words x, uint32_t factor) {
#if HWY_TARGET == HWY_SCALAR
  return Words(x.raw * factor);
#else
  const hn::Repartition<uint32_t, Lanes> d;
  return hn::MulEven(hn::BitCast(d, x), hn::Set(d, factor));
#endif
}

/// As `philox`, one block in each lane; words are the lower halves of lanes.
HWY_INLINE void philoxLanes(Words (&counter)[4], uint32_t key0, uint32_t key1) {
  const Lanes d;
  const Words low = hn::Set(d, 0xFFFFFFFFu);
  for (int round = 0; round < 10; ++round) {
    const Words first = product(counter[0], 0xD2511F53);
    const Words second = product(counter[2], 0xCD9E8D57);
    counter[0] = hn::Xor(hn::ShiftRight<32>(second),
                         hn::Xor(counter[1], hn::Set(d, key0)));
    counter[1] = hn::And(second, low);
    counter[2] = hn::Xor(hn::ShiftRight<32>(first),
                         hn::Xor(counter[3], hn::Set(d, key1)));
    counter[3] = hn::And(first, low);
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
}

/// In [0, 1), from the upper 53 of 64 bits.
HWY_INLINE hn::Vec<hn::ScalableTag<double>> uniformLanes(Words high,
                                                         Words low) {
  const hn::ScalableTag<double> d;
  const hn::RebindToSigned<Lanes> whole;
  const Words bits = hn::ShiftRight<11>(hn::Or(hn::ShiftLeft<32>(high), low));
  return hn::Mul(hn::ConvertTo(d, hn::BitCast(whole, bits)),
                 hn::Set(d, 0x1p-53));
}

/// The normal numbers of blocks first, first + 1, ..., two of each, by Box and
/// Muller.
void drawNormals(uint64_t seed, uint64_t stream, uint64_t first, int64_t blocks,
                 double *to) {
  const Lanes d;
  const hn::ScalableTag<double> real;
  constexpr double pi = 3.14159265358979323846;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const Words low = hn::Set(d, 0xFFFFFFFFu);
  for (int64_t i = 0; i < blocks; i += lanes) {
    const Words index = hn::Iota(d, first + static_cast<uint64_t>(i));
    Words words[4] = {hn::And(index, low), hn::ShiftRight<32>(index),
                      hn::Set(d, stream & 0xFFFFFFFFu),
                      hn::Set(d, stream >> 32)};
    philoxLanes(words, static_cast<uint32_t>(seed),
                static_cast<uint32_t>(seed >> 32));
    // 1 - u is never 0.
    const auto u =
        hn::Sub(hn::Set(real, 1.0), uniformLanes(words[0], words[1]));
    const auto radius =
        hn::Sqrt(hn::Mul(hn::Set(real, -2.0), hn::Log(real, u)));
    const auto angle =
        hn::Mul(hn::Set(real, 2 * pi), uniformLanes(words[2], words[3]));
    const auto x = hn::Mul(radius, hn::Cos(real, angle));
    const auto y = hn::Mul(radius, hn::Sin(real, angle));
    if (i + lanes <= blocks) {
      hn::StoreInterleaved2(x, y, real, to + 2 * i);
      continue;
    }
    HWY_ALIGN double rest[2 * HWY_MAX_BYTES / sizeof(double)];
    hn::StoreInterleaved2(x, y, real, rest);
    std::copy_n(rest, 2 * (blocks - i), to + 2 * i);
  }
}

} // namespace anec::rt::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace anec::rt {

HWY_EXPORT(drawNormals);

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

// Streams use 62 bits: the kind needs two.
uint64_t RandomStream::tagged(uint32_t kind) const {
  return stream << 2 | kind;
}

std::array<uint32_t, 4> RandomStream::block(uint64_t index,
                                            uint32_t kind) const {
  const uint64_t words = tagged(kind);
  return philox(
      {static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32),
       static_cast<uint32_t>(words), static_cast<uint32_t>(words >> 32)},
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

double RandomStream::normal(uint64_t index) const {
  double value = 0;
  normals(index, Span<double>(&value, 1));
  return value;
}

template <typename T>
void RandomStream::fill(uint64_t first, Span<T> values) const {
  std::array<double, 512> drawn;
  for (size_t i = 0; i < values.size();) {
    // An odd place is the second of its block.
    const uint64_t skipped = (first + i) % 2;
    const size_t count =
        std::min(values.size() - i, drawn.size() - size_t(skipped));
    HWY_DYNAMIC_DISPATCH(drawNormals)
    (seed, tagged(Normals), (first + i) / 2, int64_t(count + skipped + 1) / 2,
     drawn.data());
    for (size_t k = 0; k < count; ++k)
      values[i + k] = static_cast<T>(drawn[size_t(skipped) + k]);
    i += count;
  }
}

void RandomStream::normals(uint64_t first, Span<float> values) const {
  fill(first, values);
}

void RandomStream::normals(uint64_t first, Span<double> values) const {
  fill(first, values);
}

} // namespace anec::rt
#endif // HWY_ONCE

//===- LargeMemoryTest.cpp - Huge pages for many arrays -------------------===//
//
// Every array is filled with numbers of its own and looked at again after
// others have come and gone: overlaps and wrong reuse change some.
//
//===----------------------------------------------------------------------===//
#include "runtime/support/LargeMemory.h"

#include "runtime/support/AlignedBuffer.h"
#include "runtime/support/Sanitizer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <random>
#include <thread>
#include <vector>

namespace anec::rt {
namespace {

constexpr size_t kib = 1024, mib = 1024 * kib;

/// An array with a number in all of its words.
struct Filled {
  LargeVector<uint32_t> words;
  uint32_t number = 0;

  Filled(size_t bytes, uint32_t number)
      : words(bytes / sizeof(uint32_t), number), number(number) {}
  bool isIntact() const {
    return std::all_of(words.begin(), words.end(),
                       [&](uint32_t word) { return word == number; });
  }
};

/// Takes and gives back arrays at random, of sizes around every limit: left to
/// operator new, in a chunk with others, and in one of their own.
void comeAndGo(uint32_t seed) {
  std::mt19937 random(seed);
  const size_t sizes[] = {0,         4,       127 * kib, 128 * kib, 200 * kib,
                          768 * kib, 3 * mib, 7 * mib,   8 * mib,   33 * mib};
  std::vector<Filled> arrays;
  for (uint32_t i = 0; i < 200; ++i) {
    if (arrays.size() > 12 || (!arrays.empty() && random() % 3 == 0)) {
      const size_t leaving = random() % arrays.size();
      ASSERT_TRUE(arrays[leaving].isIntact());
      arrays.erase(arrays.begin() + std::ptrdiff_t(leaving));
    } else {
      arrays.emplace_back(sizes[random() % std::size(sizes)], seed + i);
      ASSERT_EQ(reinterpret_cast<uintptr_t>(arrays.back().words.data()) % 128,
                0U);
    }
  }
  for (const Filled &array : arrays)
    EXPECT_TRUE(array.isIntact());
}

TEST(LargeMemory, ArraysDoNotOverlap) { comeAndGo(1); }

TEST(LargeMemory, FromSeveralThreads) {
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < 4; ++i)
    threads.emplace_back(comeAndGo, 1000 * (i + 1));
  for (std::thread &thread : threads)
    thread.join();
}

TEST(LargeMemory, ThePlaceOfOneIsUsedAgain) {
  if (isSanitized)
    GTEST_SKIP() << "freed memory is kept out of use";
  void *first = takeLargeMemory(mib), *second = takeLargeMemory(mib),
       *third = takeLargeMemory(mib);
  giveLargeMemory(first, mib);
  giveLargeMemory(second, mib);
  // Both places together have room for one that neither has.
  void *both = takeLargeMemory(2 * mib);
  EXPECT_EQ(both, first);
  giveLargeMemory(both, 2 * mib);
  giveLargeMemory(third, mib);
}

TEST(LargeMemory, GrowingBuffersStayUsable) {
  AlignedBuffer<uint8_t> buffer;
  for (int64_t size = 1; size < int64_t(40 * mib); size *= 3) {
    uint8_t *bytes = buffer.reserve(size);
    ASSERT_EQ(buffer.capacity(), size);
    std::fill_n(bytes, size, uint8_t(size % 251));
    EXPECT_EQ(bytes[size - 1], uint8_t(size % 251));
  }
}

} // namespace
} // namespace anec::rt

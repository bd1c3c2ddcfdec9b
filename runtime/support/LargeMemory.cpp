//===- LargeMemory.cpp - Huge pages for many arrays -----------------------===//

#include "runtime/support/LargeMemory.h"

#include "runtime/support/PageBuffer.h"
#include "runtime/support/Sanitizer.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <map>
#include <mutex>
#include <new>
#include <utility>

namespace anec::rt {
namespace {

constexpr std::align_val_t alignment{128};

/// Some huge pages: what is not touched costs nothing.
constexpr size_t chunkBytes = size_t(32) << 20;
/// Arrays that are left to operator new, and those with a chunk of their own.
constexpr size_t smallBytes = size_t(128) << 10, ownBytes = chunkBytes / 4;

size_t aligned(size_t bytes) {
  const size_t step = size_t(alignment);
  return (bytes + step - 1) / step * step;
}

/// Arrays one behind the other.
class Chunk {
public:
  explicit Chunk(size_t bytes) {
    Result<PageBuffer> created = PageBuffer::create(bytes);
    if (!created)
      throw std::bad_alloc();
    pages = std::move(*created);
    blocks.push_back({0, bytes, /*isFree=*/true});
  }

  uint8_t *data() const { return pages.data(); }
  size_t size() const { return blocks.back().end; }
  bool isEmpty() const { return blocks.size() == 1 && blocks[0].isFree; }

  /// The first place with room; null when there is none.
  void *take(size_t bytes) {
    auto block = std::find_if(blocks.begin(), blocks.end(), [&](Block each) {
      return each.isFree && each.end - each.begin >= bytes;
    });
    if (block == blocks.end())
      return nullptr;
    const Block taken{block->begin, block->begin + bytes, /*isFree=*/false};
    block->begin = taken.end;
    if (block->begin == block->end)
      *block = taken;
    else
      blocks.insert(block, taken);
    return data() + taken.begin;
  }

  void give(const void *memory) {
    const auto begin =
        size_t(static_cast<const uint8_t *>(memory) - pages.data());
    auto block = std::find_if(blocks.begin(), blocks.end(),
                              [&](Block each) { return each.begin == begin; });
    assert(block != blocks.end() && !block->isFree && "not taken from here");
    block->isFree = true;
    if (block != blocks.begin() && std::prev(block)->isFree)
      block = join(std::prev(block));
    if (std::next(block) != blocks.end() && std::next(block)->isFree)
      join(block);
  }

private:
  struct Block {
    size_t begin, end;
    bool isFree;
  };
  using Place = std::vector<Block>::iterator;

  /// With the block behind it.
  Place join(Place block) {
    block->end = std::next(block)->end;
    return std::prev(blocks.erase(std::next(block)));
  }

  PageBuffer pages;
  /// All of the chunk, by address.
  std::vector<Block> blocks;
};

class Pool {
public:
  /// Never destroyed: static objects give back after it otherwise.
  static Pool &get() {
    static Pool &pool = *new Pool();
    return pool;
  }

  void *take(size_t bytes) {
    bytes = aligned(bytes);
    std::lock_guard<std::mutex> lock(mutex);
    for (auto &[first, chunk] : chunks)
      if (void *memory = chunk.take(bytes))
        return memory;
    Chunk chunk(bytes < ownBytes ? chunkBytes : bytes);
    uint8_t *first = chunk.data();
    return chunks.emplace(first, std::move(chunk)).first->second.take(bytes);
  }

  /// One empty chunk stays, for arrays that come and go.
  void give(void *memory) {
    std::lock_guard<std::mutex> lock(mutex);
    auto place = std::prev(chunks.upper_bound(static_cast<uint8_t *>(memory)));
    Chunk &chunk = place->second;
    chunk.give(memory);
    if (!chunk.isEmpty())
      return;
    const auto isSpare = [&](const auto &other) {
      return &other.second != &chunk && other.second.isEmpty();
    };
    if (chunk.size() > chunkBytes ||
        std::any_of(chunks.begin(), chunks.end(), isSpare))
      chunks.erase(place);
  }

private:
  std::mutex mutex;
  /// By address.
  std::map<uint8_t *, Chunk> chunks;
};

/// Where each array has memory of its own, a sanitizer sees who leaves it.
bool isPooled(size_t bytes) { return !isSanitized && bytes >= smallBytes; }

} // namespace

void *takeLargeMemory(size_t bytes) {
  return isPooled(bytes) ? Pool::get().take(bytes)
                         : ::operator new(bytes, alignment);
}

void giveLargeMemory(void *memory, size_t bytes) noexcept {
  if (isPooled(bytes))
    Pool::get().give(memory);
  else
    ::operator delete(memory, alignment);
}

} // namespace anec::rt

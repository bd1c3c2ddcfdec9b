//===- PageBufferTest.cpp - Large zeroed memory ---------------------------===//
//
// Small and large sizes, writable up to the last byte.
//
//===----------------------------------------------------------------------===//
#include "runtime/support/PageBuffer.h"

#include <gtest/gtest.h>

using namespace anec::rt;

namespace {

TEST(PageBuffer, IsZeroedAndWritable) {
  for (size_t bytes : {size_t(1), size_t(49152), size_t(5) << 20}) {
    auto buffer = PageBuffer::create(bytes);
    ASSERT_TRUE(buffer) << buffer.error().message;
    EXPECT_EQ(buffer->data()[0], 0);
    EXPECT_EQ(buffer->data()[bytes - 1], 0);
    buffer->data()[bytes - 1] = 7;
    PageBuffer moved = std::move(*buffer);
    EXPECT_EQ(moved.data()[bytes - 1], 7);
    EXPECT_EQ(buffer->data(), nullptr);
  }
}

TEST(PageBuffer, TooMuchMemoryIsAnError) {
  auto buffer = PageBuffer::create(size_t(1) << 60);
  ASSERT_FALSE(buffer);
  EXPECT_EQ(buffer.error().code, ErrorCode::Io);
}

} // namespace

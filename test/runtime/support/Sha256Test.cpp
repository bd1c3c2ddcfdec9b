//===- Sha256Test.cpp - Fingerprints --------------------------------------===//
//
// Expected values from FIPS 180-2, appendix B, and the empty message.
//
//===----------------------------------------------------------------------===//
#include "runtime/support/Sha256.h"

#include <gtest/gtest.h>

using namespace anec::rt;

namespace {

TEST(Sha256, PublishedVectors) {
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb924"
                        "27ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223"
                           "b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

} // namespace

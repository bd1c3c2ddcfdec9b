//===- NativeHalves.cpp - Arithmetic of CPUs on halves --------------------===//
//
// AVX512-FP16, chosen at run time. Highway's vectors of halves compute in float
// in the versions that distributions have.
//
//===----------------------------------------------------------------------===//
#include "runtime/vector/NativeHalves.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace anec::rt {

#if defined(__x86_64__)
namespace {

#define ANEC_HALVES __attribute__((target("avx512fp16,avx512bw,avx512vl")))

struct Add {
  ANEC_HALVES static __m512h of(__m512h x, __m512h y) {
    return _mm512_add_ph(x, y);
  }
};
struct Sub {
  ANEC_HALVES static __m512h of(__m512h x, __m512h y) {
    return _mm512_sub_ph(x, y);
  }
};
struct Mul {
  ANEC_HALVES static __m512h of(__m512h x, __m512h y) {
    return _mm512_mul_ph(x, y);
  }
};

template <class Function>
ANEC_HALVES void row(const half *x, const half *y, half *z, int64_t count) {
  constexpr int64_t lanes = 32;
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
    _mm512_storeu_ph(
        z + i, Function::of(_mm512_loadu_ph(x + i), _mm512_loadu_ph(y + i)));
  if (i == count)
    return;
  const __mmask32 rest = (uint32_t(1) << (count - i)) - 1;
  const __m512i left = _mm512_maskz_loadu_epi16(rest, x + i);
  const __m512i right = _mm512_maskz_loadu_epi16(rest, y + i);
  _mm512_mask_storeu_epi16(
      z + i, rest,
      _mm512_castph_si512(
          Function::of(_mm512_castsi512_ph(left), _mm512_castsi512_ph(right))));
}

#undef ANEC_HALVES

/// Also that the system keeps the registers, which __builtin_cpu_supports asks.
bool hasHalves() {
  return __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512fp16");
}

} // namespace

BinaryRow<half> findNativeBinaryRow(std::string_view name) {
  static const bool isThere = hasHalves();
  if (!isThere)
    return nullptr;
  if (name == "add")
    return &row<Add>;
  if (name == "sub")
    return &row<Sub>;
  return name == "mul" ? &row<Mul> : nullptr;
}
#else
BinaryRow<half> findNativeBinaryRow(std::string_view) { return nullptr; }
#endif

} // namespace anec::rt

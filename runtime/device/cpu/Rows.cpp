//===- Rows.cpp - Elements as numbers -------------------------------------===//
//
// Contiguous floats use vector conversions, everything else goes one by one.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/Rows.h"

#include "runtime/support/Convert.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

namespace anec::rt::cpu {

namespace {

template <typename S, typename T>
const T *loadAs(const void *first, int64_t stride, int64_t count, T *buffer) {
  const S *source = static_cast<const S *>(first);
  if (stride == 1) {
    if constexpr (std::is_same_v<S, T>)
      return source;
    else if constexpr (std::is_same_v<S, half> || std::is_floating_point_v<S>)
      convert(source, buffer, count);
    else
      std::copy_n(source, count, buffer);
  } else if (stride == 0) {
    std::fill_n(buffer, count, static_cast<T>(*source));
  } else {
    for (int64_t i = 0; i < count; ++i)
      buffer[i] = static_cast<T>(source[i * stride]);
  }
  return buffer;
}

/// Toward zero, saturating; NaN becomes 0.
template <typename T> int32_t toInteger(T value) {
  if (std::isnan(value))
    return 0;
  constexpr double lowest = std::numeric_limits<int32_t>::min();
  constexpr double highest = std::numeric_limits<int32_t>::max();
  return static_cast<int32_t>(
      std::clamp(static_cast<double>(value), lowest, highest));
}

template <typename S, typename T>
void storeAs(const T *row, void *first, int64_t stride, int64_t count) {
  S *target = static_cast<S *>(first);
  if (stride == 1) {
    convert(row, target, count);
    return;
  }
  for (int64_t i = 0; i < count; ++i)
    target[i * stride] = static_cast<S>(row[i]);
}

} // namespace

template <typename T>
const T *loadRow(Storage storage, const void *first, int64_t stride,
                 int64_t count, T *buffer) {
  switch (storage) {
  case Storage::F16:
    return loadAs<half>(first, stride, count, buffer);
  case Storage::F32:
    return loadAs<float>(first, stride, count, buffer);
  case Storage::F64:
    return loadAs<double>(first, stride, count, buffer);
  case Storage::I32:
    return loadAs<int32_t>(first, stride, count, buffer);
  case Storage::Bool:
    break;
  }
  return loadAs<uint8_t>(first, stride, count, buffer);
}

template <typename T>
void storeRow(const T *row, Storage storage, void *first, int64_t stride,
              int64_t count) {
  switch (storage) {
  case Storage::F16:
    return storeAs<half>(row, first, stride, count);
  case Storage::F32:
    return storeAs<float>(row, first, stride, count);
  case Storage::F64:
    return storeAs<double>(row, first, stride, count);
  case Storage::I32: {
    int32_t *target = static_cast<int32_t *>(first);
    for (int64_t i = 0; i < count; ++i)
      target[i * stride] = toInteger(row[i]);
    return;
  }
  case Storage::Bool:
    break;
  }
  uint8_t *target = static_cast<uint8_t *>(first);
  for (int64_t i = 0; i < count; ++i)
    target[i * stride] = row[i] != T(0);
}

template const float *loadRow(Storage, const void *, int64_t, int64_t, float *);
template const double *loadRow(Storage, const void *, int64_t, int64_t,
                               double *);
template void storeRow(const float *, Storage, void *, int64_t, int64_t);
template void storeRow(const double *, Storage, void *, int64_t, int64_t);

} // namespace anec::rt::cpu

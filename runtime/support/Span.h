//===- Span.h - A view of contiguous elements -------------------*- C++ -*-===//
//
// The part of C++20's std::span that the runtime uses.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_SUPPORT_SPAN_H
#define ANEC_RUNTIME_SUPPORT_SPAN_H

#include <cassert>
#include <cstddef>
#include <type_traits>
#include <vector>

namespace anec::rt {

/// Does not own; valid as long as the elements are.
template <typename T> class Span {
public:
  Span() = default;
  Span(T *data, size_t size) : first(data), count(size) {}
  template <
      typename U, typename Allocator,
      typename = std::enable_if_t<std::is_convertible_v<U (*)[], T (*)[]>>>
  Span(std::vector<U, Allocator> &values)
      : first(values.data()), count(values.size()) {}
  template <typename U, typename Allocator,
            typename =
                std::enable_if_t<std::is_convertible_v<const U (*)[], T (*)[]>>>
  Span(const std::vector<U, Allocator> &values)
      : first(values.data()), count(values.size()) {}
  template <typename U, typename = std::enable_if_t<
                            std::is_convertible_v<U (*)[], T (*)[]>>>
  Span(Span<U> other) : first(other.data()), count(other.size()) {}

  T *data() const { return first; }
  size_t size() const { return count; }
  bool empty() const { return count == 0; }
  T *begin() const { return first; }
  T *end() const { return first + count; }
  T &operator[](size_t i) const {
    assert(i < count && "span index out of range");
    return first[i];
  }
  Span subspan(size_t offset, size_t length) const {
    assert(offset + length <= count && "subspan out of range");
    return Span(first + offset, length);
  }

private:
  T *first = nullptr;
  size_t count = 0;
};

} // namespace anec::rt

#endif // ANEC_RUNTIME_SUPPORT_SPAN_H

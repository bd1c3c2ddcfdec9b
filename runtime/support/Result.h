//===- Result.h - Errors as values ------------------------------*- C++ -*-===//
//
// The runtime reports every failure as an Error: a code for programs and one
// line for people. Exceptions never cross its interfaces, and nothing exits.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_SUPPORT_RESULT_H
#define ANEC_RUNTIME_SUPPORT_RESULT_H

#include <fmt/format.h>

#include <cassert>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace anec::rt {

/// What a caller can do about a failure; the message says what happened.
enum class ErrorCode {
  InvalidInput,    ///< A file, flag or value is wrong. Exit status 2.
  Io,              ///< The operating system refused. Exit status 1.
  Unsupported,     ///< Correct, but not something this build executes.
  BudgetExhausted, ///< This process may not compile again; restart it.
  RestartRequired, ///< State is handed over; the tool re-executes itself.
  DeviceFailure,   ///< The device failed while loading or running.
  Diverged,        ///< The computation left the range of useful numbers.
};

/// One failure. The message is lower case, without a full stop, and says what
/// was expected and what was found, with file and place where there is one.
struct Error {
  ErrorCode code = ErrorCode::InvalidInput;
  std::string message;
};

/// Formats an Error: `makeError(ErrorCode::Io, "cannot open '{}'", path)`.
template <typename... Args>
Error makeError(ErrorCode code, fmt::format_string<Args...> format,
                Args &&...args) {
  return Error{code, fmt::format(format, std::forward<Args>(args)...)};
}

/// A value or the reason why there is none.
template <typename T> class [[nodiscard]] Result {
public:
  Result(T value) : storage(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : storage(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return storage.index() == 0; }
  T &operator*() {
    assert(*this && "value of a failed result");
    return *std::get_if<0>(&storage);
  }
  const T &operator*() const {
    assert(*this && "value of a failed result");
    return *std::get_if<0>(&storage);
  }
  T *operator->() { return &**this; }
  const T *operator->() const { return &**this; }

  /// The failure; only when the result is false.
  const Error &error() const {
    assert(!*this && "error of a successful result");
    return *std::get_if<1>(&storage);
  }

private:
  std::variant<T, Error> storage;
};

} // namespace anec::rt

/// Returns the error of an expression of type std::optional<Error> or, with
/// ANEC_ASSIGN, of type Result<T>, from the enclosing function.
#define ANEC_TRY(expression)                                                   \
  do {                                                                         \
    if (auto anecTryError = (expression))                                      \
      return *std::move(anecTryError);                                         \
  } while (false)
#define ANEC_JOIN2(a, b) a##b
#define ANEC_JOIN(a, b) ANEC_JOIN2(a, b)
#define ANEC_ASSIGN(declaration, expression)                                   \
  ANEC_ASSIGN_IMPL(ANEC_JOIN(anecResult, __LINE__), declaration, expression)
#define ANEC_ASSIGN_IMPL(temporary, declaration, expression)                   \
  auto temporary = (expression);                                               \
  if (!temporary)                                                              \
    return temporary.error();                                                  \
  declaration = std::move(*temporary)

#endif // ANEC_RUNTIME_SUPPORT_RESULT_H
